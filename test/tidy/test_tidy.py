"""Proves that each rule of tools/tidy can fail, that tidy sources pass, and the same of format.py.

    test_tidy.py REPOSITORY {clean|every_rule_is_planted|badly_formatted|RULE}
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from planted import ALSO, CLEAN, PLANTED


def tidy(repository, tree):
    """Writes `tree` to a folder of its own and returns what tidy.py says of it."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        command = [sys.executable, str(repository / "tools/tidy/tidy.py"), "--root", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def reported_rules(report):
    return {line.split(": ")[1] for line in report.splitlines()}


def check_clean(repository):
    status, report = tidy(repository, CLEAN)
    if status != 0 or report:
        return f"tidy sources are refused:\n{report}"
    return None


def check_planted(repository, rule):
    for tree in [PLANTED[rule], *ALSO.get(rule, [])]:
        status, report = tidy(repository, tree)
        if status != 1 or reported_rules(report) != {rule}:
            return f"{rule} alone must be reported for {tree}, and status 1; got {status}\n{report}"
    return None


def check_every_rule(repository):
    command = [sys.executable, str(repository / "tools/tidy/tidy.py"), "--rules"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rules = {line.split()[0] for line in listed.splitlines()}
    if rules != set(PLANTED):
        return f"rules and planted failures differ in {sorted(rules ^ set(PLANTED))}"
    return None


def check_badly_formatted(repository):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bad.c")
        file.write_text("int  x ;\n", encoding="utf-8")
        command = [sys.executable, str(repository / "tools/tidy/format.py")]
        before = subprocess.run([*command, "--check", str(file)], capture_output=True, check=False)
        subprocess.run([*command, str(file)], check=True)
        after = subprocess.run([*command, "--check", str(file)], capture_output=True, check=False)
    if before.returncode != 1 or after.returncode != 0:
        return "format.py --check must fail before formatting and pass after it"
    return None


def main():
    repository, what = Path(sys.argv[1]).resolve(), sys.argv[2]
    checks = {"clean": check_clean, "every_rule_is_planted": check_every_rule,
              "badly_formatted": check_badly_formatted}
    if what in checks:
        problem = checks[what](repository)
    else:
        problem = check_planted(repository, what)
    if problem:
        sys.exit(problem)


if __name__ == "__main__":
    main()
