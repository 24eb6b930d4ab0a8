"""Proves that the runner of the matrix tells a good row from each kind of bad one.

    test_cross.py REPOSITORY CLAIM
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FIXTURE = Path(__file__).resolve().parent / "fixture"
HEAD = """
[defaults]
labels = ["good"]
[build.here]
triple = "{machine}"
cc = "cc"
cxx = "c++"
root = "/"
[build.nowhere]
triple = "{machine}"
cc = "a-compiler-that-does-not-exist"
[group.both]
rows = ["first", "second"]
[row.first]
build = "here"
environment = {{CROSS_WORD = "a word"}}
[row.second]
build = "here"
environment = {{CROSS_WORD = "another word"}}
"""


class Runner:
    """The runner over the fixture, with a table that is given as text."""

    def __init__(self, repository, folder):
        self.repository = repository
        self.folder = folder
        machine = subprocess.run(["cc", "-dumpmachine"], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout.strip()
        self.head = HEAD.format(machine=machine)

    def __call__(self, rows, *words, no_skip=False):
        """The exit status and the output of a run over HEAD and the given rows."""
        table = self.folder / "rows.toml"
        table.write_text(self.head + rows, encoding="utf-8")
        program = self.repository / "tools/cross/cross.py"
        settings = dict(os.environ, ASH_NO_SKIP="1" if no_skip else "", CTEST_PARALLEL_LEVEL="1")
        done = subprocess.run(
            [sys.executable, str(program), "--table", str(table), "--source", str(FIXTURE),
             "--out", str(self.folder / "out"), "--cache", str(self.folder / "cache"), *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=settings)
        return done.returncode, done.stdout


def expect(holds, what, text):
    if not holds:
        sys.exit(f"test_cross: {what}; the output is:\n{text}")


def expect_line(text, row, *cells):
    """The summary's line of `row` starts with these cells."""
    line = next((line for line in text.splitlines() if re.match(rf"{row}\s", line)), "")
    expect(line.split()[1:1 + len(cells)] == list(cells), f"{row} should have {cells}", text)


def expect_failed(text, status, row, reason):
    expect(status == 1, f"the exit status is {status}, not 1", text)
    expect(re.search(rf"^{row}\s.*{reason}", text, re.MULTILINE), f"{row} lacks '{reason}'", text)
    expect("these did not: " in text, "the summary names no failed row", text)


def a_row_that_passes_is_counted(run):
    status, text = run("", "first")
    expect(status == 0, f"the exit status is {status}", text)
    expect_line(text, "first", "2", "2", "0")
    expect("1 of 1 rows passed" in text, "the summary is wrong", text)


def planted_failing_test_fails_the_command(run):
    status, text = run('[row.third]\nbuild = "here"\nlabels = ["bad"]\n', "first", "third")
    expect_failed(text, status, "third", "failed: bad/fails")
    expect_line(text, "first", "2", "2")
    expect_line(text, "third", "1", "0")


def planted_row_without_tests_fails(run):
    status, text = run('[row.third]\nbuild = "here"\ntests = "no such test"\n', "third")
    expect_failed(text, status, "third", "no test")


def planted_label_without_tests_fails(run):
    status, text = run('[row.third]\nbuild = "here"\nlabels = ["good", "absent"]\n', "third")
    expect_failed(text, status, "third", "absent")


def planted_missing_program_fails(run):
    status, text = run('[row.third]\nbuild = "here"\nlabels = ["missing"]\n', "third")
    expect_failed(text, status, "third", "failed: missing/runs")


def planted_bad_source_fails_its_row_alone(run):
    status, text = run('[row.third]\nbuild = "here"\nlabels = ["broken"]\n', "third", "first")
    expect_failed(text, status, "third", "the build failed.*planted")
    expect_line(text, "first", "2", "2")


def planted_unknown_compiler_fails_its_row_alone(run):
    status, text = run('[row.third]\nbuild = "nowhere"\n', "third", "first")
    expect_failed(text, status, "third", "the configuration failed")
    expect_line(text, "first", "2", "2")


