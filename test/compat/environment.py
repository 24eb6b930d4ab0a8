"""What MIMALLOC_* variables do: environment.py PROGRAM [planted]"""

import os
import subprocess
import sys

# Variables, then what the program must say of an option (or None), and on standard error.
CASES = [
    ({"MIMALLOC_PURGE_DELAY": "77"}, "purge_delay 77 77 77", ""),
    ({"mimalloc_purge_delay": "-1"}, "purge_delay -1 0 3600000", ""),
    ({"MIMALLOC_RESET_DELAY": "78"}, "purge_delay 78 78 78", ""),
    ({"MIMALLOC_PURGE_DELAY": "77", "ASHLAR_PURGE_DELAY": "5"}, "purge_delay 77 77 5", ""),
    ({"ASHLAR_PURGE_DELAY": "5"}, "purge_delay 5 5 5", ""),
    ({"MIMALLOC_ALLOW_THP": "off"}, "allow_thp 0 0 0", ""),
    ({"MIMALLOC_ALLOW_THP": "Yes"}, "allow_thp 1 1 1", ""),
    ({"MIMALLOC_ARENA_RESERVE": "2M"}, "arena_reserve 2048 2097152 0", ""),
    ({"MIMALLOC_ARENA_RESERVE": "1GiB"}, "arena_reserve 1048576 1073741824 0", ""),
    ({"MIMALLOC_ARENA_RESERVE": "5000"}, "arena_reserve 5 5120 0", ""),
    ({"MIMALLOC_RESERVE_OS_MEMORY": "8M"}, "reserve_os_memory 8192 8388608 0", ""),
    ({"MIMALLOC_ARENA_RESERVE": "5X"}, "arena_reserve 1048576 1073741824 0",
     "ashlar: ASH302: MIMALLOC_arena_reserve=5X is ignored: say a size, such as 64M\n"),
    ({"MIMALLOC_OS_TAG": "many"}, "os_tag 100 100 0",
     "ashlar: ASH302: MIMALLOC_os_tag=many is ignored: say a number, on or off\n"),
    ({"MIMALLOC_OS_TAG": "99999999999999999999"}, "os_tag 100 100 0",
     "ashlar: ASH302: MIMALLOC_os_tag=99999999999999999999 is ignored: say a number, on or off\n"),
    ({"MIMALLOC_OS_TAGS": "5", "XMIMALLOC_OS_TAG": "5"}, "os_tag 100 100 0", ""),
]


def fault(program, variables, line, complaint):
    """What is wrong with a case, or an empty string."""
    clean = {name: value for name, value in os.environ.items()
             if not name.upper().startswith(("MIMALLOC_", "ASHLAR_"))}
    done = subprocess.run([program], env={**clean, **variables}, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0 or line not in done.stdout.splitlines() or done.stderr != complaint:
        return f"{variables}: wanted {line!r} and {complaint!r}\n{done.stdout}{done.stderr}"
    return ""


def main():
    program = sys.argv[1]
    if len(sys.argv) > 2:
        planted = fault(program, {"MIMALLOC_PURGE_DELAY": "77"}, "purge_delay 78 78 78", "")
        return 0 if planted else 1
    faults = [text for case in CASES if (text := fault(program, *case))]
    print("\n".join(faults) or f"{len(CASES)} environments")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
