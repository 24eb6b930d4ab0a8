#!/usr/bin/env python3
"""Makes the man pages of docs/man, and holds ashlar(1) against the tool's help.

    manual.py            writes man/ashlar.1 from docs/man/ashlar.1.scd, and so on (needs scdoc)
    manual.py --check    fails if ashlar(1) lacks an option or a variable, or has one that is gone
    manual.py --lint     fails if mandoc warns of a page of man/; 77 without mandoc
    manual.py --drift    fails if a page of man/ is not what scdoc makes of it; 77 without scdoc
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import functions
import page

SOURCE = "docs/man/ashlar.1.scd"
FOLDER, MADE = "docs/man", "man"
VARIABLES = ["ASHLAR_LIBRARY", "ASHLAR_OPTIONS"]


def words(text):
    """Long options, each as itself."""
    return {word: word for word in re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text)}


def variables(text):
    """Variables of the environment, each as itself."""
    return {word: word for word in re.findall(r"\bASHLAR_[A-Z_]+\b", text)}


def check(root):
    """Status of the comparison with the help in command.c."""
    source = page.read(root / SOURCE)
    in_code = words(page.read(root / "tools/ashlar/command.c"))
    in_code |= {name: name for name in VARIABLES}
    faults = page.compare("option", SOURCE, in_code, words(source) | variables(source))
    return page.finish("manual", in_code, faults)


def pages(root):
    """Each source with the page that is made from it."""
    for source in sorted((root / FOLDER).glob("*.scd")):
        yield source, root / MADE / source.stem


def program(name):
    """The path of a program; without it this run counts as skipped."""
    path = shutil.which(name)
    if path is None:
        print(f"manual: {name} is not installed; apt-get install {name}")
        sys.exit(1 if os.environ.get("ASH_NO_SKIP") == "1" else 77)
    return path


def made(root, source):
    """What scdoc makes of the source and of the headers, the same on every day."""
    text = functions.Page(root, page.read(source)).expanded()
    done = subprocess.run([program("scdoc")], input=text, capture_output=True, text=True,
                          check=True, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    return done.stdout


def drift(root):
    """Status of the comparison of the pages with their sources."""
    status = 0
    for source, kept in pages(root):
        # The comment at the top says which scdoc made it.
        fresh, old = (re.sub(r'^\.\\".*\n', "", text, flags=re.MULTILINE)
                      for text in (made(root, source), page.read(kept)))
        if fresh != old:
            print(f"{MADE}/{kept.name} is not made from {FOLDER}/{source.name} as it is:"
                  " run tools/docs/manual.py")
            status = 1
    print("manual: compared with its sources")
    return status


def lint(root):
    """Status of mandoc's opinion. scdoc begins paragraphs that are empty: no fault."""
    paths = sorted(str(path.relative_to(root)) for path in (root / MADE).glob("*.[1-8]"))
    done = subprocess.run([program("mandoc"), "-T", "lint", "-W", "warning", *paths], cwd=root,
                          capture_output=True, text=True, check=False)
    faults = [line for line in (done.stdout + done.stderr).splitlines()
              if "skipping paragraph macro" not in line]
    return page.finish("manual", dict.fromkeys(paths), faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=page.Path, default=page.ROOT, help="the repository")
    parser.add_argument("--check", action="store_true", help="compare with the tool's help")
    parser.add_argument("--drift", action="store_true", help="compare the pages with their sources")
    parser.add_argument("--lint", action="store_true", help="let mandoc look at the pages")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.check:
        return check(root)
    if options.drift:
        return drift(root)
    if options.lint:
        return lint(root)
    (root / MADE).mkdir(exist_ok=True)
    for source, kept in pages(root):
        kept.write_text(made(root, source), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
