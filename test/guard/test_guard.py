"""What is reported of guarded blocks: the line, its distance, the stacks, and how the process ends.

    test_guard.py LIBRARY MISUSE report [--tier N] [--off-by-one | --without]
    test_guard.py LIBRARY HANDLERS handlers [--without]
    test_guard.py LIBRARY HANDLERS off
    test_guard.py LIBRARY SAMPLING sampling [--tier N] [--every N] CLAIM EVERY [PERCENT]

--off-by-one, --without and --every are the planted failures: a distance that is not the one, a
process in which nothing is guarded, and another rate.
"""

import argparse
import os
import re
import signal
import subprocess
import sys

SEGV, ABRT = -signal.SIGSEGV, -signal.SIGABRT
BEHIND, BEFORE, FREED = "ASH115: overflow", "ASH116: underflow", "ASH117: use after free"
TAKEN = ("allocated", 0, "who_allocates")
GIVEN = ("freed", 1, "who_frees")
TOUCHED = ("accessed", 2, "who_touches")

# How the process ends; what is said, of the block or of the pointer that was freed; the rest of
# the line, with the distance D; and the stacks, with the thread that each is of and the function
# that is innermost.
KINDS = {
    "overflow": (SEGV, BEHIND, "an access D behind", [TAKEN, TOUCHED]),
    "overflow_far": (SEGV, BEHIND, "an access D behind", [TAKEN, TOUCHED]),
    "underflow": (SEGV, BEFORE, "an access D before", [TAKEN, TOUCHED]),
    "underflow_far": (SEGV, BEFORE, "an access D before", [TAKEN, TOUCHED]),
    "overflow_in_page": (ABRT, BEHIND, "something was written D behind",
                         [TAKEN, ("found by a free", 1, "who_frees")]),
    "underflow_in_page": (ABRT, BEFORE, "something was written D before",
                          [TAKEN, ("found by a free", 1, "who_frees")]),
    "overflow_at_beginning": (ABRT, BEHIND, "something was written D behind",
                              [TAKEN, ("found by a free", 1, "who_frees")]),
    "use_after_free": (SEGV, FREED, "an access to byte D of", [TAKEN, GIVEN, TOUCHED]),
    "use_in_thread": (SEGV, FREED, "an access to byte D of", [TAKEN, GIVEN, TOUCHED]),
    "use_in_child": (SEGV, FREED, "an access to byte D of", [TAKEN, GIVEN, TOUCHED]),
    "double_free": (ABRT, "ASH118: double free", "it is free already, a block",
                    [TAKEN, GIVEN, ("freed again", 2, "who_frees")]),
    "free_inside": (ABRT, "ASH119: free", "it leads to byte D of",
                    [TAKEN, ("called", 2, "who_frees")]),
    "free_behind": (ABRT, "ASH119: free", "it leads D behind",
                    [TAKEN, ("called", 2, "who_frees")]),
    "realloc_after_free": (ABRT, "ASH119: realloc", "it leads to byte D of",
                           [TAKEN, GIVEN, ("called", 2, "who_resizes")]),
}
SAID = re.compile(r"block=0x([0-9a-f]+) bytes=(\d+) at=(-?\d+) threads=(\d+),(\d+),(\d+)")
FRAME = re.compile(r"ashlar:   #(\d+) (\S+\+0x[0-9a-f]+|0x[0-9a-f]+)(?: \((\S+)\))?")


def run(options, *words, **environment):
    """The program with each block guarded, if it has room."""
    values = {"LD_PRELOAD": options.library, "ASHLAR_GUARD_SAMPLE": "1",
              "ASHLAR_HARDEN": str(options.tier), **environment}
    if options.without:
        del values["ASHLAR_GUARD_SAMPLE"]
    return subprocess.run([options.program, *words], capture_output=True, text=True, check=False,
                          timeout=60, env={**os.environ, **values})


def expected_line(kind, block, bytes_, at):
    _, what, rest, _ = KINDS[kind]
    inside = 0 <= at < bytes_
    distance = at if inside else -at if at < 0 else at - bytes_ + 1
    text = f"{distance}" if inside else f"{distance} byte{'' if distance == 1 else 's'}"
    pointer = block + (at if what.startswith("ASH119") else 0)
    of = "" if rest.endswith("a block") else " a block"
    free = ", which is free" if kind.startswith(("use", "realloc")) else ""
    return (f"ashlar: {what} of 0x{pointer:x}: {rest.replace('D', text, 1)}{of} of {bytes_} bytes"
            f"{free}; the lines below say who")


