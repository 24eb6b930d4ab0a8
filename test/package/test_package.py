"""Installs ashlar, moves what was installed, and builds a project against it in every way. Each
exported function has its man page there.

    test_package.py BUILD COMPILER
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CONSUMER = Path(__file__).parent / "consumer"
EXPORTS = Path(__file__).parents[1] / "golden/exports.txt"
# What each form makes of the process's malloc.
FORMS = {"ashlar": "active", "static": "active", "object": "active", "api": "beside"}


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout.strip()


def check_cmake(prefix, folder, compiler):
    run("cmake", "-S", CONSUMER, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={compiler}")
    run("cmake", "--build", folder)
    for form, wanted in FORMS.items():
        found = run(folder / f"with_{form}")
        if found != wanted:
            sys.exit(f"linked with ashlar::{form}, ashlar must be {wanted}; it is {found}")


def check_pkg_config(prefix, folder, compiler):
    place = next(prefix.rglob("ashlar.pc")).parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(place))
    flags = run("pkg-config", "--cflags", "--libs", "ashlar", env=environment).split()
    program = folder / "with_pkg_config"
    run(compiler, "-o", program, CONSUMER / "consumer.c", *flags)
    found = run(program, env=dict(os.environ, LD_LIBRARY_PATH=str(place.parent)))
    if found != "active":
        sys.exit(f"linked by pkg-config, ashlar must be active; it is {found}")


def check_manual(prefix):
    manual = next(prefix.rglob("man3")).parent
    for name in EXPORTS.read_text(encoding="utf-8").split():
        if name.startswith("ash_"):
            text = (manual / f"man3/{name}.3").read_text(encoding="utf-8")
            if text.startswith(".so "):
                text = (manual / text.split()[1]).read_text(encoding="utf-8")
            if name not in text.replace("\\", ""):
                sys.exit(f"{name}.3 leads to a page that does not name it")


def main():
    build, compiler = Path(sys.argv[1]), sys.argv[2]
    if not shutil.which("pkg-config"):
        print("skipped: pkg-config is missing")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("cmake", "--install", build, "--prefix", folder / "first")
        prefix = folder / "moved"
        (folder / "first").rename(prefix)
        check_manual(prefix)
        check_cmake(prefix, folder / "cmake", compiler)
        check_pkg_config(prefix, folder, compiler)


if __name__ == "__main__":
    main()
