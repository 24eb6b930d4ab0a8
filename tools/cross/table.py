"""The matrix as data: rows.toml read, checked and made into objects.

A *build* is one configuration that is compiled once; a *row* runs its tests in one way. Several
rows share a build: qemu takes the processor and the page size from its environment.
"""

import dataclasses
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import suites

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


class TableError(Exception):
    """A table, or a choice from it, that makes no sense; in words for the user."""


@dataclass(frozen=True)
class Build:
    """One configuration: target, compiler, C library, flags and mode."""

    name: str
    triple: str
    cc: str = ""                # else Debian's cross compiler for the triple
    cxx: str = ""
    flags: str = ""
    mode: str = "release"
    qemu: str = ""              # the emulator is qemu-<this>
    root: str = ""              # the target's files, if not in /usr/<triple>
    tools: str = ""             # prefix of ar, nm ... if not <triple>-
    libc: str = ""              # as the results name it, if the compiler does not say
    suite: str = ""             # the suite that `cc` and `qemu` come from, or an unpacked folder
    packages: tuple = ()        # of this system
    options: tuple = ()         # more of CMake's
    specs: str = ""             # a gcc specs file of the suite, whose paths are moved there
    kernel: tuple = ()          # the kernel's folders of headers, for a C library without them


@dataclass(frozen=True)
class Row:
    """One run of a build's tests."""

    name: str
    build: Build
    labels: tuple
    tests: str = ""             # a regular expression: only these
    exclude: str = ""           # a regular expression: not these
    environment: dict = field(default_factory=dict)
    note: str = ""
    trial: bool = False         # not known to pass: run when named, and never by a group


@dataclass(frozen=True)
class Table:
    """Everything in rows.toml."""

    rows: dict
    groups: dict
    suites: dict

    def choose(self, names):
        """The rows that `names` means, each once, in the table's order; `all` when it is empty."""
        chosen = {}
        for name in names or ["all"]:
            for row in self.meant_by(name):
                chosen.setdefault(row.name, row)
        return list(chosen.values())

    def meant_by(self, name):
        if name == "all":
            return [row for row in self.rows.values() if not row.trial]
        if name in self.groups:
            return [part_of(self.rows[row], self.groups[name])
                    for row in self.groups[name]["rows"]]
        if name in self.rows:
            return [self.rows[name]]
        raise TableError(f"there is no row '{name}'. The groups are: all"
                         f" {' '.join(self.groups)}. The rows are:\n  "
                         + "\n  ".join(self.rows))


# Which rows a key of [defaults] is for, if not for all.
SOME_ROWS = {"exclude_emulated": lambda row: row.build.qemu != "",
             "exclude_paged": lambda row: "QEMU_PAGESIZE" in row.environment}


def either(*expressions):
    """The regular expression that matches what one of these does."""
    return "|".join(filter(None, expressions))


def part_of(row, group):
    """The row with the group's choice among its tests."""
    return dataclasses.replace(row, labels=tuple(group.get("labels", row.labels)),
                               tests=group.get("tests", row.tests),
                               exclude=either(row.exclude, group.get("exclude", "")))


def make(kind, where, values, **known):
    """An object of dataclass `kind` from a table's `values`, whose keys must be its fields."""
    fields = {each.name: each for each in dataclasses.fields(kind) if each.name not in known}
    for key, value in values.items():
        if key not in fields:
            raise TableError(f"{where}: there is no key '{key}'; say one of "
                             + " ".join(sorted(fields)))
        wanted = {tuple: list}.get(fields[key].type, fields[key].type)
        if isinstance(wanted, type) and not isinstance(value, wanted):
            raise TableError(f"{where}: '{key}' has to be a {wanted.__name__}")
        known[key] = tuple(value) if isinstance(value, list) else value
    missing = [each for each in fields.values() if each.name not in known
               and each.default is dataclasses.MISSING
               and each.default_factory is dataclasses.MISSING]
    if missing:
        raise TableError(f"{where}: '{missing[0].name}' is missing")
    return kind(**known)


def section(table, name):
    """The named tables of one section, their names checked."""
    entries = table.get(name, {})
    for entry in entries:
        if not NAME.fullmatch(entry):
            raise TableError(f"[{name}.{entry}]: a name has small letters, digits, '-', '_', '.'")
    return entries


def make_suites(table, cache):
    found = {}
    for name, values in section(table, "suite").items():
        where = f"[suite.{name}]"
        values = {"architecture": "amd64", "closed": True, **values}
        found[name] = make(suites.Suite, where, values, name=name, folder=cache / name)
    return found


def check_suite(where, build, known):
    if build.suite and build.suite not in known:
        raise TableError(f"{where}: there is no suite '{build.suite}'; they are "
                         + " ".join(known))
    if build.mode not in {"release", "debug", "audit"}:
        raise TableError(f"{where}: mode '{build.mode}' is none of release, debug, audit")


def make_rows(table, builds):
    defaults = {"labels": ["unit", "model", "stress"], **table.get("defaults", {})}
    rows = {}
    for name, values in section(table, "row").items():
        where = f"[row.{name}]"
        build = values.get("build", name)
        if build not in builds:
            raise TableError(f"{where}: there is no build '{build}'")
        values = {key: value for key, value in values.items() if key != "build"}
        inherited = {key: value for key, value in defaults.items() if key not in SOME_ROWS}
        row = make(Row, where, {**inherited, **values}, name=name, build=builds[build])
        skips = [defaults.get(key, "") for key, is_so in SOME_ROWS.items() if is_so(row)]
        rows[name] = dataclasses.replace(row, exclude=either(row.exclude, *skips))
    return rows


def load(path, cache):
    """The table in `path`; suites are unpacked below `cache`."""
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    unknown = set(table) - {"defaults", "suite", "build", "row", "group"}
    if unknown:
        raise TableError(f"{path}: there is no section '{min(unknown)}'")
    known = make_suites(table, cache)
    builds = {}
    for name, values in section(table, "build").items():
        builds[name] = make(Build, f"[build.{name}]", values, name=name)
        check_suite(f"[build.{name}]", builds[name], known)
    rows = make_rows(table, builds)
    groups = section(table, "group")
    for name, group in groups.items():
        unknown = set(group) - {"rows", "labels", "tests", "exclude"}
        if unknown:
            raise TableError(f"[group.{name}]: there is no key '{min(unknown)}'")
        lost = [row for row in group.get("rows", []) if row not in rows]
        if lost or "rows" not in group:
            raise TableError(f"[group.{name}]: it needs rows that exist, not {lost}")
    return Table(rows, groups, known)
