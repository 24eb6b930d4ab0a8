#!/usr/bin/env python3
"""Writes the README's performance section and its plots from a results file.

  bench/readme.py bench/results/DATE-HOST.json   writes them
  bench/readme.py --check                        1 if they are not what the results say

The section lies between two marks, and the first names the results it is from:

    <!-- performance: bench/results/DATE-HOST.json -->
    ...
    <!-- performance: end -->
"""

import argparse
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
from lib import plot  # noqa: E402
from lib.errors import BenchError  # noqa: E402
from lib.markdown import table_lines  # noqa: E402
from lib.summary import (BOUND, MOST_MEMORY, MOST_TIME, fall_short, memory_ratio,  # noqa: E402
                         time_ratio)

MARKS = re.compile(r"<!-- performance: (\S+) -->\n.*?<!-- performance: end -->", re.DOTALL)
MOST_NAMED = 6
PICTURES = {"time-and-memory.svg": plot.render_scatter, "rows.svg": plot.render}


def load(path):
    """A results file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: {error}; give a results file that bench/run.py wrote") from error


def cells(values):
    """Texts of ratios, the smallest in bold."""
    known = [value for value in values if value]
    return ["-" if not value else f"**{value:.2f}**" if value == min(known) else f"{value:.2f}"
            for value in values]


def means_table(data):
    """A line for each allocator, the subject first."""
    shown = [one for one in data["allocators"] if one["name"] != BOUND]
    shown.sort(key=lambda one: one["name"] != data["subject"])
    names = [one["name"] for one in shown]
    columns = (cells([data["means"][name]["time"] for name in names]),
               cells([data["means"][name]["memory"] for name in names]),
               cells([data["empty_rss_kib"][name] * 1024 / 1e6 for name in names]))
    header = ["geometric means", "time", "peak memory", "an empty program (MB)"]
    return table_lines(header, [[f"{one['name']} {one['version']}", *figures]
                                for one, *figures in zip(shown, *columns)])


def named(row, subject):
    """A row that falls short, in words."""
    time, memory = time_ratio(row, subject), memory_ratio(row, subject)
    parts = [f"{time:.2f} of {row['best_figure']}'s time"] if time > MOST_TIME else []
    if memory > MOST_MEMORY:
        peer = row["best_figure"] if row["kind"] == "memory" else row["best_peak_rss_mb"]
        parts.append(f"{memory:.2f} of {peer}'s memory")
    return f"{row['name']} ({', '.join(parts) or 'failed'})"


def losses(data):
    """Where the subject loses, first of all."""
    short = fall_short(data["table"], data["subject"])
    if not short:
        return f"There is no row where {data['subject']} misses these limits."
    worst = "; ".join(named(row, data["subject"]) for row in short[:MOST_NAMED])
    more = f"; and {len(short) - MOST_NAMED} more" if len(short) > MOST_NAMED else ""
    return f"Where {data['subject']} falls short, the worst first: {worst}{more}."


def goal_words(data):
    """Best peer of each row / subject."""
    goals = data["goals"]
    short = len(fall_short(data["table"], data["subject"]))
    return (f"Best peer of each row / {data['subject']}: time {goals['time'] or 0:.2f}, memory "
            f"{goals['memory'] or 0:.2f} (goals 1.05 and 1.15). In {short} of "
            f"{len(data['table'])} rows a peer is more than 2 % faster or 5 % smaller.")


def section(data, source):
    """The text between the marks, with them."""
    host = data["host"]
    if "goals" not in data:
        raise BenchError(f"{source}: {data['subject']} was not measured in it")
    page = str(Path(source).with_suffix(".md"))
    lines = [
        f"<!-- performance: {source} -->",
        f"{len(data['table'])} rows, {data['rounds']} interleaved rounds, {data['date']}, "
        f"{host['cpu']}, {host['cpus']} CPUs. Each ratio is to the best of the *others* in that "
        "row, so 1.00 equals the best of them all everywhere; smaller is better:", "",
        *means_table(data), "", goal_words(data), losses(data),
        f"All rows: [{page}]({page}).", "",
        "![Time against memory, a dot for each row: the lower left corner is best]"
        "(docs/images/time-and-memory.svg)", "",
        "<!-- performance: end -->"]
    return "\n".join(lines)


def source_of(readme_text, readme):
    """The results file that the section says it is from."""
    found = MARKS.search(readme_text)
    if found is None:
        raise BenchError(f"{readme} has no <!-- performance: FILE --> ... <!-- performance: end "
                         "-->: put the two marks where the section belongs")
    return found.group(1)


def wanted(root, source, readme_text):
    """{path: text} of everything that is written."""
    data = load(root / source)
    texts = {root / "docs" / "images" / name: draw(data) for name, draw in PICTURES.items()}
    text = section(data, source)
    texts[root / "README.md"] = MARKS.sub(lambda _: text, readme_text)
    return texts


def relative(root, path):
    """The results' path as the page names it."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise BenchError(f"{path} is not below {root}: keep results in bench/results") from error


def main():
    """0: written, or right; 1: not what the results say; 2: cannot tell."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", type=Path, default=HERE.parent)
    arguments = parser.parse_args()
    if bool(arguments.results) == arguments.check:
        parser.error("give a results file, or --check")
    readme = arguments.root / "README.md"
    before = readme.read_text(encoding="utf-8")
    source = source_of(before, readme)
    if arguments.results:
        source = relative(arguments.root, arguments.results)
    wrong = [path for path, text in wanted(arguments.root, source, before).items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    if arguments.check:
        for path in wrong:
            print(f"{path} is not what {source} says: run bench/readme.py {source}",
                  file=sys.stderr)
        return 1 if wrong else 0
    for path, text in wanted(arguments.root, source, before).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"readme: {error}", file=sys.stderr)
        sys.exit(2)
