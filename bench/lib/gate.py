"""Limits that a run has to keep: --check time=1.05 and the like."""

from .errors import BenchError

KEYS = ("time", "memory")


def parse(text):
    """(key, limit) of 'time=1.05' or 'memory=1.15'."""
    key, equals, number = text.partition("=")
    try:
        limit = float(number)
    except ValueError:
        limit = -1.0
    if key not in KEYS or not equals or limit <= 0:
        raise BenchError(f"--check '{text}': say time=LIMIT or memory=LIMIT, as in memory=1.15")
    return key, limit


def broken(data, checks):
    """The limits that the results miss, as sentences."""
    if not checks:
        return []
    goals = data.get("goals")
    if goals is None:
        raise BenchError(f"--check needs {data['subject']} among the allocators: build it, or name "
                         "another with --subject")
    problems = []
    for key, limit in checks:
        value = goals[key]
        if value is None:
            problems.append(f"{key}: no row tells; choose other rows")
        elif value < limit:
            problems.append(f"{key}: best peer / {data['subject']} is {value:.3f}, "
                            f"at least {limit:g} wanted")
    return problems
