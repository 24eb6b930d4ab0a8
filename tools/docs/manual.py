#!/usr/bin/env python3
"""Holds the man page against the tool's help and the library's options.

    manual.py            writes man/ashlar.1 from docs/man/ashlar.1.scd (needs scdoc)
    manual.py --check    fails if the page lacks an option or a variable, or has one that is gone
    manual.py --drift    fails if man/ashlar.1 is not what scdoc makes of it; 77 without scdoc
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import page

SOURCE = "docs/man/ashlar.1.scd"
MADE = "man/ashlar.1"


def words(text):
    """Long options, each as itself."""
    return {word: word for word in re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text)}


def variables(text):
    """Variables of the environment, each as itself."""
    return {word: word for word in re.findall(r"\bASHLAR_[A-Z_]+\b", text)}


def check(root):
    """Status of the comparison with the help in command.c and the table in options.c."""
    source = page.read(root / SOURCE)
    in_code = words(page.read(root / "tools/ashlar/command.c"))
    in_code |= variables(page.read(root / "src/api/options.c"))
    in_code["ASHLAR_LIBRARY"] = "ASHLAR_LIBRARY"
    faults = page.compare("option", SOURCE, in_code, words(source) | variables(source))
    return page.finish("manual", in_code, faults)


def made(root):
    """What scdoc makes of the source, the same on every day."""
    scdoc = shutil.which("scdoc")
    if scdoc is None:
        print("manual: scdoc is not installed; apt-get install scdoc")
        sys.exit(1 if os.environ.get("ASH_NO_SKIP") == "1" else 77)
    done = subprocess.run([scdoc], input=page.read(root / SOURCE), capture_output=True, text=True,
                          check=True, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    return done.stdout


def drift(root):
    """Status of the comparison of the page with its source."""
    # The comment at the top says which scdoc made it.
    fresh, kept = (re.sub(r'^\.\\".*\n', "", text, flags=re.MULTILINE)
                   for text in (made(root), page.read(root / MADE)))
    if fresh != kept:
        print(f"{MADE} is not made from {SOURCE} as it is: run tools/docs/manual.py")
        return 1
    print("manual: made from its source")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=page.Path, default=page.ROOT, help="the repository")
    parser.add_argument("--check", action="store_true", help="compare with help and options")
    parser.add_argument("--drift", action="store_true", help="compare the page with its source")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.check:
        return check(root)
    if options.drift:
        return drift(root)
    (root / MADE).parent.mkdir(exist_ok=True)
    (root / MADE).write_text(made(root), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