def planted_skip_fails_where_that_is_forbidden(run):
    rows = '[row.third]\nbuild = "here"\nlabels = ["skipping"]\n'
    status, text = run(rows, "third")
    expect(status == 0, f"a skipped test made the exit status {status}", text)
    expect_line(text, "third", "1", "1", "1")
    status, text = run(rows, "third", no_skip=True)
    expect_failed(text, status, "third", "failed: skipping/skips")


def an_unknown_row_is_refused_with_the_list(run):
    status, text = run("", "first", "frist")
    expect(status == 1, f"the exit status is {status}", text)
    for word in ("there is no row 'frist'", "first", "second", "both"):
        expect(word in text, f"'{word}' is not said", text)


def an_unknown_key_is_refused(run):
    status, text = run('[row.third]\nbuild = "here"\nlabel = ["good"]\n', "first")
    expect(status == 1 and "there is no key 'label'" in text and "labels" in text,
           "the key is not refused", text)


def a_build_is_shared_and_the_environment_reaches_the_tests(run):
    status, text = run("", "both")
    expect_failed(text, status, "second", "failed: good/sees_what_the_row_set")
    expect_line(text, "first", "2", "2")
    builds = sorted(path.name for path in (run.folder / "out/builds").iterdir())
    expect(builds == ["here"], f"the builds are {builds}", text)


def defaults_for_some_rows_exclude_nothing_elsewhere(run):
    run.head = run.head.replace("[build.here]", 'exclude_paged = "^good/sees"\n[build.here]', 1)
    paged = '[row.third]\nbuild = "here"\nenvironment = {QEMU_PAGESIZE = "65536"}\n'
    status, text = run(paged, "first", "third")
    expect(status == 0, f"the exit status is {status}", text)
    expect_line(text, "first", "2", "2")
    expect_line(text, "third", "1", "1")


def the_page_names_every_row(run):
    run("", "first")
    run("", "--labels", "bad", "first")
    page = run.folder / "page.md"
    status, text = run("", "--page", str(page))
    expect(status == 0, f"the exit status is {status}", text)
    text = page.read_text(encoding="utf-8")
    expect(re.search(r"^\| first \| (gcc|clang) [\d.]+ .*\| 2 \| 2 \| 0 \|.*\| passed \|$", text,
                     re.MULTILINE), "the row that ran is not there", text)
    expect(re.search(r"^\| second \|.*\| not run \|$", text, re.MULTILINE),
           "the row that did not run is not there", text)


def packages_of_the_quick_rows_are_in_setup(run):
    """`./dev setup` brings all that ./dev check needs, so the list there has these packages."""
    program = run.repository / "tools/cross/cross.py"
    needed = subprocess.run([sys.executable, str(program), "--packages", "quick"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.split()
    listed = set(re.findall(r"[\w.+-]+", (run.repository / "dev").read_text(encoding="utf-8")))
    lost = sorted(set(needed) - listed)
    expect(not lost, "dev does not list these packages", " ".join(lost))


def every_label_of_the_table_is_a_folder(run):
    table = (run.repository / "tools/cross/rows.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^labels = \[(.*)\]$", table, re.MULTILINE)
    labels = {label.strip(' "') for each in lists for label in each.split(",")}
    lost = sorted(label for label in labels
                  if not (run.repository / "test" / label / "CMakeLists.txt").is_file())
    expect(labels and not lost, "these labels have no folder of tests", " ".join(lost))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    claims = {name: value for name, value in globals().items() if callable(value)}
    if sys.argv[2] not in claims:
        sys.exit(f"test_cross: there is no claim '{sys.argv[2]}'")
    with tempfile.TemporaryDirectory() as folder:
        claims[sys.argv[2]](Runner(Path(sys.argv[1]).resolve(), Path(folder)))


if __name__ == "__main__":
    main()
