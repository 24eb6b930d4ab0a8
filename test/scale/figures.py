"""One run of scale_count or scale_time, and figures of it."""

import json
import subprocess
import sys

RANKS = ["BOOT", "STATS", "LATE", "REGISTRY", "PURGE", "STORE", "HUGE", "GUARD", "META", "KEY"]
PLACES = ["static", "units", "record", "marks", "heap, own", "heap, shown", "heap, inbox", "block",
          "other"]
ATOMICS = ["exchange", "add", "cas", "cas failed"]
BLOCK = PLACES.index("block")
STATIC = PLACES.index("static")
WINDOW = 64 << 10
WORKS = ["small", "middle", "slice", "large", "burst", "shared", "pairs", "relay", "handover",
         "lives"]


def run(program, work, threads, arguments=()):
    """The JSON object that the program prints; the process ends if it fails."""
    command = [str(program), work, str(threads), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"scale: {' '.join(command)}: status {done.returncode}\n{done.stderr}",
              file=sys.stderr)
        sys.exit(2)
    return json.loads(done.stdout)


def per_window(result, rank):
    """How often a lock was taken for each 64 KiB that were allocated."""
    return result["locks"][rank]["taken"] * WINDOW / max(result["bytes"], 1)


def per_block(result, count):
    return count / max(result["blocks"], 1)


def locks_per_window(result):
    return sum(per_window(result, rank) for rank in range(len(RANKS)))


def atomics(result):
    """Atomic operations for each block, those of locks among them."""
    return per_block(result, sum(result["atomics"]))


def moves(result, of_blocks=False):
    """Lines that come from another processor, for each block: ours, or the blocks' own."""
    blocks = result["moves"][BLOCK]
    return per_block(result, blocks if of_blocks else sum(result["moves"]) - blocks)


def hold(result, rank):
    """Accesses to memory while a lock is held: on average."""
    lock = result["locks"][rank]
    return lock["accesses"] / max(lock["taken"], 1)


def symbols(program):
    """(address, name) of what the program defines, by address."""
    listing = subprocess.run(["nm", "--defined-only", str(program)], capture_output=True, text=True,
                             check=True).stdout
    rows = (line.split() for line in listing.splitlines())
    return sorted((int(row[0], 16), row[2]) for row in rows if len(row) == 3)


def name_of(known, address, bytes=1):
    """The symbols in [address, address + bytes), and the one that it begins in."""
    at = [name for start, name in known if address <= start < address + bytes]
    before = [name for start, name in known if start <= address][-1:]
    return before + [name for name in at if name not in before]
