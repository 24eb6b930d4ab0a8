#!/usr/bin/env python3
"""Simulates more processors than there are, from counted and timed figures.

    simulate.py --counted counted.json --timed timed.json [--cores 1,2,4,...] [--works small,pairs]
    simulate.py ... --compare      with what was measured
    simulate.py ... --svg FILE     the curves
    simulate.py ... --use-ns 2400  of programs that use each block for so long
    simulate.py ... --unbent 64    status 1 if a workload bends with 64 cores or fewer

Each core allocates and frees, all for itself (`private_ns` a block), until it needs a lock, or a
line that moves. Locks are ashlar's: 64 looks, then sleep; who drops a lock on which somebody
sleeps wakes one; whoever comes first has it. A word that all threads write to serves one core at a
time. All other lines that move take their time and stand in nobody's way. README.md says what is
left out.
"""

import argparse
import heapq
import json
import random
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import curves
import figures

# Looks at a lock that is held take about this long in all, before its thread sleeps.
SPIN_NS = 2500
# Bent: a core does less than this share of what it does with two of them.
BENT = 0.8
# A variable that moves more often than so for a block serves one core at a time.
WORD_MIN = 1e-4
EVENTS = 40000
EVENTS_A_CORE_MIN = 200


@dataclass
class Shared:
    """What one core uses at a time."""
    name: str
    per_block: float  # how often
    service_ns: float  # of a core that had it last
    moved_ns: float    # and of another one
    sleeps: bool      # a lock; else a line


@dataclass
class Load:
    work: str
    private_ns: float
    shared: list
    moves_ns: float    # a block, for lines that stand in nobody's way


@dataclass
class Machine:
    move_ns: float
    clock_ns: float
    wake_ns: float
    wake_call_ns: float


@dataclass
class Server:
    holder: int = -1
    last: int = -1
    waited: bool = False                           # somebody may sleep
    spinning: deque = field(default_factory=deque)  # (core, since)
    sleeping: deque = field(default_factory=deque)
    held_ns: float = 0


class Simulation:
    """Discrete events: (time, number, what, core)."""

    def __init__(self, load, machine, cores, seed=1):
        self.load, self.machine, self.cores = load, machine, cores
        self.random = random.Random(seed)
        self.servers = [Server() for _ in load.shared]
        self.queue, self.number, self.now = [], 0, 0.0
        self.blocks = [0.0] * cores
        self.serves = [0] * cores
        rates = [shared.per_block for shared in load.shared]
        self.rate = sum(rates)
        self.weights = rates

    def at(self, delay, what, core):
        self.number += 1
        heapq.heappush(self.queue, (self.now + delay, self.number, what, core))

    def work_on(self, core, extra=0.0):
        """Until the next thing that is shared."""
        blocks = self.random.expovariate(self.rate) if self.rate else 1000.0
        moves_ns = self.load.moves_ns if self.cores > 1 else 0.0
        self.blocks[core] += blocks
        self.at(extra + blocks * (self.load.private_ns + moves_ns), self.arrive, core)

    def arrive(self, core):
        if not self.rate:
            self.work_on(core)
            return
        self.serves[core] = self.random.choices(range(len(self.servers)), self.weights)[0]
        server = self.servers[self.serves[core]]
        if server.holder < 0:
            self.hold(core, server)
        else:
            server.spinning.append(core)
            if self.load.shared[self.serves[core]].sleeps:
                self.at(SPIN_NS, self.lie_down, core)

    def hold(self, core, server):
        shared = self.load.shared[self.serves[core]]
        foreign = server.last not in (-1, core)
        service = shared.service_ns + (shared.moved_ns if foreign else 0)
        server.holder = server.last = core
        server.held_ns += service
        self.at(service, self.drop, core)

    def lie_down(self, core):
        server = self.servers[self.serves[core]]
        if core in server.spinning and server.holder != core:
            server.spinning.remove(core)
            server.sleeping.append(core)
            server.waited = True

    def get_up(self, core):
        server = self.servers[self.serves[core]]
        if server.holder < 0:
            server.waited = True  # another may sleep behind it
            self.hold(core, server)
        else:
            server.sleeping.append(core)
            server.waited = True

    def drop(self, core):
        server = self.servers[self.serves[core]]
        server.holder = -1
        extra = 0.0
        if server.waited:
            server.waited = False
            extra = self.machine.wake_call_ns
            if server.sleeping:
                self.at(self.machine.wake_ns, self.get_up, server.sleeping.popleft())
        if server.spinning:
            self.hold(server.spinning.popleft(), server)
        self.work_on(core, extra)

    def run(self, events):
        """Blocks a core and second; what share of the time each server was held."""
        for core in range(self.cores):
            self.at(self.random.random() * 1000, self.arrive, core)
        warm = events // 5
        start, before, held = 0.0, 0.0, []
        for done in range(events):
            if done == warm:
                start, before = self.now, sum(self.blocks)
                held = [server.held_ns for server in self.servers]
            self.now, _, what, core = heapq.heappop(self.queue)
            what(core)
        span = self.now - start
        rate = (sum(self.blocks) - before) / span * 1e9 / self.cores
        busy = [(server.held_ns - was) / span for server, was in zip(self.servers, held)]
        return rate, busy


