#!/usr/bin/env python3
"""Holds two runs of libc_cases, one on glibc and one on ashlar, to the list of differences.

agree.py compare --cases PROGRAM --lib LIBRARY --differences FILE
    runs the table under both and fails on an undeclared difference, on a declared one that
    does not differ, and on a case that ashlar does not pass.
agree.py selftest
    the planted failures: invented runs that must be refused.

A line of FILE is `name: reason`, `name [glibc < 2.38]: reason` for what only older versions do, or
`name [32-bit]: reason`.
"""

import argparse
import os
import platform
import re
import subprocess
import sys

TAP_LINE = re.compile(r"(ok|not ok) \d+ (\w+) - (.*?)(?: \(expected: .*\))?$")
DECLARED = re.compile(r"(\w+)(?: \[(?:glibc < (\d+)\.(\d+)|(32)-bit)\])?: (\S.*)$")


def parse_tap(text):
    """The cases of one run as {name: (passed, what was seen)}."""
    found = {}
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if match:
            found[match[2]] = (match[1] == "ok", match[3])
    return found


def parse_differences(text, glibc, bits):
    """The declared differences that hold for this glibc and word size, as {name: reason}."""
    declared = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = DECLARED.match(line)
        if not match:
            raise ValueError(f"line {number} is not `name: reason`: {line}")
        if match[1] in declared:
            raise ValueError(f"line {number} declares {match[1]} a second time")
        old_enough = match[2] is None or glibc < (int(match[2]), int(match[3]))
        if old_enough and (match[4] is None or bits == 32):
            declared[match[1]] = match[5]
    return declared


def complaints(glibc, ashlar, declared):
    """Everything that is wrong with the two runs, one line each."""
    wrong = []
    if not glibc or set(glibc) != set(ashlar):
        wrong.append(f"the runs have different cases: {sorted(set(glibc) ^ set(ashlar))}")
    for name, (passed, seen) in ashlar.items():
        if not passed:
            wrong.append(f"{name}: ashlar fails it, seen '{seen}'")
        elif name in glibc and glibc[name][1] != seen and name not in declared:
            wrong.append(f"{name}: glibc '{glibc[name][1]}', ashlar '{seen}', not declared")
    for name in declared:
        if name not in glibc or name not in ashlar:
            wrong.append(f"{name}: declared, but there is no such case")
        elif glibc[name][1] == ashlar[name][1]:
            wrong.append(f"{name}: declared, but both say '{glibc[name][1]}'")
    return wrong


def run_table(command, preload):
    """Runs the table, with a library preloaded or without, and returns what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    if preload:
        environment["LD_PRELOAD"] = preload
        command = [*command, "--active"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    return done.stdout


def program_bits(path):
    """32 or 64: what the ELF header of the program says."""
    with open(path, "rb") as file:
        return {1: 32, 2: 64}[file.read(5)[4]]


def glibc_version():
    """The version of the C library this runs on, as (2, 36)."""
    numbers = re.findall(r"\d+", platform.libc_ver()[1])
    return tuple(int(number) for number in numbers[:2])


def compare(arguments):
    """The real thing: both runs, held to the list."""
    with open(arguments.differences, encoding="utf-8") as file:
        bits = program_bits(arguments.cases)
        declared = parse_differences(file.read(), glibc_version(), bits)
    glibc = parse_tap(run_table([arguments.cases], None))
    ashlar = parse_tap(run_table([arguments.cases], arguments.lib))
    wrong = complaints(glibc, ashlar, declared)
    for line in wrong:
        print(f"agree: {line}")
    for name, reason in declared.items():
        print(f"differs on purpose: {name}: {reason}")
    print(f"agree: {len(glibc)} cases, {len(declared)} declared differences, {len(wrong)} wrong")
    return 1 if wrong else 0


def selftest():
    """Each invented pair of runs has one fault and must be refused with one complaint."""
    same = parse_tap("ok 1 one - holds\nok 2 two - NULL, ENOMEM\n")
    other = parse_tap("ok 1 one - holds\nnot ok 2 two - block (expected: NULL, ENOMEM)\n")
    refused = {
        "an undeclared difference": complaints(other, same, {}),
        "a declared difference that is none": complaints(same, same, {"two": "because"}),
        "a declared case that does not exist": complaints(same, same, {"three": "because"}),
        "a case that ashlar fails": complaints(other, other, {}),
        "a missing case": complaints(same, {"one": same["one"]}, {}),
        "no cases at all": complaints({}, {}, {}),
    }
    failed = [fault for fault, found in refused.items() if len(found) != 1]
    if complaints(same, same, {}) or complaints(other, same, {"two": "because"}):
        failed.append("a pair without a fault was refused")
    if parse_differences("two [glibc < 2.38]: because", (2, 38), 64):
        failed.append("a difference of older versions was kept")
    if parse_differences("two [32-bit]: because", (2, 38), 64):
        failed.append("a difference of 32-bit systems was kept")
    for fault in failed:
        print(f"agree: selftest: {fault}")
    print(f"agree: selftest: {len(refused)} planted failures, {len(failed)} passed unseen")
    return 1 if failed else 0


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("selftest")
    command = commands.add_parser("compare")
    for name in ("--cases", "--lib", "--differences"):
        command.add_argument(name, required=True)
    arguments = parser.parse_args()
    return selftest() if arguments.command == "selftest" else compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
