"""Configures and builds one entry of the table, and runs a row's tests in it."""

import os
import re
import shlex
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from pathlib import Path

import suites

HERE = Path(__file__).resolve().parent


class RowError(Exception):
    """Why a row could not be run, in words for the user."""


@dataclass(frozen=True)
class Place:
    """Where things are: the project's source, and the folder that gets what a run writes."""

    source: Path
    out: Path
    jobs: int

    def build_folder(self, build):
        return self.out / "builds" / build.name

    def row_folder(self, row):
        return self.out / row.name


@dataclass(frozen=True)
class Counts:
    """What became of a row's tests."""

    ran: int = 0
    passed: int = 0
    skipped: int = 0
    failed: tuple = ()


def logged(log, command, what, environment=None):
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False,
                                stdin=subprocess.DEVNULL, env=environment).returncode
    if status != 0:
        text = log.read_text(encoding="utf-8", errors="replace")
        errors = [line for line in text.splitlines()
                  if re.search(r"\berror:|undefined reference|CMake Error", line)]
        first = f": {errors[0].strip()[:160]}" if errors else ""
        raise RowError(f"{what} failed{first} (see {log})")


def write_script(path, words):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"#!/bin/sh\nexec {shlex.join(map(str, words))} \"$@\"\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def moved(words, suite):
    """The words with {root} replaced by the suite's folder."""
    return [word.replace("{root}", str(suite.root)) for word in words]


def moved_specs(build, suite, folder):
    """gcc's specs file of an unpacked C library, with the paths that hold here."""
    text = (suite.root / build.specs.lstrip("/")).read_text(encoding="utf-8")
    text = re.sub(rf"(?=/usr/(?:lib|include)/{re.escape(build.triple)})", str(suite.root), text)
    path = folder / "moved.specs"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def linked_headers(build, folder):
    """A folder with the kernel's headers and nothing else, so that no other library's are found."""
    for path in map(Path, build.kernel):
        link = folder / "kernel" / path.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    return folder / "kernel"


def toolchain(build, suite, place):
    """What cmake/cross.cmake has to know, as its variables."""
    folder = place.build_folder(build) / "toolchain"
    cc = build.cc or f"{build.triple}-gcc"
    cxx = build.cxx or f"{build.triple}-g++"
    flags = build.flags
    emulator = [f"qemu-{build.qemu}", "-L", build.root or f"/usr/{build.triple}"]
    emulator = emulator if build.qemu else []
    values = {"ASH_CROSS_TRIPLE": build.triple, "ASH_CROSS_ROOT": build.root}
    # A suite that is entered runs its own qemu, unless the build says where its files are: then
    # the system's qemu, which may be newer, finds them there.
    if suite and suite.closed:
        enter = [HERE / "inside.sh", suite.root, f"{place.source}:{place.out}"]
        cc = write_script(folder / "cc", [*enter, cc])
        cxx = write_script(folder / "c++", [*enter, cxx])
        inside = [*map(str, enter), *emulator]
        emulator = moved(emulator, suite) if "{root}" in build.root else inside
        for tool in ("ar", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"):
            write_script(folder / f"tool-{tool}", [*enter, f"{build.tools or ''}{tool}"])
        values["ASH_CROSS_TOOLS"] = f"{folder}/tool-"
        values["ASH_CROSS_ROOT"] = str(suite.root)
    elif suite:
        [flags], emulator = moved([flags], suite), moved(emulator, suite)
        values["ASH_CROSS_TOOLS"] = build.tools
        [values["ASH_CROSS_ROOT"]] = moved([build.root], suite)
    else:
        values["ASH_CROSS_TOOLS"] = build.tools
    if build.kernel:
        flags = f"-idirafter {linked_headers(build, folder)} {flags}"
    if build.specs:
        flags = f"-specs={moved_specs(build, suite, folder)} {flags}"
    values.update(ASH_CROSS_CC=cc, ASH_CROSS_CXX=cxx, ASH_CROSS_FLAGS=flags.strip(),
                  ASH_CROSS_EMULATOR=";".join(emulator))
    return {name: value for name, value in values.items() if value}


def suite_of(build, table):
    if not build.suite:
        return None
    suite = table.suites[build.suite]
    suites.ensure(suite)
    return suite


def configure(build, table, place):
    folder = place.build_folder(build)
    values = toolchain(build, suite_of(build, table), place)
    file = HERE.parents[1] / "cmake/cross.cmake"
    command = ["cmake", "-S", str(place.source), "-B", str(folder), "-G", "Ninja",
               f"-DCMAKE_TOOLCHAIN_FILE={file}",
               f"-DASH_MODE={build.mode}", "-DBUILD_TESTING=ON",
               "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
               *(f"-D{name}={value}" for name, value in values.items()), *build.options]
    # A changed compiler, flag or toolchain file would be refused or, worse, ignored.
    stamp = folder / "configured_as"
    as_text = "\n".join([*command, file.read_text(encoding="utf-8")])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != as_text:
        command.insert(1, "--fresh")
    stamp.unlink(missing_ok=True)
    logged(folder / "configure.log", command, "the configuration")
    stamp.write_text(as_text, encoding="utf-8")


def compile_tests(row, place):
    """Builds what the row's labels need and no more: a label is a folder of tests."""
    folder = place.build_folder(row.build)
    targets = [f"test/{label}/all" for label in row.labels]
    logged(place.row_folder(row) / "build.log",
           ["cmake", "--build", str(folder), "-j", str(place.jobs), "--target", *targets],
           "the build")


def read_junit(path):
    """The names of the tests that passed, that were skipped, and that failed.

    A test whose program is missing was "not run" as a skipped one is, but it has failed.
    """
    passed, skipped, failed = [], [], []
    for case in xml.parse(path).getroot().iter("testcase"):
        word = case.find("skipped")
        said = word.get("message", "") if word is not None else ""
        if case.get("status") == "run":
            passed.append(case.get("name"))
        elif said.startswith("SKIP_") and os.environ.get("ASH_NO_SKIP") != "1":
            skipped.append(case.get("name"))
        else:
            failed.append(case.get("name"))
    return passed, skipped, failed


def run_tests(row, place):
    folder = place.row_folder(row)
    report = folder / "tests.xml"
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(place.build_folder(row.build)), "--timeout", "600",
               "-L", f"^({'|'.join(map(re.escape, row.labels))})$", "-LE", "^long$",
               "-j", str(place.jobs), "--output-on-failure", "--output-junit", str(report)]
    command += ["-R", row.tests] if row.tests else []
    command += ["-E", row.exclude] if row.exclude else []
    environment = {**os.environ, **row.environment}
    try:
        logged(folder / "tests.log", command, "the tests", environment)
    except RowError:
        # Which of them failed is in the report; without a report ctest itself did.
        if not report.exists():
            raise
    if not report.exists():
        raise RowError(f"no test was run: see {folder / 'tests.log'}")
    passed, skipped, failed = read_junit(report)
    return Counts(len(passed) + len(failed), len(passed), len(skipped), tuple(failed))


def absent_labels(row, place):
    """Labels of the row without a single test: a typing error, or tests that went away."""
    command = ["ctest", "--test-dir", str(place.build_folder(row.build)), "--print-labels"]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [label for label in row.labels if f"  {label}\n" not in shown + "\n"]
