"""Proves what ./dev check relies on: cmake/collect_tests.py gathers the tests of several builds,
keeps the labels asked for, leaves `long` out, and forbids skipping where nothing may be skipped.

    test_collect.py REPOSITORY
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = """
add_test(unit/passes "true")
set_tests_properties(unit/passes PROPERTIES LABELS unit)
add_test(unit/skips "sh" "-c" "exit 77")
set_tests_properties(unit/skips PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
add_test(tool/has_its_setting "sh" "-c" "test \\"$WORDS\\" = 'a;b' && test \\"$1\\" = ]]" "sh" "]]")
set_tests_properties(tool/has_its_setting PROPERTIES LABELS tool ENVIRONMENT "WORDS=a\\\\;b")
add_test(stress/hours "false")
set_tests_properties(stress/hours PROPERTIES LABELS "stress;long")
"""


def collect_and_run(repository, build, no_skip, *selections):
    """The outcome of every test, by its name."""
    environment = dict(os.environ, ASH_NO_SKIP="1" if no_skip else "")
    subprocess.run([sys.executable, str(repository / "cmake/collect_tests.py"),
                    str(build / "all"), *selections], check=True, env=environment)
    done = subprocess.run(["ctest", "--test-dir", str(build / "all")], env=environment,
                          stdout=subprocess.PIPE, text=True, check=False)
    outcomes = {}
    for line in done.stdout.splitlines():
        if " Test " in line and "#" in line:
            name = line.split(": ")[1].split(" ")[0]
            outcomes[name] = next(word for word in ("Passed", "Skipped", "Failed") if word in line)
    return outcomes


def expect(wanted, found):
    if wanted != found:
        sys.exit(f"wanted {wanted}\nfound  {found}")


def main():
    repository = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        for preset in ("debug", "release"):
            (build / preset).mkdir()
            (build / preset / "CTestTestfile.cmake").write_text(TESTS, encoding="utf-8")
        expect({"release/unit/passes": "Passed", "release/unit/skips": "Skipped",
                "release/tool/has_its_setting": "Passed",
                "debug/unit/passes": "Passed", "debug/unit/skips": "Skipped"},
               collect_and_run(repository, build, False, "release", "debug:unit,model"))
        expect({"debug/unit/passes": "Passed", "debug/unit/skips": "Failed"},
               collect_and_run(repository, build, True, "debug:unit"))


if __name__ == "__main__":
    main()
