#!/usr/bin/env python3
"""Makes the reference of the public headers with Doxygen, and holds it against what is exported.

    reference.py            writes build/reference/html/index.html (needs doxygen)
    reference.py --check    makes it elsewhere and fails if Doxygen warns, or if a function that the
                            library exports, or a type, macro or constant of the headers, has no
                            text; 77 without doxygen

Doxygen sees the headers as doxygen_filter.py prints them.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import headers
import page

SETTINGS = "docs/reference/Doxyfile"
EXPORTS = "test/golden/exports.txt"
BUILT = "build/reference"
# In the order of the pages.
INPUT = ["docs/reference/main.md", *(f"include/ashlar/{name}.h" for name in
                                     ("ashlar", "local", "typed", "arena", "stats", "walk",
                                      "control", "errors", "options"))]


def settings(root, folder):
    """Doxygen's, for one run."""
    filter_ = page.Path(__file__).with_name("doxygen_filter.py")
    style = root / "docs/reference"
    return page.read(root / SETTINGS) + "\n".join([
        "INPUT = " + " ".join(f'"{root / path}"' for path in INPUT),
        f'INPUT_FILTER = "{sys.executable} {filter_}"',
        f'USE_MDFILE_AS_MAINPAGE = "{root / INPUT[0]}"',
        f'LAYOUT_FILE = "{style / "layout.xml"}"',
        f'HTML_EXTRA_STYLESHEET = "{style / "style.css"}"',
        f'OUTPUT_DIRECTORY = "{folder}"',
        f'STRIP_FROM_PATH = "{root}"',
        f'PROJECT_NUMBER = {version(root)}', ""])


def version(root):
    text = page.read(root / "include/ashlar/ashlar.h")
    return ".".join(re.findall(r"#define ASH_VERSION_\w+ (\d+)", text))


def made(root, folder):
    """Runs Doxygen. What it complains of."""
    doxygen = shutil.which("doxygen")
    if doxygen is None:
        print("reference: doxygen is not installed; apt-get install doxygen")
        sys.exit(1 if os.environ.get("ASH_NO_SKIP") == "1" else 77)
    done = subprocess.run([doxygen, "-"], input=settings(root, folder), capture_output=True,
                          text=True, check=False, cwd=root)
    complaints = done.stderr.strip().splitlines()
    if done.returncode != 0 and not complaints:
        complaints = [f"doxygen ended with status {done.returncode}"]
    return complaints


def has_text(element):
    """Whether a description in Doxygen's XML says anything."""
    return any("".join(part.itertext()).strip() for part in
               (element.find("briefdescription"), element.find("detaileddescription"))
               if part is not None)


def described(folder):
    """The names that have a text in the pages."""
    for path in sorted(page.Path(folder, "xml").glob("*.xml")):
        for element in xml.parse(path).iter():
            if element.tag in ("memberdef", "enumvalue") and has_text(element):
                yield element.findtext("name")
            elif element.tag == "compounddef" and has_text(element):
                yield element.findtext("compoundname")


def wanted(root):
    """What has to have a text: exported functions, and all that the headers declare."""
    names = {name: "exported" for name in page.read(root / EXPORTS).split()
             if name.startswith("ash_")}
    for declaration, _, _, header in headers.declarations(headers.read(root)):
        names[declaration.name] = f"{declaration.kind} of {header.name}"
        for member in declaration.members:
            names |= {name: f"in {declaration.name} of {header.name}" for name in member.names}
    return names


def check(root):
    """Status of the comparison."""
    with tempfile.TemporaryDirectory() as folder:
        faults = made(root, folder)
        texts = set(described(folder))
    names = wanted(root)
    faults += [f"{name} ({where}) has no text in the reference; write it before the declaration"
               for name, where in sorted(names.items()) if name not in texts]
    return page.finish("reference", names, faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=page.Path, default=page.ROOT, help="the repository")
    parser.add_argument("--check", action="store_true", help="only say what is wrong")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.check:
        return check(root)
    folder = root / BUILT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    faults = made(root, folder)
    if faults:
        print("\n".join(faults))
        return 1
    print(f"The reference is {BUILT}/html/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
