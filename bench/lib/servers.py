"""Servers under load: the launcher runs the server, the client runs beside it.

A client does a fixed number of requests, so the server's CPU time is the figure.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time

from .errors import BenchError

START_S = 30


def free_port():
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reachable(port):
    """True once something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def wait_until_ready(process, ready, log):
    """Returns when the server answers; fails when it ends or takes too long."""
    deadline = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            raise BenchError(f"the server does not answer: {log.read()[-400:].strip()}")
        time.sleep(0.02)


def client(command, timeout_s):
    """Runs a client to its end."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-400:]}")


def end(process, stop, timeout_s):
    """Asks the server to end, then makes it."""
    process.send_signal(stop)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def server(ready, load, folder=None):
    """What a row does with its server: `ready` says if it answers, `load` is the client."""
    def serve(command, bench):
        with tempfile.TemporaryFile("w+") as log:
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  cwd=folder) as process:
                try:
                    wait_until_ready(process, ready, log)
                    start = time.monotonic()
                    load(bench.timeout_s)
                    seconds = time.monotonic() - start
                finally:
                    end(process, signal.SIGTERM, 20)
            log.seek(0)
            done = subprocess.CompletedProcess(command, process.returncode, "", log.read())
        return done, {"client_s": seconds}
    return serve


def memcached_load(port, requests=40000):
    """Sets, gets and deletes over one connection, in batches, with seeded sizes."""
    def load(timeout_s):
        state = 2026
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            replies = connection.makefile("rb")
            for first in range(0, requests, 100):
                batch = []
                for i in range(first, first + 100):
                    state = (state * 1103515245 + 12345) % 2147483648
                    size = 20 + state // 65536 % 4000
                    batch.append(b"set k%d 0 0 %d\r\n%b\r\n" % (i * 7919 % 9973, size, b"x" * size))
                connection.sendall(b"".join(batch) + b"mn\r\n")
                while replies.readline() != b"MN\r\n":
                    pass
    return load


def as_user():
    """The words before a command that must not run as root."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] \
        if os.geteuid() == 0 else []
