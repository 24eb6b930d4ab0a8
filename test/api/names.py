"""Whether headers.h uses every function that the library exports under its own names.

    names.py EXPORTS CALLS             fails with the names of those it does not use
    names.py EXPORTS CALLS planted     fails unless a name that is taken out is found
"""

import re
import sys
from pathlib import Path


def missing(exports, calls):
    """The exported functions that are not called."""
    used = set(re.findall(r"\b(ash_\w+)\(", calls))
    return [name for name in exports.split() if name.startswith("ash_") and name not in used]


def main():
    exports, calls = (Path(path).read_text(encoding="utf-8") for path in sys.argv[1:3])
    if sys.argv[3:] == ["planted"]:
        found = missing(exports, calls.replace("ash_heap_collect(", "ash_collect("))
        return 0 if found == ["ash_heap_collect"] else f"names: found {found}"
    left = missing(exports, calls)
    return f"names: {sys.argv[2]} does not use {', '.join(left)}" if left else 0


if __name__ == "__main__":
    sys.exit(main())
