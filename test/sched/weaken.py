#!/usr/bin/env python3
"""Copies a source file with one memory order weakened.

    weaken.py FILE "FUNCTION OPERATION OPERAND" ORDER COPY

The access is named as in orders.txt: the first of that operation in the function. Of a
compare-exchange, the order of its success is meant; acq_rel for a load is acquire, for a store
release.
"""

import re
import sys
from pathlib import Path

CALLS = {"load": "load", "store": "store", "exchange": "exchange", "add": "fetch_add",
         "cas": r"compare_exchange_(?:strong|weak)"}

HALVES = {("load", "acq_rel"): "acquire", ("store", "acq_rel"): "release"}


def weakened(text, access, order):
    """The text with another order there, or None if the access is not in it."""
    function, operation, operand = access.split(" ", 2)
    order = HALVES.get((operation, order), order)
    call = (rf"\b{re.escape(function)}\([^;{{]*\{{.*?atomic_{CALLS[operation]}_explicit\("
            rf"\s*&?{re.escape(operand)},.*?\bmemory_order_(\w+)")
    found = re.search(call, text, re.DOTALL)
    if not found or "\n}\n" in found.group(0):
        return None
    return text[:found.start(1)] + order + text[found.end(1):]


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    _, path, access, order, copy = sys.argv
    text = weakened(Path(path).read_text(encoding="utf-8"), access, order)
    if text is None:
        return 1
    Path(copy).parent.mkdir(parents=True, exist_ok=True)
    Path(copy).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
