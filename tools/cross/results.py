"""What a row's run came to: kept as JSON beside its logs, printed as a table, written as a page."""

import datetime
import json
import re
import subprocess
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """One row's outcome, with the versions it was got with."""

    row: str
    good: bool
    what: str          # "passed", or why not
    ran: int = 0
    passed: int = 0
    skipped: int = 0
    seconds: int = 0
    compiler: str = ""
    libc: str = ""
    emulator: str = ""
    mode: str = ""
    labels: str = ""
    note: str = ""
    date: str = ""


def first_line(command, text=""):
    try:
        shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               input=text, text=True, check=False)
    except OSError:
        return ""
    lines = shown.stdout.strip().splitlines()
    return lines[0] if shown.returncode == 0 and lines else ""


def compiler_version(values):
    """`gcc 12.2.0`, from what the compiler says of itself."""
    line = first_line([values["ASH_CROSS_CC"], "--version"])
    number = re.search(r"\d+\.\d+(?:\.\d+)?", re.sub(r"\([^)]*\)", "", line))
    kind = "clang" if "clang" in line else "gcc"
    return f"{kind} {number.group(0)}" if number else line[:40]


def libc_version(values):
    """The C library as its own headers name it; musl's headers do not."""
    flags = values.get("ASH_CROSS_FLAGS", "").split()
    command = [values["ASH_CROSS_CC"], *flags, "-E", "-P", "-x", "c", "-"]
    try:
        shown = subprocess.run(command, input="#include <features.h>\n__GLIBC__ __GLIBC_MINOR__\n",
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               check=False).stdout
    except OSError:
        return ""
    last = shown.strip().splitlines()[-1:] or [""]
    words = last[0].split()
    return f"glibc {words[0]}.{words[1]}" if len(words) == 2 and words[0].isdigit() else "musl"


def emulator_version(row, values):
    words = [word for word in values.get("ASH_CROSS_EMULATOR", "").split(";") if word]
    if not row.build.qemu:
        return "none"
    at = words.index(f"qemu-{row.build.qemu}")
    number = re.search(r"version ([\d.]+)", first_line([*words[:at + 1], "--version"]))
    settings = "".join(f" {name.removeprefix('QEMU_').lower()}={value}"
                       for name, value in row.environment.items())
    return f"qemu-{row.build.qemu} {number.group(1) if number else ''}{settings}"


def versions(row, values):
    return {"compiler": compiler_version(values),
            "libc": row.build.libc or libc_version(values),
            "emulator": emulator_version(row, values)}


def described(row):
    words = [row.build.mode] + ([row.build.flags] if row.build.flags else [])
    return {"mode": " ".join(words), "labels": " ".join(row.labels), "note": row.note,
            "date": datetime.date.today().isoformat()}


def keep(result, folder, whole):
    """A run of some of a row's tests says nothing about the row, so the page does not see it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(result), indent=1) + "\n"
    name = "result.json" if whole else "result-of-part.json"
    (folder / name).write_text(text, encoding="utf-8")


def kept(row, place):
    path = place.row_folder(row) / "result.json"
    if not path.exists():
        return Result(row.name, False, "not run", mode=row.build.mode, note=row.note)
    return Result(**json.loads(path.read_text(encoding="utf-8")))


def aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths)]
        yield "  ".join([*cells, line[-1]]).rstrip()


def summary(found):
    """The table at the end of a run, as lines."""
    lines = [("row", "tests", "passed", "skipped", "seconds", "result")]
    for each in found:
        lines.append((each.row, str(each.ran), str(each.passed), str(each.skipped),
                      str(each.seconds), each.what))
    yield from aligned(lines)
    bad = [each.row for each in found if not each.good]
    yield f"{len(found) - len(bad)} of {len(found)} rows passed" \
        + (f"; these did not: {' '.join(bad)}" if bad else "")


COLUMNS = ("row", "compiler", "C library", "emulator", "build", "labels", "tests", "passed",
           "skipped", "date", "result")
HEAD = """# The matrix: results

`./dev cross --page` writes this page from the last run of each row; [cross.md](cross.md) says
what a row is, and what it does not show: qemu on x86-64 runs foreign code with x86's strong
memory order.

"""


def page_line(each):
    cells = [each.row, each.compiler, each.libc, each.emulator, each.mode, each.labels,
             str(each.ran), str(each.passed), str(each.skipped), each.date, each.what]
    return "| " + " | ".join(cell.replace("|", "\\|") or "-" for cell in cells) + " |\n"


def page(table, place):
    """The Markdown page of all rows, those on trial and those not run included."""
    found = [(row, kept(row, place)) for row in table.rows.values()]
    text = HEAD + "".join(("| " + " | ".join(COLUMNS) + " |\n", "|---" * len(COLUMNS) + "|\n"))
    text += "".join(page_line(each) for row, each in found if not row.trial)
    trials = [(row, each) for row, each in found if row.trial]
    if trials:
        text += "\n## On trial\n\nThese rows do not pass yet, so no group has them.\n\n"
        text += "".join(f"- `{row.name}`: {each.what}. {row.note}\n" for row, each in trials)
    noted = [(row, each) for row, each in found if row.note and not row.trial]
    if noted:
        text += "\n## Notes\n\n" + "".join(f"- `{row.name}`: {row.note}\n" for row, _ in noted)
    # Reasons name files as the compilers and the runner did, in full.
    return text.replace(f"{place.source}/", "")


def of_counts(row, counts, lost_labels, seconds, known):
    """The result of a row whose tests were started."""
    if lost_labels:
        what = f"no test has the label {' '.join(lost_labels)}"
    elif counts.ran == 0:
        what = "no test ran"
    elif counts.failed:
        more = f" and {len(counts.failed) - 3} more" if len(counts.failed) > 3 else ""
        what = "failed: " + ", ".join(counts.failed[:3]) + more
    else:
        what = "passed"
    return Result(row.name, what == "passed", what, counts.ran, counts.passed, counts.skipped,
                  seconds, **known, **described(row))


def of_error(row, error, seconds):
    """The result of a row that never came to its tests."""
    return Result(row.name, False, str(error).splitlines()[0], seconds=seconds,
                  **described(row))
