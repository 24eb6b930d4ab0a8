"""Compiles an example in Rust against the layer and runs it: rust.py SOURCE LIBRARY"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    source, library = Path(sys.argv[1]), Path(sys.argv[2])
    if not shutil.which("rustc"):
        print("skipped: rustc is missing")
        return 1 if os.environ.get("ASH_NO_SKIP") == "1" else 77
    with tempfile.TemporaryDirectory() as name:
        program = Path(name, "program")
        done = subprocess.run(
            ["rustc", "-O", "--edition", "2021", "-o", str(program), str(source), "-L",
             str(library.parent), "-l", "ashlar-mimalloc", "-l", "ashlar",
             "-C", f"link-arg=-Wl,-rpath,{library.parent}"], check=False)
        if done.returncode == 0:
            done = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False)
            if done.stdout != "10000 words\n":
                print(f"said: {done.stdout}")
                return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
