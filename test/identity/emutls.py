#!/usr/bin/env python3
"""Builds the project with `clang -femulated-tls`, as Android before API 29, OpenBSD and mingw have
it: thread-local variables are found by a function that allocates. No macro tells.

    emutls.py SOURCE BUILD CLANG CLANGXX           the build must choose the thread key by itself,
                                                   and the identity tests for it must pass
    emutls.py --planted SOURCE BUILD CLANG CLANGXX the rung tls is forced; the guard must stop it

Exit status 77: clang is missing.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIPPED = 77
GUARD = "refers to __emutls_get_address"


def fail(text):
    sys.exit(f"fails: {text}")


def run(command, what):
    """The output; ends the test if the command fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        fail(f"{what}:\n{done.stdout[-4000:]}")
    return done.stdout


def configure(source, build, compilers, *more):
    flags = "-femulated-tls"
    run(["cmake", "-S", source, "-B", build, "-G", "Ninja", "-DASH_MODE=release",
         f"-DCMAKE_C_COMPILER={compilers[0]}",
         f"-DCMAKE_CXX_COMPILER={compilers[1]}", f"-DCMAKE_C_FLAGS={flags}",
         f"-DCMAKE_CXX_FLAGS={flags}", *more], "the project configures with emulated TLS")


def check_choice(build):
    cache = Path(build, "CMakeCache.txt").read_text(encoding="utf-8")
    if not re.search(r"^ASH_SLOT_PROBED:INTERNAL=key$", cache, re.MULTILINE):
        fail("the build finds out that thread-local variables cost a call")
    if not re.search(r"^ASH_SLOT:STRING=auto$", cache, re.MULTILINE):
        fail("the rung is chosen, not forced")


def build_and_test(build):
    targets = ["ashlar_shared", "identity_late", "identity_faults_detected_executable",
               "identity_faults_detected_library", "identity_late_detected_executable",
               "identity_ids_detected_executable", "identity_late_detected_library",
               "identity_ids_detected_library"]
    run(["cmake", "--build", build, "--target", *targets], "the project builds with emulated TLS")
    tests = "^identity/detected_(executable|library)_"
    shown = run(["ctest", "--test-dir", build, "-R", tests, "--output-on-failure",
                 "--no-tests=error"], "the identity tests pass with emulated TLS")
    print(shown)


def build_planted(build):
    command = ["cmake", "--build", build, "--target", "ashlar_shared"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode == 0 or GUARD not in " ".join(done.stdout.split()):
        fail(f"a library with emulated TLS is refused:\n{done.stdout[-4000:]}")
    print("the guard stops the build, as it must")


def main():
    arguments = sys.argv[1:]
    planted = arguments[:1] == ["--planted"]
    arguments = arguments[1:] if planted else arguments
    if len(arguments) != 4:
        sys.exit(__doc__)
    source, build, *names = arguments
    compilers = [shutil.which(name) for name in names]
    if None in compilers:
        print("emutls: clang is missing, so this is not tested: ./dev setup installs it")
        sys.exit(SKIPPED)
    if planted:
        configure(source, build, compilers, "-DASH_SLOT=tls", "-DBUILD_TESTING=OFF")
        build_planted(build)
    else:
        configure(source, build, compilers, "-DBUILD_TESTING=ON")
        check_choice(build)
        build_and_test(build)


if __name__ == "__main__":
    main()
