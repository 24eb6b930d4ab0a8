#!/usr/bin/env python3
"""A trace holds what a known program did, replays, and is refused when damaged."""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# What known.c does: each call once, 3 threads of 10 blocks, and what pthread_create allocates.
OWN_BLOCKS = 5 + 30 + 2
THREADS = 4


class Test:
    """The built programs and a folder to work in."""

    def __init__(self, build, folder):
        self.replay = build / "replay"
        self.known = build / "trace_known"
        self.recorder = build / "libashlar-record.so"
        self.overlap = build / "libtrace_overlap.so"
        self.folder = folder

    def record(self, name, *arguments, **more):
        """Runs the known program recorded; the finished process and the trace's path."""
        trace = self.folder / name
        environment = dict(os.environ, LD_PRELOAD=str(self.recorder), ASHLAR_RECORD=str(trace))
        done = subprocess.run([str(self.known), *arguments], capture_output=True, text=True,
                              env=environment, check=False, **more)
        return done, trace

    def run(self, *arguments, preload=None):
        """replay with some arguments."""
        environment = dict(os.environ)
        if preload:
            environment["LD_PRELOAD"] = str(preload)
        return subprocess.run([str(self.replay), *map(str, arguments)], capture_output=True,
                              text=True, env=environment, check=False)

    def info(self, trace):
        """The figures of a trace."""
        done = self.run("info", trace)
        expect(done.returncode == 0, f"{trace.name} can be read", done)
        pairs = done.stdout.split(" command=")[0].split()
        return {key: int(value) for key, value in (pair.split("=") for pair in pairs)}


def expect(truth, claim, done):
    """Ends the test with the output unless `truth`."""
    if not truth:
        sys.exit(f"FAIL: {claim}\n{done}")
    print(f"ok: {claim}")


def check_known(test):
    """The figures of the known program; what it adds for threads is glibc's."""
    done, trace = test.record("plain.trace")
    expect(done.returncode == 0 and not done.stderr, "a program runs recorded", done)
    info = test.info(trace)
    extra = info["blocks"] - OWN_BLOCKS
    expect(info["threads"] == THREADS and 0 <= extra <= 12, "threads and blocks are all there",
           info)
    expect(info["end_mark"] == 1 and info["unseen"] == 0, "it has an end mark", info)
    expect(10045 * 3 <= info["peak_bytes"] <= 10045 * 3 + 20000, "the peak is the program's", info)
    again, _ = test.record("plain.trace")
    expect(again.returncode == 0 and "the file exists" in again.stderr,
           "a trace is never overwritten", again)
    check_only(test)
    forked, fork_trace = test.record("fork.trace", "fork")
    expect(forked.returncode == 0 and test.info(fork_trace)["blocks"] <= info["blocks"] + 2,
           "a forked child is not recorded", forked)
    closed, close_trace = test.record("close.trace", "close")
    more = test.info(close_trace)["blocks"] - info["blocks"]
    expect(closed.returncode == 0 and more == 100000,
           "a program that closes every descriptor is recorded", closed)
    return trace, close_trace


def check_only(test):
    """Behind another program, the one that is meant is recorded."""
    trace = test.folder / "only.trace"
    environment = dict(os.environ, LD_PRELOAD=str(test.recorder), ASHLAR_RECORD=str(trace),
                       ASHLAR_RECORD_ONLY="trace_known")
    done = subprocess.run(["env", "--", str(test.known)], capture_output=True, text=True,
                          env=environment, check=False)
    expect(done.returncode == 0 and not done.stderr and test.info(trace)["threads"] == THREADS,
           "behind env, the program that is named is recorded", done)


def check_replay(test, traces):
    """Plans run, under another allocator too, and a broken allocator is found."""
    for trace in traces:
        plan = trace.with_suffix(".plan")
        done = test.run("prepare", trace, plan)
        expect(done.returncode == 0, f"{trace.name} is prepared", done)
        ran = test.run("run", plan)
        expect(ran.returncode == 0 and f"ops={test.info(trace)['events']} " in ran.stdout,
               f"{trace.name} replays every event", ran)
    planted = test.run("run", traces[0].with_suffix(".plan"), preload=test.overlap)
    expect(planted.returncode == 1 and "blocks overlap" in planted.stderr,
           "an allocator whose blocks overlap is found", planted)
    done = test.run("run", traces[0])
    expect(done.returncode == 1 and "no plan" in done.stderr, "a trace is no plan", done)


def check_loop(test, trace):
    """A recording of a replay has the same blocks: nothing is lost on the way round."""
    again = test.folder / "again.trace"
    environment = dict(os.environ, LD_PRELOAD=str(test.recorder), ASHLAR_RECORD=str(again))
    done = subprocess.run([str(test.replay), "run", str(trace.with_suffix(".plan"))],
                          capture_output=True, text=True, env=environment, check=False)
    before, after = test.info(trace), test.info(again)
    expect(done.returncode == 0 and 0 <= after["blocks"] - before["blocks"] <= 12
           and after["events"] - after["blocks"] >= before["events"] - before["blocks"]
           and after["peak_bytes"] <= before["peak_bytes"] + 20000,
           "a recorded replay is the recording again", (before, after))


def damage(trace, name, change):
    """A changed copy of a trace."""
    bytes_now = bytearray(trace.read_bytes())
    path = trace.with_name(name)
    path.write_bytes(change(bytes_now) or bytes_now)
    return path


def flip(at):
    """Changes one byte."""
    def change(data):
        data[at] ^= 0x40
    return change


def check_damage(test, trace):
    """Each kind of damage has its message, which says where and what to do."""
    start = 16 + int.from_bytes(trace.read_bytes()[12:16], "little")
    for name, change, words in (
            ("magic", flip(2), "no trace"),
            ("version", flip(8), "another version"),
            ("checksum", flip(start + 40), "checksum is wrong"),
            ("chunk", flip(start), "no chunk begins here"),
            ("cut", lambda data: data[:start + 50], "ends within a chunk"),
            ("short", lambda data: data[:9], "too short"),
            ("tail", lambda data: data + b"more", "bytes after the end mark")):
        done = test.run("info", damage(trace, f"damaged-{name}", change))
        expect(done.returncode == 1 and words in done.stderr and "byte " in done.stderr,
               f"damage is named: {words}", done)


def small_files():
    """A limit that a write meets, as it would meet a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000))


def check_full(test):
    """A full disk is said once, and the file is good up to there."""
    done, trace = test.record("full.trace", "many", preexec_fn=small_files)
    expect(done.returncode == 0 and done.stderr.count("not recorded") == 1
           and "ulimit -f" in done.stderr,
           "a full disk is said once, and the program goes on", done)
    info = test.info(trace)
    expect(info["end_mark"] == 0 and info["events"] > 20000, "what fitted can be read", info)
    done, _ = test.record("missing/folder.trace")
    expect(done.returncode == 0 and "cannot be made" in done.stderr,
           "a folder that is missing is said", done)


def main():
    """Runs the claims one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(arguments.build.resolve(), Path(folder))
        plain, closed = check_known(test)
        check_replay(test, (plain, closed))
        check_loop(test, plain)
        check_damage(test, plain)
        check_full(test)


if __name__ == "__main__":
    main()
