#!/usr/bin/env python3
"""Holds what a program reports, one JSON text a line, against the schema and the sums.

    check_json.py SCHEMA PROGRAM [ARGUMENT...]             fails if a report is not as it should be
    check_json.py SCHEMA --planted PROGRAM [ARGUMENT...]   damages reports: fails if one passes
"""

import copy
import json
import subprocess
import sys

TYPES = {"object": dict, "array": list, "integer": int}
SUMS = {
    "mapped": ("other", "unused", "purged", "committed"),
    "committed": ("metadata", "dirty", "active"),
    "active": ("run_rest", "span_free", "ready", "returning", "allocated"),
    "allocated": ("small", "large", "huge"),
}
KNOWN = {"$schema", "title", "description", "type", "required", "additionalProperties",
         "properties", "items", "minItems", "minimum", "maximum", "const"}


def number_faults(value, schema, where):
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where} is {value}, below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{where} is {value}, above {schema['maximum']}"


def object_faults(value, schema, where):
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}.{name} is missing"
    for name, member in value.items():
        if name in known:
            yield from faults(member, known[name], f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}.{name} is not in the schema"


def faults(value, schema, where="report"):
    """What of `value` is not as the schema says. Knows the keywords that the schema uses."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{where}: this checker does not know {sorted(unknown)}"
    if "const" in schema and value != schema["const"]:
        yield f"{where} is {value!r}, not {schema['const']!r}"
    kind = TYPES.get(schema.get("type"), object)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"{where} is no {schema['type']}"
    elif kind is dict:
        yield from object_faults(value, schema, where)
    elif kind is list:
        if len(value) < schema.get("minItems", 0):
            yield f"{where} is too short"
        for i, item in enumerate(value):
            yield from faults(item, schema["items"], f"{where}[{i}]")
    elif kind is int:
        yield from number_faults(value, schema, where)


def sum_faults(report):
    parts = report["parts"]
    for whole, names in SUMS.items():
        total = sum(parts[name] for name in names)
        if total != parts[whole]:
            yield f"{whole} is {parts[whole]}, its parts are {total}"
    small = sum(c["allocated"] * c["block_bytes"] for c in report["classes"])
    if not parts["small"] <= small <= parts["small"] + parts["returning"]:
        yield f"small is {parts['small']}, the classes have {small}"


def all_faults(report, schema):
    found = list(faults(report, schema))
    return found or list(sum_faults(report))


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def damaged(report, schema):
    """Name of the damage, and the report with it."""
    def variant(name, change):
        other = copy.deepcopy(report)
        change(other)
        return name, other
    for group in ("parts", "counts"):
        for name in schema["properties"][group]["required"]:
            yield variant(f"no {group}.{name}", lambda r, g=group, n=name: r[g].pop(n))
    for name in schema["properties"]["parts"]["required"]:
        yield variant(f"{name} one byte more",
                      lambda r, n=name: r["parts"].update({n: r["parts"][n] + 1}))
    yield variant("a negative figure", lambda r: r["counts"].update(refills=-1))
    yield variant("text for a figure", lambda r: r["counts"].update(refills="1"))
    yield variant("a figure that the schema lacks", lambda r: r["parts"].update(secret=1))
    yield variant("another version", lambda r: r.update(version=2))
    yield variant("a class less", lambda r: r["classes"].remove(
        max(r["classes"], key=lambda c: c["allocated"] * c["block_bytes"])))


def main():
    arguments = sys.argv[1:]
    planted = "--planted" in arguments
    path, *command = [a for a in arguments if a != "--planted"]
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    reports = run(command)
    if not reports:
        sys.exit("check_json: the program has reported nothing")
    if planted:
        passed = [name for name, report in damaged(reports[-1], schema)
                  if not all_faults(report, schema)]
        sys.exit(f"check_json: passed with {passed}" if passed else 0)
    found = [fault for report in reports for fault in all_faults(report, schema)]
    sys.exit("check_json: " + "; ".join(found[:10]) if found else 0)


if __name__ == "__main__":
    main()
