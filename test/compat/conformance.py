"""Plants faults in what docs/mimalloc.md repeats: each must be found. conformance.py REPOSITORY"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = "docs/mimalloc.md"
PARTS = ["include/ashlar/compat", "src/compat", "test/compat"]
# File, what stands there, what is planted instead.
PLANTED = [
    ("include/ashlar/compat/mimalloc.h", "int mi_version(void)", "int mi_other(void)"),
    ("include/ashlar/compat/mimalloc.h", "void mi_process_init(void)", "void mi_other(void)"),
    ("src/compat/mimalloc_options.c", "ROW(os_tag", "ROW(os_label"),
    ("test/compat/basic.c", "CLAIM(strings_are_copied)", "CLAIM(strings_are_shared)"),
    (PAGE, "| implemented |", "| absent |"),
    (PAGE, "conformance.py: begin options", "begin"),
]


def passes(repository, root):
    return subprocess.run(
        [sys.executable, str(repository / "tools/docs/conformance.py"), "--check", "--root",
         str(root)], capture_output=True, check=False).returncode == 0


def main():
    repository = Path(sys.argv[1])
    faults = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part in PARTS:
            shutil.copytree(repository / part, root / part)
        (root / PAGE).parent.mkdir()
        shutil.copy(repository / PAGE, root / PAGE)
        if not passes(repository, root):
            faults.append("the page does not agree to begin with")
        for path, old, new in PLANTED:
            file = root / path
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(old, new, 1), encoding="utf-8")
            if text.count(old) == 0 or passes(repository, root):
                faults.append(f"{path}: {new!r} for {old!r} is not found")
            file.write_text(text, encoding="utf-8")
    print("\n".join(faults) or f"{len(PLANTED)} planted faults are found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
