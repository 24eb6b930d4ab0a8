"""Runs a program that prints its options, and holds what it says against what it should.

    options.py {environment|program|build|statistics|planted} PROGRAM
"""

import os
import re
import subprocess
import sys


def run(program, *arguments, **variables):
    """Standard output by line, and standard error."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASHLAR_")}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                          env=clean | variables)
    if done.returncode != 0:
        sys.exit(f"{program} ends with {done.returncode}: {done.stderr}")
    return done.stdout.splitlines(), done.stderr


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"{what}: {seen!r} instead of {wanted!r}")


def has(lines, *wanted):
    for line in wanted:
        if line not in lines:
            sys.exit(f"there is no line '{line}' in:\n" + "\n".join(lines))


def environment(program):
    lines, said = run(program)
    has(lines, "purge_delay=500 (default)", "huge_pages=1 (default)", "verbose=0 (default)")
    expect("without options", said, "")
    lines, said = run(program, "show_stats=perhaps", ASHLAR_OPTIONS="purge_delay=2s,huge_pages=no",
                      ASHLAR_HUGE_PAGES="on")
    has(lines, "purge_delay=2000 (ASHLAR_OPTIONS)", "huge_pages=1 (environment)",
        "'perhaps' is no value for show_stats; it wants on or off")
    expect("good options", said, "")
    _, said = run(program, ASHLAR_PURGE_DELY="1")
    expect("a mistyped one", said, "ashlar: ASH303: ASHLAR_PURGE_DELY is ignored: no option"
           " has this variable; the nearest is ASHLAR_PURGE_DELAY\n")


def of_program(program):
    lines, said = run(program)
    has(lines, "purge_delay=3000 (program)", "huge_pages=0 (program)",
        "helper_thread_min=8388608 (default)")
    expect("a bad one of the program", said, "ashlar: ASH302: an entry of ash_options_default is"
           " ignored: 'oops' is no value for helper_thread_min; it wants 0 to 1073741824 bytes,"
           " such as 64K or 1M\n")
    lines, _ = run(program, ASHLAR_OPTIONS="purge_delay=4s")
    has(lines, "purge_delay=4000 (ASHLAR_OPTIONS)", "huge_pages=0 (program)")


def of_build(program):
    lines, said = run(program)
    has(lines, "purge_delay=7 (build)", "huge_pages=1 (default)")
    expect("a bad one of the build", said, "ashlar: ASH302: an entry of the build's default"
           " options is ignored: 'x' is no value for huge_pages; it wants on or off\n")


def statistics(program):
    _, said = run(program, ASHLAR_SHOW_STATS="on")
    if not re.search(r"\Aashlar:\nprocess +=( )\d+\nactive bytes +=\1\d+\n", said):
        sys.exit(f"no statistics at the end: {said!r}")
    _, said = run(program, "show_stats=on")
    if "in use bytes" not in said:
        sys.exit("no statistics when set by a call")
    _, said = run(program, "show_stats=off", ASHLAR_SHOW_STATS="1")
    expect("turned off again", said, "")


def planted(program):
    """The checks above must fail for a program that has none of it."""
    script = [sys.executable, __file__]
    for check in ("program", "build"):
        done = subprocess.run([*script, check, program], capture_output=True, text=True,
                              check=False)
        if done.returncode == 0 or "there is no line 'purge_delay=" not in done.stderr:
            sys.exit(f"'{check}' passes a program without options of its own")


def main():
    checks = {"environment": environment, "program": of_program, "build": of_build,
              "statistics": statistics, "planted": planted}
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    checks[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
