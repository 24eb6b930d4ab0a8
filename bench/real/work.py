"""Objects, text and containers that come and go. The argument is the number of rounds."""

import json
import re
import sys

STATE = [2026]


def dice(limit):
    """A seeded number below `limit`."""
    STATE[0] = (STATE[0] * 1103515245 + 12345) % 2147483648
    return STATE[0] // 65536 % limit


class Node:
    """A tree of strings."""

    def __init__(self, depth):
        self.name = "n" * dice(40)
        self.children = [Node(depth - 1), Node(depth - 1)] if depth else []


def documents():
    """Text out of containers and back."""
    table = {}
    for i in range(20000):
        table.setdefault(str(i * 7919 % 5003), []).append({"key": i, "value": "x" * dice(50)})
    text = json.dumps(table)
    return len(json.loads(text)) + len(re.findall(r"\d+", text))


def main():
    """Prints a sum, so that nothing can be left out."""
    kept = {}
    total = 0
    for _ in range(int(sys.argv[1])):
        kept[dice(4)] = Node(12)
        total += documents()
    print(total, len(kept))


main()
