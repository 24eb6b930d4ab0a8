#!/usr/bin/env python3
"""Counts what calls cost with 1 to 4,096 threads, and checks that it stays flat.

    scale.py --program build/release/test/scale/scale_count [--threads 1,8,64] [--works small,pairs]
    scale.py ... --json FILE     keeps all figures, for simulate.py
    scale.py ... --hot           which lines move, and which code has atomic operations
    scale.py ... --planted lock  with a fault in every step: the limits have to find it

Exit status: 0 done, 1 a limit is missed, 2 it could not run. README.md says what is counted.
"""

import argparse
import json
import sys

import figures

# A lock of the process may be taken so often for each 64 KiB that are allocated.
LOCKS_MAX = 1.0
# Where a block is larger than 32 KiB and smaller than 64: to take it, and to give it back.
BLOCK_LOCKS_MAX = {"slice": 2}
# Where less is allocated between two of them: for each thread that begins and ends, having used
# some twenty classes.
LIFE_BLOCKS = 200
LIFE_LOCKS_MAX = {"REGISTRY": 6, "STORE": 42, "PURGE": 2, "META": 1}
# The longest hold, in accesses to memory, with any number of threads.
HOLD_MAX = 1500
# With the most threads, against the fewest that share anything with many. Where long runs are
# looked for, the index of what is free has more lines in a larger heap, and one more level for 64
# times as much. A thread that begins looks at 16 heaps for each span that it takes, once the
# process has 8 MiB (src/heap/recall.h).
GROWTH_MAX = 1.25
GROWTHS_MAX = {("large", "moves"): 1.6, ("lives", "moves"): 3.5}
SLACK = {"atomics": 0.02, "moves": 0.08}
SHARING = 8
# Lines of the library's own that move, for each block, by workload: where nothing is handed to
# other threads next to none; where each block takes slices some that the store's lock guards.
MOVES_MAX = {"small": 0.05, "middle": 0.2, "burst": 0.3, "shared": 0.1, "pairs": 0.5, "relay": 0.4,
             "handover": 1, "lives": 5, "slice": 24, "large": 30}
# And lines of the program's blocks: of those that another thread frees the library touches one in
# many (src/heap/node.h).
BLOCK_MOVES_MAX = {"pairs": 0.5, "relay": 0.5, "handover": 0.2, "lives": 0.1}
BLOCK_MOVES_ELSE = 0.02


def lock_limit(result, rank):
    """How often the lock was taken, how often it may be, and for what."""
    taken = result["locks"][rank]["taken"]
    if result["work"] == "lives":
        lives = figures.per_block(result, taken) * LIFE_BLOCKS
        return lives, LIFE_LOCKS_MAX.get(figures.RANKS[rank], 0), "life of a thread"
    if result["work"] in BLOCK_LOCKS_MAX:
        return figures.per_block(result, taken), BLOCK_LOCKS_MAX[result["work"]], "block"
    return figures.per_window(result, rank), LOCKS_MAX, "64 KiB"


def check_locks(result):
    """What is taken too often or held too long, as sentences."""
    found = []
    what = f"{result['work']}, {result['threads']} threads: the lock "
    for rank, name in enumerate(figures.RANKS):
        taken, limit, unit = lock_limit(result, rank)
        if taken > limit * 1.01:
            found.append(f"{what}{name} is taken {taken:.2f} times for each {unit}, "
                         f"the limit is {limit}")
        longest = result["locks"][rank]["accesses_max"]
        if longest > HOLD_MAX:
            found.append(f"{what}{name} is held for {longest} accesses, the limit is {HOLD_MAX}")
    return found


def check_growth(results, what, figure):
    """Of one workload: a sentence if the figure grows with the number of threads."""
    last = results[-1]
    first = next((result for result in results if result["threads"] >= SHARING), last)
    before, after = figure(first), figure(last)
    limit = GROWTHS_MAX.get((last["work"], what), GROWTH_MAX)
    if after <= before * limit + SLACK[what]:
        return []
    return [f"{last['work']}: {what} grow from {before:.3f} a block with {first['threads']} "
            f"threads to {after:.3f} with {last['threads']}"]


def check_moves(result):
    work, found = result["work"], []
    limits = ((figures.moves(result), MOVES_MAX[work], "of the library's own lines"),
              (figures.moves(result, of_blocks=True), BLOCK_MOVES_MAX.get(work, BLOCK_MOVES_ELSE),
               "of the lines of the program's blocks"))
    for moves, limit, lines in limits:
        if moves > limit:
            found.append(f"{work}, {result['threads']} threads: {lines} move {moves:.2f} a block, "
                         f"the limit is {limit}")
    return found


def check(results):
    found = [sentence for result in results
             for sentence in check_locks(result) + check_moves(result)]
    found += check_growth(results, "atomics", figures.atomics)
    return found + check_growth(results, "moves", figures.moves)


def row(result):
    locks = result["locks"]
    worst = max(range(len(locks)), key=lambda rank: locks[rank]["taken"])
    longest = max(range(len(locks)), key=lambda rank: locks[rank]["accesses_max"])
    cells = [result["work"], str(result["threads"]),
             f"{figures.per_window(result, worst):.3f} {figures.RANKS[worst]}",
             f"{figures.locks_per_window(result):.3f}",
             f"{figures.hold(result, worst):.0f}",
             f"{locks[longest]['accesses_max']} {figures.RANKS[longest]}",
             f"{figures.atomics(result):.3f}", f"{figures.moves(result):.3f}",
             f"{figures.moves(result, of_blocks=True):.3f}"]
    return "| " + " | ".join(cells) + " |"


HEAD = """| workload | threads | lock taken most, per 64 KiB | all locks, per 64 KiB | \
accesses a hold | longest hold | atomics a block | lines moved a block: ours | of the blocks |
|---|--:|--:|--:|--:|--:|--:|--:|--:|"""


def print_hot(program, result):
    known = figures.symbols(program)
    for address, place, count, _ in result["hot_lines"]:
        names = figures.name_of(known, address, 64) if place == figures.STATIC else []
        print(f"    line {address:#x} {figures.PLACES[place]:12} "
              f"{figures.per_block(result, count):.4f} a block  {' '.join(names)}")
    for code, count in result["hot_sites"]:
        print(f"    atomics {figures.per_block(result, count):.4f} a block  "
              f"{' '.join(figures.name_of(known, code)[:1])} {code:#x}")


def count(options, work):
    arguments = []
    for name in ("warm", "turns", "quantum", "planted"):
        if getattr(options, name) is not None:
            arguments += [f"--{name}", getattr(options, name)]
    if work == "lives":  # each step is a thread's whole life; the last of two options counts
        arguments += ["--turns", 20, "--warm", 3]
    results = []
    for threads in options.threads:
        result = figures.run(options.program, work, threads, arguments)
        results.append(result)
        print(row(result), flush=True)
        if options.hot and threads == options.threads[-1]:
            print_hot(options.program, result)
    return results


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--threads", default="1,2,4,8,16,32",
                        type=lambda text: sorted(int(n) for n in text.split(",")))
    parser.add_argument("--works", default=figures.WORKS, type=lambda text: text.split(","))
    parser.add_argument("--json")
    parser.add_argument("--hot", action="store_true")
    parser.add_argument("--planted")
    for name in ("warm", "turns", "quantum"):
        parser.add_argument(f"--{name}")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    print(HEAD)
    kept, found = [], []
    for work in options.works:
        results = count(options, work)
        kept += results
        found += check(results)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(kept, file)
    for sentence in found:
        print(f"scale: {sentence}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
