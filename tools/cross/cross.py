#!/usr/bin/env python3
"""Runs the matrix: the tests on other processors, C libraries, compilers and page sizes.

    cross.py [ROW|GROUP...]     runs these rows (all when none are named), prints a table, and
                                exits 1 if one of them failed
    cross.py --list             the rows and groups
    cross.py --packages [...]   the Debian packages that these rows need, on one line
    cross.py --page [FILE]      writes the page of results (docs/cross-results.md)

The rows are in rows.toml; docs/cross.md says how to add one.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import building
import results
import suites
import table as tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cross-results.md"


def arguments():
    parser = argparse.ArgumentParser(prog="./dev cross", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="a row or a group; none: all")
    parser.add_argument("--list", action="store_true", help="show the rows and groups")
    parser.add_argument("--packages", action="store_true", help="show the packages they need")
    parser.add_argument("--page", nargs="?", type=Path, const=PAGE, metavar="FILE",
                        help="write the page of results")
    parser.add_argument("--labels", type=lambda text: tuple(text.split(",")),
                        help="run these labels instead of the rows' own")
    parser.add_argument("--cache", type=Path, default=suites.default_cache(),
                        help="where suites are unpacked (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="(%(default)s)")
    parser.add_argument("--table", type=Path, default=Path(__file__).parent / "rows.toml")
    parser.add_argument("--source", type=Path, default=ROOT, help="the project to build")
    parser.add_argument("--out", type=Path, help="where builds and logs go (build/cross)")
    return parser.parse_args()


def packages(rows, known):
    """What the system needs, sorted; Debian names a compiler by its triple with dashes."""
    wanted = {"cmake", "ninja-build", "python3"}
    for row in rows:
        build = row.build
        wanted.update(build.packages)
        if not build.cc and not build.suite:
            triple = build.triple.replace("_", "-")
            wanted.update({f"gcc-{triple}", f"g++-{triple}"})
        inside = build.suite and known[build.suite].closed and "{root}" not in build.root
        if build.qemu and not inside:
            wanted.add("qemu-user")
    return sorted(wanted)


def show_list(table):
    for name, group in table.groups.items():
        print(f"group {name}: {' '.join(group['rows'])}")
    for row in table.rows.values():
        words = [row.build.triple, row.build.mode, *row.labels]
        words += [f"{name}={value}" for name, value in row.environment.items()]
        print(f"{row.name:<24} {' '.join(words)}{'  (on trial)' if row.trial else ''}")


class Runner:
    """Runs rows one after the other; a build that several rows share is configured once."""

    def __init__(self, table, place):
        self.table = table
        self.place = place
        self.configured = {}

    def prepared(self, build):
        """None, or the error that configuring this build ended with."""
        if build.name not in self.configured:
            self.configured[build.name] = None
            try:
                building.configure(build, self.table, self.place)
            except (building.RowError, suites.SuiteError) as error:
                self.configured[build.name] = error
        return self.configured[build.name]

    def outcome(self, row, started):
        error = self.prepared(row.build)
        if error:
            raise error
        building.compile_tests(row, self.place)
        counts = building.run_tests(row, self.place)
        suite = building.suite_of(row.build, self.table)
        known = results.versions(row, building.toolchain(row.build, suite, self.place))
        lost = building.absent_labels(row, self.place)
        return results.of_counts(row, counts, lost, round(time.monotonic() - started), known)

    def run(self, row):
        started = time.monotonic()
        try:
            result = self.outcome(row, started)
        except (building.RowError, suites.SuiteError, subprocess.CalledProcessError,
                OSError) as error:
            result = results.of_error(row, error, round(time.monotonic() - started))
        whole = row == self.table.rows[row.name]
        results.keep(result, self.place.row_folder(row), whole)
        print(f"cross: {row.name}: {result.what} ({result.passed} of {result.ran} tests,"
              f" {result.seconds} s)", file=sys.stderr, flush=True)
        return result


def run_rows(rows, table, place):
    runner = Runner(table, place)
    found = [runner.run(row) for row in rows]
    print("\n".join(results.summary(found)))
    failed = [each for each in found if not each.good]
    if failed:
        print(f"cross: the logs of a row are in {place.out}/ROW; run one row by"
              f" ./dev cross {failed[0].row}", file=sys.stderr)
    return 1 if failed else 0


def with_labels(rows, labels):
    return [tables.dataclasses.replace(row, labels=labels) for row in rows] if labels else rows


def main():
    options = arguments()
    place = building.Place(options.source.resolve(),
                           (options.out or options.source / "build" / "cross").resolve(),
                           max(1, options.jobs))
    try:
        table = tables.load(options.table, options.cache.resolve())
        rows = with_labels(table.choose(options.rows), options.labels)
    except tables.TableError as error:
        sys.exit(f"cross: {error}")
    if options.list:
        show_list(table)
    elif options.packages:
        print(" ".join(packages(rows, table.suites)))
    elif options.page:
        options.page.write_text(results.page(table, place), encoding="utf-8")
    else:
        return run_rows(rows, table, place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
