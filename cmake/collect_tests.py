"""Gathers the tests of several builds in one directory, so that one ctest runs them all.

    collect_tests.py build/all release debug:unit,model ...

Each further argument names a build beside `all` and, after a colon, the labels wanted from it:
all but `long` when none are given. `unit/x` of build `debug` becomes `debug/unit/x`. With
ASH_NO_SKIP=1 in the environment the tests lose their leave to be skipped, so that a test whose
program is missing fails.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

# Properties whose values name other tests or fixtures, which are renamed along.
NAMES = {"DEPENDS", "FIXTURES_REQUIRED", "FIXTURES_SETUP", "FIXTURES_CLEANUP"}


def quote(value):
    """`value` as a bracket argument, in which CMake reads nothing special."""
    mark = "="
    while f"]{mark}]" in value:
        mark += "="
    return f"[{mark}[{value}]{mark}]"


def listed_tests(build):
    command = ["ctest", "--test-dir", str(build), "--show-only=json-v1"]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(shown.stdout)["tests"]


def properties_of(test):
    return {entry["name"]: entry["value"] for entry in test.get("properties", [])}


def wanted(properties, labels):
    has = set(properties.get("LABELS", []))
    return "long" not in has and (not labels or bool(has & labels))


def property_text(name, value, preset):
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    values = value if isinstance(value, list) else [value]
    if name in NAMES:
        values = [f"{preset}/{each}" for each in values]
    return ";".join(str(each).replace(";", "\\;") for each in values)


def entry_lines(preset, test, properties):
    name = quote(f"{preset}/{test['name']}")
    if "command" not in test:
        sys.exit(f"collect_tests: {preset}/{test['name']} has no program: the build left it out")
    yield f"add_test({name} {' '.join(quote(part) for part in test['command'])})"
    if os.environ.get("ASH_NO_SKIP") == "1":
        properties.pop("SKIP_RETURN_CODE", None)
        properties.pop("SKIP_REGULAR_EXPRESSION", None)
    for key, value in properties.items():
        text = quote(property_text(key, value, preset))
        yield f"set_tests_properties({name} PROPERTIES {key} {text})"


def collect(target, selections):
    lines = []
    for selection in selections:
        preset, _, labels = selection.partition(":")
        labels = set(labels.split(",")) - {""}
        for test in listed_tests(target.parent / preset):
            properties = properties_of(test)
            if wanted(properties, labels):
                lines += entry_lines(preset, test, properties)
    if not lines:
        sys.exit("collect_tests: no test matches " + " ".join(selections))
    target.mkdir(parents=True, exist_ok=True)
    (target / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    collect(Path(sys.argv[1]), sys.argv[2:])


if __name__ == "__main__":
    main()
