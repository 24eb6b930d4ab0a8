"""Installs ashlar, moves it, and builds an example for mimalloc against it, by CMake and by
pkg-config: package.py BUILD COMPILER EXAMPLE"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(ashlar 0.1 REQUIRED)
foreach(form mimalloc mimalloc_static)
  add_executable(with_${form} "%s")
  target_link_libraries(with_${form} PRIVATE ashlar::${form})
endforeach()
"""
SAYS = "1000 objects reached, 9000 freed"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout.strip()


def expect(found, by):
    if found != SAYS:
        sys.exit(f"built by {by}, the example must say '{SAYS}'; it says '{found}'")


def by_cmake(prefix, folder, compiler, example):
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(PROJECT % example, encoding="utf-8")
    run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={compiler}")
    run("cmake", "--build", folder / "build")
    for form in ("mimalloc", "mimalloc_static"):
        expect(run(folder / "build" / f"with_{form}"), f"CMake with ashlar::{form}")


def by_pkg_config(prefix, folder, compiler, example):
    place = next(prefix.rglob("ashlar-mimalloc.pc")).parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(place))
    flags = run("pkg-config", "--cflags", "--libs", "ashlar-mimalloc", env=environment).split()
    program = folder / "with_pkg_config"
    run(compiler, "-o", program, example, *flags)
    expect(run(program, env=dict(os.environ, LD_LIBRARY_PATH=str(place.parent))), "pkg-config")


def main():
    build, compiler, example = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    if not shutil.which("pkg-config"):
        print("skipped: pkg-config is missing")
        return 1 if os.environ.get("ASH_NO_SKIP") == "1" else 77
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("cmake", "--install", build, "--prefix", folder / "first")
        prefix = folder / "moved"
        (folder / "first").rename(prefix)
        by_cmake(prefix, folder / "cmake", compiler, example)
        by_pkg_config(prefix, folder, compiler, example)
    return 0


if __name__ == "__main__":
    sys.exit(main())
