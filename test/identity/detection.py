#!/usr/bin/env python3
"""Checks which rungs src/platform/rungs.h chooses, by preprocessing it; nothing is run.

    detection.py [--planted] agree SLOT ID COMPILER [FLAG...]
                                     the header chooses what CMake's probe has found: SLOT and ID
    detection.py [--planted] targets CLANG
                                     the header's choice for each target of TARGETS
    detection.py [--planted] builtins COMPILER [FLAG...]
                                     the choice is the same whatever __has_builtin says
    detection.py [--planted] tcc TCC the headers can be read by a compiler without __has_builtin,
                                     without __thread and without stdatomic.h

With --planted each check gets a fault that it must find. Exit status 77: the program is missing.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
SKIPPED = 77

# Target, further flags, and the rungs of the slot and the id.
TARGETS = [
    ("x86_64-linux-gnu", [], "tls", "asm"),
    ("x86_64-linux-musl", [], "tls", "asm"),
    ("i686-linux-gnu", [], "tls", "asm"),
    ("aarch64-linux-gnu", [], "tls", "asm"),
    ("aarch64_be-linux-gnu", [], "tls", "asm"),
    ("armv7-linux-gnueabihf", [], "tls", "asm"),
    ("riscv64-linux-gnu", [], "tls", "asm"),
    ("powerpc64le-linux-gnu", [], "tls", "asm"),
    ("powerpc-linux-gnu", [], "tls", "asm"),
    ("s390x-linux-gnu", [], "tls", "asm"),
    ("mips64el-linux-gnuabi64", [], "tls", "asm"),
    ("sparc64-linux-gnu", [], "tls", "asm"),
    ("x86_64-unknown-freebsd13", [], "tls", "asm"),
    ("x86_64-unknown-netbsd", [], "tls", "asm"),
    ("aarch64-unknown-fuchsia", [], "tls", "asm"),
    ("x86_64-unknown-openbsd", [], "key", "asm"),
    ("aarch64-linux-android28", [], "key", "asm"),
    ("aarch64-linux-android29", [], "tls", "asm"),
    ("x86_64-linux-android28", [], "key", "asm"),
    ("x86_64-linux-android29", [], "tls", "asm"),
    ("x86_64-pc-windows-cygnus", [], "key", "asm"),
    ("x86_64-apple-macos", [], "macos", "pthread"),
    ("arm64-apple-macos", [], "macos", "pthread"),
    ("x86_64-w64-windows-gnu", [], "windows", "pthread"),
    ("aarch64-w64-windows-gnu", [], "windows", "pthread"),
    ("wasm32-wasi", [], "static", "pthread"),
    ("wasm32-unknown-emscripten", ["-matomics", "-mbulk-memory"], "key", "pthread"),
]

# Both ask in the way that is an error where there is no __has_builtin.
ONE_LINE = "#if defined(__has_builtin) && __has_builtin(__builtin_thread_pointer)\n#endif\n"
BELIEVING = """#ifdef __has_builtin
#if __has_builtin(__builtin_thread_pointer)
#undef ASH_ID
#define ASH_ID ASH_ID_BUILTIN
#endif
#endif
"""

# What can be read without knowing the compiler. The rungs themselves are for those that have them.
PLAIN_HEADERS = ["rungs", "cpu", "thread", "identity", "os", "report"]


def fail(text):
    sys.exit(f"fails: {text}")


def rung_names():
    """Number to name, for both ladders."""
    text = (SOURCE / "platform/rungs.h").read_text(encoding="utf-8")
    names = {"SLOT": {}, "ID": {}}
    for ladder, name, number in re.findall(r"#define ASH_(SLOT|ID)_(\w+) (\d+) +//", text):
        names[ladder][number] = name.lower()
    return names


def preprocess(command, text):
    """What is left of `text`; ends the test if the compiler refuses it."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(text)
        file.flush()
        run = subprocess.run([*command, "-E", "-P", f"-I{SOURCE}", f"-I{SOURCE.parent}/include",
                              file.name], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        fail(f"{' '.join(command)} does not read the headers:\n{run.stderr}")
    return run.stdout


def choice(command, before="", after=""):
    """The names of both rungs that the header chooses."""
    text = f'{before}#include "platform/rungs.h"\n{after}\nchosen ASH_SLOT ASH_ID\n'
    found = re.search(r"^\s*chosen\s+(\d+)\s+(\d+)", preprocess(command, text), re.MULTILINE)
    if not found:
        fail(f"{' '.join(command)}: the header chooses nothing")
    names = rung_names()
    return names["SLOT"].get(found.group(1)), names["ID"].get(found.group(2))


def expect(what, found, wanted):
    if found != wanted:
        fail(f"{what}: the header chooses {'/'.join(map(str, found))}, not {'/'.join(wanted)}")


def agree(planted, arguments):
    slot, name, *command = arguments
    flags = [flag for flag in command[1:] if not re.match(r"-DASH_(SLOT|ID)=", flag)]
    found = choice([command[0], *flags])
    expect("CMake's probe", found, ("map", "tls") if planted else (slot, name))
    print(f"the header and CMake agree on {'/'.join(found)}")


def targets(planted, arguments):
    program = shutil.which(arguments[0])
    if not program:
        skip("clang")
    for target, flags, slot, name in TARGETS:
        wanted = ("map", name) if planted else (slot, name)
        found = choice([program, f"--target={target}", "-ffreestanding", *flags])
        expect(target, found, wanted)
        print(f"{target:28} {'/'.join(found)}")


def builtins(planted, arguments):
    """gcc and clang let nobody redefine __has_builtin without a warning, but they do let."""
    wanted = choice(arguments)
    after = BELIEVING if planted else ""
    before = {"missing": "#undef __has_builtin\n",
              "says yes to everything": "#undef __has_builtin\n#define __has_builtin(x) 1\n",
              "says no to everything": "#undef __has_builtin\n#define __has_builtin(x) 0\n"}
    for state, text in before.items():
        found = choice([*arguments, "-w"], text, after)
        expect(f"__has_builtin {state}", found, wanted)
        print(f"__has_builtin {state}: {'/'.join(found)}")


def tcc(planted, arguments):
    program = shutil.which(arguments[0])
    if not program:
        skip("tcc")
    if planted:
        preprocess([program], ONE_LINE)
        return
    for header in PLAIN_HEADERS:
        preprocess([program], f'#include "platform/{header}.h"\n')
    expect("tcc", choice([program]), ("key", "pthread"))
    print("tcc reads the headers, and gets key/pthread")


def skip(name):
    print(f"detection: {name} is missing, so this is not tested: ./dev setup installs it")
    sys.exit(SKIPPED)


def main():
    arguments = sys.argv[1:]
    planted = arguments[:1] == ["--planted"]
    arguments = arguments[1:] if planted else arguments
    checks = {"agree": agree, "targets": targets, "builtins": builtins, "tcc": tcc}
    if len(arguments) < 2 or arguments[0] not in checks:
        sys.exit(__doc__)
    checks[arguments[0]](planted, arguments[1:])


if __name__ == "__main__":
    main()
