"""Asks a library for its own version: a small program that loads it, and its caller.

Run as a program with the library preloaded, it prints the version. Preloaded, since
an allocator's thread-local storage may not fit in where dlopen has to put it.
"""

import ctypes
import os
import subprocess
import sys


def mimalloc(library):
    """mi_version() is 20401 for 2.4.1, and was 209 for 2.0.9."""
    number = library.mi_version()
    base = 10 if number < 1000 else 100
    return f"{number // base // base}.{number // base % base}.{number % base}"


def jemalloc(library):
    """mallctl("version") up to the commit; 0.0.0 is a build that does not know."""
    text = ctypes.c_char_p()
    size = ctypes.c_size_t(ctypes.sizeof(text))
    library.mallctl(b"version", ctypes.byref(text), ctypes.byref(size), None, ctypes.c_size_t(0))
    version = (text.value or b"").decode().split("-")[0]
    return "" if version == "0.0.0" else version


def tcmalloc(library):
    """tc_version() of gperftools."""
    library.tc_version.restype = ctypes.c_char_p
    return library.tc_version(None, None, None).decode().split(" ")[-1]


def ashlar(library):
    """ash_version() is 100 for 0.1.0."""
    number = library.ash_version()
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


ASKS = {"mi_version": mimalloc, "mallctl": jemalloc, "tc_version": tcmalloc,
        "ash_version": ashlar}


def ask(path):
    """The version a library gives of itself, or ""."""
    library = ctypes.CDLL(path)
    for name, function in ASKS.items():
        if hasattr(library, name):
            return function(library)
    return ""


def of_library(path):
    """What `ask` says, found out in another process; "" when it does not work."""
    environment = dict(os.environ, LD_PRELOAD=str(path))
    try:
        done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True,
                              text=True, env=environment, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    print(ask(sys.argv[1]))
