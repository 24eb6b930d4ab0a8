"""Which allocators there are, and proof that a preload takes effect."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import version as versions
from .errors import BenchError

LIBRARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                   "/usr/lib", "/usr/local/lib")

# Debian's packages: name in the tables, package, file.
PEERS = (
    ("mimalloc", "libmimalloc2.0", "libmimalloc.so.2"),
    ("jemalloc", "libjemalloc2", "libjemalloc.so.2"),
    ("tcmalloc", "libtcmalloc-minimal4", "libtcmalloc_minimal.so.4"),
)


@dataclass
class Allocator:
    """One column of the tables. `library` is None for libc's own malloc; `settings` are variables
    of the environment, as "NAME=value"."""

    name: str
    library: str | None
    version: str = ""
    bound: bool = False  # the lower bound, which frees nothing: no peer, and may fail
    settings: list = field(default_factory=list)

    def environment(self):
        """That of a process which uses the allocator."""
        variables = dict(os.environ, **dict(one.split("=", 1) for one in self.settings))
        variables.pop("LD_PRELOAD", None)
        if self.library is not None:
            variables["LD_PRELOAD"] = self.library
        return variables


def find_library(file_name):
    """The path of a shared library in the usual folders, or None."""
    for folder in LIBRARY_FOLDERS:
        path = Path(folder) / file_name
        if path.exists():
            return str(path)
    return None


def first_line(command):
    """The first line a command prints, or "" when it fails or is missing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    lines = done.stdout.splitlines()
    return lines[0].strip() if lines else ""


def package_version(package, library):
    """Debian's version of a package, else the library's real file name."""
    version = first_line(["dpkg-query", "-W", "-f", "${Version}", package])
    return version or Path(library).resolve().name


def added(item, names):
    """The allocator of `--with name=path` or `--with name=path@version`."""
    name, equals, rest = item.partition("=")
    if not equals or not name or name in names:
        raise BenchError(f"--with '{item}': give a new name and a path, as in new=lib/new.so or "
                         "new=lib/new.so@1.2")
    path, _, version = rest.partition("@") if not Path(rest).exists() else (rest, "", "")
    if not Path(path).exists():
        raise BenchError(f"--with '{item}': {path} does not exist")
    path = str(Path(path).resolve())
    return Allocator(name, path, version or versions.of_library(path) or Path(path).name)


def discover(ashlar, extra, bound=None):
    """glibc, ashlar where it is built, Debian's peers, `extra`, and the lower bound."""
    libc = (os.confstr("CS_GNU_LIBC_VERSION") or "unknown").removeprefix("glibc ")
    found = [Allocator("glibc", None, libc)]
    if ashlar.exists():
        version = ashlar.resolve().name.partition(".so.")[2]
        found.append(Allocator("ashlar", str(ashlar.resolve()), version))
    for name, package, file_name in PEERS:
        library = find_library(file_name)
        if library is not None:
            found.append(Allocator(name, library, package_version(package, library)))
    for item in extra:
        found.append(added(item, {"limit"} | {allocator.name for allocator in found}))
    if bound is not None and bound.exists():
        found.append(Allocator("limit", str(bound.resolve()), "bump, never frees", True))
    return found


def set_variables(found, items):
    """Gives allocators the variables of `--env name:VARIABLE=value`."""
    by_name = {allocator.name: allocator for allocator in found}
    for item in items:
        name, _, setting = item.partition(":")
        if name not in by_name or setting.find("=") < 1:
            raise BenchError(f"--env '{item}': give an allocator and a variable, as in "
                             f"ashlar:ASHLAR_HARDEN=1; there are: {', '.join(by_name)}")
        by_name[name].settings.append(setting)


def choose(found, wanted):
    """The allocators named in `wanted`, a comma-separated list; all when empty."""
    if not wanted:
        return found
    by_name = {allocator.name: allocator for allocator in found}
    chosen = []
    for name in wanted.split(","):
        if name not in by_name:
            raise BenchError(f"no allocator '{name}' here; there are: {', '.join(by_name)} "
                             "(ashlar has to be built; --with adds others)")
        chosen.append(by_name[name])
    return chosen


def prove(allocator, micro):
    """Fails unless malloc comes from the allocator's library when it is preloaded."""
    done = subprocess.run([str(micro), "--allocator"], capture_output=True, text=True,
                          env=allocator.environment(), check=False)
    if done.returncode != 0:
        raise BenchError(f"{allocator.name}: a program under it fails: "
                         f"{done.stderr.strip() or done.returncode}")
    origin = done.stdout.strip()
    if allocator.library is None:
        if "libc.so" not in origin:
            raise BenchError(f"malloc comes from {origin}, not from libc; unset LD_PRELOAD and "
                             "/etc/ld.so.preload")
    elif not os.path.samefile(origin, allocator.library):
        raise BenchError(f"{allocator.name}: malloc comes from {origin}, not from "
                         f"{allocator.library}; the preload did not take effect")