def simulate(load, machine, cores, events=EVENTS):
    return Simulation(load, machine, cores).run(max(events, EVENTS_A_CORE_MIN * cores))


def load_of(counted, timed, machine):
    """What is simulated of a workload: `counted` with threads that share, `timed` with one."""
    shared, inside, locked_ns = [], 0, 0.0
    for rank, name in enumerate(figures.RANKS):
        lock, alone = counted["locks"][rank], timed["locks"][rank]
        held = max(alone["held_ns"] / max(alone["taken"], 1) - machine.clock_ns, 0)
        # The clock was read twice for each.
        locked_ns += figures.per_block(timed, alone["taken"]) * (held + 2 * machine.clock_ns)
        if lock["taken"] > 0:
            inside += lock["moves"]
            moved = lock["moves"] / lock["taken"] * machine.move_ns
            rate = figures.per_block(counted, lock["taken"])
            shared.append(Shared(name, rate, held, moved, True))
    words = words_of(counted)
    shared += [Shared(f"line {address:#x}", rate, 0, machine.move_ns, False)
               for address, rate in words]
    rest = figures.per_block(counted, sum(counted["moves"]) - inside)
    rest -= sum(rate for _, rate in words)
    private = timed["ns"] / timed["blocks"] - locked_ns
    return Load(counted["work"], private, shared, max(rest, 0) * machine.move_ns)


def words_of(counted):
    """Variables of the library that move without a lock, more often than for one in ten thousand
    blocks: (address, moves a block)."""
    moves = [(address, figures.per_block(counted, open_moves))
             for address, place, _, open_moves in counted["hot_lines"] if place == figures.STATIC]
    return [(address, rate) for address, rate in moves if rate > WORD_MIN]


def planted(load):
    """The same with one lock around every malloc and every free."""
    lock = Shared("one lock", 2.0, load.private_ns * 0.4, 0, True)
    return Load(f"{load.work}, one lock for all", load.private_ns * 0.2, [lock], 0)


def bend(rates):
    """The fewest cores of (cores, rate) with which each does too little, against two; or None."""
    two = next((rate for cores, rate in rates if cores == 2), rates[0][1])
    return next((cores for cores, rate in rates if cores > 1 and rate < BENT * two), None)


@dataclass
class Curve:
    work: str
    rates: list    # (cores, blocks a core and second)
    busiest: str   # with the most cores

    def bent(self):
        return bend(self.rates)

    def shares(self):
        """(cores, what each does of what one alone does)."""
        return [(cores, rate / self.rates[0][1]) for cores, rate in self.rates]

    def row(self):
        cells = [self.work, f"{1e9 / self.rates[0][1]:.0f}"]
        cells += [f"{share:.2f}" for _, share in self.shares()]
        return "| " + " | ".join([*cells, self.busiest, str(self.bent() or "none")]) + " |"