def stacks_of(lines):
    """[(what, thread, [names])] of the lines behind the first."""
    stacks = []
    for line in lines:
        head = re.fullmatch(r"ashlar: ([a-z ]+) by thread (\d+):", line)
        frame = FRAME.fullmatch(line)
        if head:
            stacks.append((head.group(1), head.group(2), []))
        elif frame and stacks:
            stacks[-1][2].append(frame.group(3))
        else:
            stacks.append((f"no line of a stack: {line}", "", []))
    return stacks


def faults_of(options, kind):
    done = run(options, kind)
    said = SAID.search(done.stdout)
    if not said:
        return [f"the program says {done.stdout!r} and {done.stderr!r}"]
    block, (bytes_, at) = int(said.group(1), 16), map(int, said.group(2, 3))
    threads = said.group(4, 5, 6)
    at += 1 if options.off_by_one else 0
    end, _, _, wanted = KINDS[kind]
    faults = [] if done.returncode == end else [f"it ends with {done.returncode}, not {end}"]
    lines = done.stderr.splitlines() or [""]
    line = expected_line(kind, block, bytes_, at)
    if not lines[0].startswith(line):
        faults.append(f"the line is\n  {lines[0]}\nand should be\n  {line}")
    found = [(what, thread, names[0] if names else None)
             for what, thread, names in stacks_of(lines[1:])]
    should = [(what, threads[i], name) for what, i, name in wanted]
    if found != should:
        faults.append(f"the stacks are {found} and should be {should}")
    return faults


def report(options):
    bad = 0
    for kind in KINDS:
        for fault in faults_of(options, kind):
            bad += 1
            print(f"test_guard: {kind}: {fault}")
    calm = run(options, "nothing")
    if not options.without and (calm.returncode != 0 or calm.stderr):
        bad += 1
        print(f"test_guard: nothing: ends with {calm.returncode}, and says {calm.stderr}")
    return bad


# What becomes of a bad access, or of a signal that was sent, with the handler that was there: how
# the process ends, what that handler says, and whether ashlar says anything.
HEARD = {
    ("none", "guarded"): (SEGV, "", True),
    ("handler", "guarded"): (7, "segv fault there\n", True),
    ("plain", "guarded"): (7, "segv\n", True),
    ("once", "guarded"): (SEGV, "once\n", True),
    ("ignore", "guarded"): (SEGV, "", True),
    ("none", "null"): (SEGV, "", False),
    ("none", "sent"): (SEGV, "", False),
    ("none", "bus"): (-signal.SIGBUS, "", False),
    ("handler", "null"): (7, "segv fault there\n", False),
    ("handler", "sent"): (7, "segv sent elsewhere\n", False),
    ("handler", "bus"): (7, "bus fault there\n", False),
    ("once", "null"): (SEGV, "once\n", False),
    ("ignore", "sent"): (0, "", False),
    ("none", "state"): (0, "a handler a pool\n", False),
}


def handlers(options):
    bad = 0
    for words, wanted in HEARD.items():
        done = run(options, *words)
        found = (done.returncode, done.stdout, done.stderr.startswith("ashlar: ASH117: "))
        if found != wanted or (done.stderr and not wanted[2]):
            bad += 1
            print(f"test_guard: {' '.join(words)}: {found} and not {wanted}; {done.stderr}")
    return bad


def off(options):
    """Without the option there is neither a handler nor a pool; nor for a bad value of it."""
    bad = 0
    for value in ("0", "none", ""):
        done = run(options, "none", "state", ASHLAR_GUARD_SAMPLE=value)
        if done.stdout != "no handler no pool\n":
            bad += 1
            print(f"test_guard: guard_sample={value}: there is {done.stdout}")
    options.without = True
    done = run(options, "none", "state")
    if done.stdout != "no handler no pool\n" or done.stderr:
        bad += 1
        print(f"test_guard: without guard_sample there is {done.stdout}{done.stderr}")
    return bad


def sampling(options):
    """A claim of sampling.c, and what it takes: NAME EVERY [PERCENT]."""
    every = str(options.every) if options.every else options.words[1]
    done = run(options, *options.words, ASHLAR_GUARD_SAMPLE=every)
    print(done.stdout + done.stderr, end="")
    return done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("program")
    parser.add_argument("what", choices=["report", "handlers", "off", "sampling"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--tier", type=int, default=0)
    parser.add_argument("--every", type=int)
    parser.add_argument("--off-by-one", action="store_true")
    parser.add_argument("--without", action="store_true")
    options = parser.parse_intermixed_args()
    checks = {"report": report, "handlers": handlers, "off": off, "sampling": sampling}
    return 1 if checks[options.what](options) else 0


if __name__ == "__main__":
    sys.exit(main())
