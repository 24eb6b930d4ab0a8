"""Debian's older and newer suites, and other architectures, unpacked into a folder.

A suite is never installed: apt downloads into a state directory of its own, and the packages are
unpacked below the cache. The mirror is the one that the system's own apt uses.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# A system with merged /usr, as every Debian since 12 is; older packages still say /lib.
MERGED = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]
# What inside.sh and a compiler's driver start by themselves.
ALWAYS = ["coreutils", "dash"]


class SuiteError(Exception):
    """A suite that cannot be had, in words for the user."""


@dataclass(frozen=True)
class Suite:
    """`packages` of one Debian release for one architecture, and where they are unpacked."""

    name: str
    release: str
    architecture: str
    packages: tuple
    folder: Path
    closed: bool  # with all that the packages depend on, or these packages alone

    @property
    def root(self):
        return self.folder / "root"

    def list_text(self):
        return "\n".join(sorted(self.packages)) + "\n"

    def is_there(self):
        """Whether all that is asked for has been unpacked; more does no harm."""
        done = self.folder / "unpacked"
        return done.exists() and set(self.packages) <= set(done.read_text("utf-8").split())


def default_cache():
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "ashlar" / "cross"


def mirror_of_the_system():
    """The address of the Debian archive that apt uses here."""
    form = "$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    try:
        shown = subprocess.run(["apt-get", "indextargets", "--format", form], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SuiteError(f"apt-get does not say which mirror it uses ({error}): rows with other"
                         " suites need Debian") from error
    for line in shown.splitlines():
        label, component, address = line.split("|", 2)
        if label == "Debian" and component == "main":
            return address.rstrip("/")
    raise SuiteError("apt knows no Debian archive: run apt-get update, or add one to its sources")


def apt_options(suite):
    state, cache = suite.folder / "apt" / "state", suite.folder / "apt" / "cache"
    settings = {
        "Dir::State": state, "Dir::State::status": state / "status", "Dir::Cache": cache,
        "Dir::Etc::SourceList": suite.folder / "apt" / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null", "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "APT::Architecture": suite.architecture, "APT::Architectures": suite.architecture,
        "APT::Sandbox::User": "", "APT::Install-Recommends": "false", "Debug::NoLocking": "true",
        "APT::Keep-Downloaded-Packages": "true", "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def run_logged(log, command, cwd=None):
    with open(log, "a", encoding="utf-8") as out:
        print("$", " ".join(map(str, command)), file=out, flush=True)
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, cwd=cwd,
                                stdin=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        tail = "\n".join(Path(log).read_text(encoding="utf-8").splitlines()[-12:])
        raise SuiteError(f"{command[0]} failed:\n{tail}\n(all of it is in {log})")


def prepare_state(suite):
    apt = suite.folder / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "state/status").touch()
    (apt / "sources.list").write_text(
        f"deb [signed-by={KEYRING}] {mirror_of_the_system()} {suite.release} main\n",
        encoding="utf-8")


def download(suite, log):
    """The packages' files."""
    prepare_state(suite)
    options = apt_options(suite)
    run_logged(log, ["apt-get", *options, "-q", "update"])
    archives = suite.folder / "apt/cache/archives"
    if suite.closed:
        wanted = sorted({*suite.packages, *ALWAYS})
        run_logged(log, ["apt-get", *options, "-q", "-y", "--download-only", "install", *wanted])
    else:
        run_logged(log, ["apt-get", *options, "-q", "download", *sorted(suite.packages)],
                   cwd=archives)
    return sorted(archives.glob("*.deb"))


def unpack(suite, files, log):
    shutil.rmtree(suite.root, ignore_errors=True)
    for name in MERGED if suite.closed else []:
        (suite.root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (suite.root / name).symlink_to(f"usr/{name}")
    (suite.root / "tmp").mkdir(parents=True, exist_ok=True)
    for file in files:
        run_logged(log, ["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" |'
                         ' tar -x --no-same-owner --keep-directory-symlink -C "$2"',
                         "unpack", file, suite.root])


def ensure(suite):
    """Downloads and unpacks the suite unless that has been done."""
    if suite.is_there():
        return
    suite.folder.mkdir(parents=True, exist_ok=True)
    (suite.folder / "unpacked").unlink(missing_ok=True)
    log = suite.folder / "log"
    log.write_text("", encoding="utf-8")
    files = download(suite, log)
    if not files:
        raise SuiteError(f"apt downloaded nothing for {suite.name} (see {log})")
    unpack(suite, files, log)
    # The packages are unpacked, and much smaller than what they became.
    shutil.rmtree(suite.folder / "apt/cache", ignore_errors=True)
    (suite.folder / "unpacked").write_text(suite.list_text(), encoding="utf-8")