def curve(load, machine, cores, events=EVENTS):
    points = [(n, *simulate(load, machine, n, events)) for n in cores]
    names = [shared.name for shared in load.shared]
    busy, name = max(zip(points[-1][2], names), default=(0, "-"))
    rates = [(n, rate) for n, rate, _ in points]
    return Curve(load.work, rates, f"{busy * 100:.0f} % {name}")


def compare(load, machine, measured):
    """What is measured with as many threads as there are processors, against what is simulated."""
    alone = simulate(load, machine, 1)[0]
    lines = []
    for result in measured:
        clocks = 2 * sum(lock["taken"] for lock in result["locks"])
        ns = (result["ns"] - clocks * machine.clock_ns) / result["blocks"]
        simulated = 1e9 / simulate(load, machine, result["threads"])[0]
        lines.append(f"| {load.work} | {result['threads']} | {ns:.1f} | {simulated:.1f} | "
                     f"{simulated / ns:.2f} | {1e9 / alone:.1f} |")
    return lines


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def largest(results, work):
    """The one with the most threads."""
    mine = [result for result in results if result["work"] == work]
    return max(mine, key=lambda result: result["threads"])


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counted", required=True, help="scale.py --json")
    parser.add_argument("--timed", required=True, help="timed.py --json")
    parser.add_argument("--cores", default="1,2,4,8,16,32,64,128,256",
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--works", default=figures.WORKS, type=lambda text: text.split(","))
    parser.add_argument("--compare", action="store_true", help="with what was measured")
    parser.add_argument("--planted", action="store_true", help="one lock for all")
    parser.add_argument("--use-ns", type=float, default=0,
                        help="what the program does with each block, else nothing")
    parser.add_argument("--svg", metavar="FILE", help="draws the curves")
    parser.add_argument("--events", type=int, default=EVENTS, help="to be simulated, for each")
    parser.add_argument("--unbent", type=int, default=0, metavar="CORES",
                        help="status 1 if a workload bends with so many cores or fewer")
    return parser.parse_args(arguments)


def loads_of(options, machine, counted, runs):
    for work in options.works:
        alone = next(run for run in runs if run["work"] == work and run["threads"] == 1)
        load = load_of(largest(counted, work), alone, machine)
        load.private_ns += options.use_ns
        yield planted(load) if options.planted else load


def print_curves(options, machine, loads):
    print(f"| workload | ns a block | {' | '.join(map(str, options.cores))} | busiest | bends |")
    print("|---|--:|" + "--:|" * len(options.cores) + "---|--:|")
    found = []
    for load in loads:
        found.append(curve(load, machine, options.cores, options.events))
        print(found[-1].row(), flush=True)
    return found


def print_comparison(machine, loads, runs):
    print("\n| workload | threads | measured ns | simulated ns | ratio | alone |")
    print("|---|--:|--:|--:|--:|--:|")
    for load in loads:
        print("\n".join(compare(load, machine, [r for r in runs if r["work"] == load.work])))


def main():
    options = parse(sys.argv[1:])
    counted, timed = read(options.counted), read(options.timed)
    machine = Machine(**timed["machine"])
    loads = list(loads_of(options, machine, counted, timed["runs"]))
    found = print_curves(options, machine, loads)
    if options.compare:
        print_comparison(machine, loads, timed["runs"])
    if options.svg:
        Path(options.svg).write_text(curves.render(found), encoding="utf-8")
    bent = [one for one in found if (one.bent() or sys.maxsize) <= options.unbent]
    for one in bent:
        print(f"simulate: {one.work}: bends with {one.bent()} cores", file=sys.stderr)
    return 1 if bent else 0


if __name__ == "__main__":
    sys.exit(main())
