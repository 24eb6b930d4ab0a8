"""Which allocators there are, and proof that a preload takes effect."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
    """One column of the tables. `library` is None for libc's own malloc."""

    name: str
    library: str | None
    version: str = ""


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


def discover(ashlar, extra):
    """glibc, ashlar where it is built, Debian's peers, and `extra` (name=path)."""
    libc = (os.confstr("CS_GNU_LIBC_VERSION") or "unknown").removeprefix("glibc ")
    found = [Allocator("glibc", None, libc)]
    if ashlar.exists():
        version = ashlar.resolve().name.partition(".so.")[2]
        found.append(Allocator("ashlar", str(ashlar), version))
    for name, package, file_name in PEERS:
        library = find_library(file_name)
        if library is not None:
            found.append(Allocator(name, library, package_version(package, library)))
    names = {allocator.name for allocator in found}
    for item in extra:
        name, equals, path = item.partition("=")
        if not equals or not name or name in names:
            raise BenchError(f"--with '{item}': give a new name and a path, as in new=lib/new.so")
        if not Path(path).exists():
            raise BenchError(f"--with '{item}': {path} does not exist")
        names.add(name)
        found.append(Allocator(name, str(Path(path).resolve()), Path(path).resolve().name))
    return found


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
    environment = dict(os.environ)
    environment.pop("LD_PRELOAD", None)
    if allocator.library is not None:
        environment["LD_PRELOAD"] = allocator.library
    done = subprocess.run([str(micro), "--allocator"], capture_output=True, text=True,
                          env=environment, check=False)
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
