#!/usr/bin/env python3
"""The simulation against what can be said without one: the law of a lock, of a word, of neither.

The figures are made up; few events are enough.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import curves
import figures
import simulate

HERE = Path(__file__).resolve().parent
MACHINE = simulate.Machine(move_ns=50, clock_ns=20, wake_ns=40000, wake_call_ns=10000)
EVENTS = 6000
NEAR = 0.08  # of what is expected: things come at random

LOCK = {"taken": 0, "moves": 0, "held_ns": 0}
ALONE = {"work": "small", "threads": 1, "blocks": 1000, "ns": 100000, "locks": [LOCK] * 10}
COUNTED = {"work": "small", "threads": 32, "blocks": 1000, "locks": [LOCK] * 10,
           "moves": [0] * len(figures.PLACES), "hot_lines": []}


def load(private_ns=100.0, shared=(), moves_ns=0.0):
    return simulate.Load("small", private_ns, list(shared), moves_ns)


def rate(what, cores):
    """Blocks of each core for each nanosecond."""
    return simulate.simulate(what, MACHINE, cores, EVENTS)[0] / 1e9


def curve(what):
    return simulate.curve(what, MACHINE, [1, 2, 4, 8, 16], EVENTS)


class TheSimulation(unittest.TestCase):
    def near(self, found, expected):
        self.assertAlmostEqual(found / expected, 1, delta=NEAR)

    def test_cores_that_share_nothing_do_as_one_alone(self):
        for cores in 1, 16:
            self.near(rate(load(), cores), 1 / 100)
        self.assertIsNone(curve(load()).bent())

    def test_lines_that_move_cost_only_who_has_company(self):
        what = load(moves_ns=25)
        self.near(rate(what, 1), 1 / 100)
        self.near(rate(what, 16), 1 / 125)

    def test_one_core_pays_a_lock_its_hold_and_no_move(self):
        what = load(shared=[simulate.Shared("STORE", 0.5, 80, 1000, True)])
        self.near(rate(what, 1), 1 / (100 + 0.5 * 80))

    def test_a_lock_serves_one_core_at_a_time(self):
        what = load(shared=[simulate.Shared("STORE", 0.5, 80, 120, True)])
        least = 0.5 * 80  # one core after itself; the next one waits for the line, too
        self.assertLess(16 * rate(what, 16) * least, 1.01)
        self.assertLess(curve(what).bent(), 16)

    def test_a_word_of_all_threads_serves_one_core_at_a_time(self):
        what = load(10, [simulate.Shared("line", 1, 0, 50, False)])
        self.near(16 * rate(what, 16), 1 / 50)

    def test_a_planted_lock_for_all_bends_at_once(self):
        self.near(rate(simulate.planted(load()), 1), 1 / 100)
        self.assertLessEqual(curve(simulate.planted(load())).bent(), 4)

    def test_what_is_rarely_shared_does_not_bend(self):
        what = load(shared=[simulate.Shared("STORE", 1e-4, 500, 500, True)])
        self.assertIsNone(curve(what).bent())


class ALoad(unittest.TestCase):
    def test_is_made_of_counts_and_times(self):
        alone = ALONE | {"locks": [LOCK | {"taken": 100, "held_ns": 12000}] + [LOCK] * 9}
        moves = [300] + [0] * (len(figures.PLACES) - 1)
        counted = COUNTED | {"locks": [LOCK | {"taken": 200, "moves": 100}] + [LOCK] * 9,
                             "moves": moves, "hot_lines": [[64, figures.STATIC, 60, 50]]}
        made = simulate.load_of(counted, alone, MACHINE)
        lock, word = made.shared
        self.assertEqual((lock.per_block, lock.service_ns, lock.moved_ns), (0.2, 100, 25))
        self.assertEqual((word.per_block, word.moved_ns), (0.05, 50))
        self.assertAlmostEqual(made.private_ns, 100 - 0.1 * (100 + 40))
        self.assertAlmostEqual(made.moves_ns, (0.3 - 0.1 - 0.05) * 50)


class TheCommand(unittest.TestCase):
    def run_it(self, *more):
        with tempfile.TemporaryDirectory() as folder:
            for name, what in (("counted", [COUNTED]),
                               ("timed", {"machine": vars(MACHINE), "runs": [ALONE]})):
                Path(folder, name).write_text(json.dumps(what), encoding="utf-8")
            command = [sys.executable, HERE / "simulate.py", "--counted", f"{folder}/counted",
                       "--timed", f"{folder}/timed", "--works", "small", "--cores", "1,2,8",
                       "--events", str(EVENTS), "--unbent", "8", *more]
            return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_says_which_workload_bends(self):
        done = self.run_it("--planted")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("small, one lock for all: bends with", done.stderr)

    def test_adds_what_the_program_does_with_a_block(self):
        self.assertIn("| small | 2100 | 1.00 |", self.run_it("--use-ns", "2000").stdout)

    def test_is_content_where_none_bends(self):
        done = self.run_it("--compare")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| small | 1 | 100.0 |", done.stdout)


class ThePicture(unittest.TestCase):
    def test_has_a_line_and_a_name_for_each_curve(self):
        drawn = curves.render([curve(load()), curve(simulate.planted(load()))])
        self.assertIn(">small</text>", drawn)
        self.assertIn(">small, one lock for all</text>", drawn)
        self.assertEqual(drawn.count("stroke-width='2'"), 2 * 4)


if __name__ == "__main__":
    unittest.main()
