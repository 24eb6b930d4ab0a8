"""What kind of machine this is, without naming it."""

import os
import platform
import re
from pathlib import Path


def cpu_model():
    """The processor's name from /proc/cpuinfo, or the architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def memory_gib():
    """Physical memory in GiB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def huge_pages():
    """The system's choice for transparent huge pages: always, madvise or never."""
    try:
        text = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = re.search(r"\[(\w+)\]", text)
    return found.group(1) if found else "unknown"


def kind():
    """A short name for file names: architecture and number of CPUs."""
    return f"{platform.machine()}-{len(os.sched_getaffinity(0))}cpu"


def describe():
    """Everything about the machine that a reader of results needs."""
    return {
        "kind": kind(),
        "cpu": cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_gib(), 1),
        "kernel": platform.release().split("-")[0],
        "huge_pages": huge_pages(),
    }
