"""The real programs that programs.py runs, and what each of them has to do.

A workload is a function that runs commands through a Runner and returns the bytes that must be
the same with and without ashlar. Sizes are for a few seconds a run; a light run takes a tenth.
"""

import dataclasses
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

WORK = Path(__file__).resolve().parent / "work"
PYTHON = "/usr/bin/python3"
PYTHON_TESTS = "/usr/lib/python3.11/test/test_json/__init__.py"


@dataclasses.dataclass(frozen=True)
class Workload:
    """One real program: what it needs, what it does, and which processes must use ashlar."""

    function: Callable
    needs: tuple
    processes: tuple
    package: str


def digest(data):
    """A line with the digest of long output."""
    return hashlib.sha256(data).hexdigest().encode() + b"\n"


def text_of(seed, count):
    """Pseudo-random words, the same in every run."""
    words = []
    state = seed
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2147483648
        words.append(f"w{state % 99991:x}" * (1 + state // 65536 % 3))
    return words


def python_tests(*names, light=None, **environment):
    """CPython's own tests by name: all pass, and the same ones run."""

    def function(runner):
        chosen = names if runner.scale == 1 or not light else light
        output = runner.run(
            [PYTHON, "-m", "unittest", "-v", *[f"test.{name}" for name in chosen]],
            error_too=True, PYTHONHASHSEED="0", **environment)
        # The names, in the order in which they ran, and the sum; the lines between may interleave.
        names_run = re.findall(rb"^(test\w* \([\w.]+\))", output, re.MULTILINE)
        count = re.search(rb"^Ran \d+ tests", output, re.MULTILINE)
        verdict = re.search(rb"^OK.*$", output, re.MULTILINE)
        return b"\n".join([count[0], verdict[0], *names_run, b""])

    return function


def perl(runner):
    """Hashes, sorting and regular expressions."""
    return runner.run(["perl", WORK / "mixed.pl", str(runner.scale)])


def lua(runner):
    """Binary trees, strings and coroutines."""
    return runner.run(["lua5.4", WORK / "trees.lua", str(runner.scale)])


def node(runner):
    """JSON, Map and Buffer in the main thread and in four workers."""
    return runner.run(["node", WORK / "mixed.mjs", str(runner.size(60000))])


def sqlite(runner):
    """A large script in memory and in a file; the dumps are the output."""
    script = (WORK / "mixed.sql").read_text(encoding="utf-8")
    script = script.replace("@COUNT@", str(runner.size(40000))).encode()
    in_memory = runner.run(["sqlite3", ":memory:"], stdin=script)
    in_file = runner.run(["sqlite3", "test.db"], stdin=script)
    return in_memory[:20000] + digest(in_memory) + digest(in_file)


GIT_TIME = "2024-01-01T00:00:00Z"


def git_commit(runner, number, files):
    """Changes a part of the files and commits."""
    for index in range(number % 3, files, 3 if number else 1):
        path = runner.folder / "origin" / f"folder{index % 17}" / f"file{index}.txt"
        path.parent.mkdir(exist_ok=True)
        words = text_of(index * 31 + number * 7, 200 + index % 300)
        path.write_text("\n".join(words), encoding="utf-8")
    runner.run(["git", "-C", "origin", "add", "-A"])
    runner.run(["git", "-C", "origin", "commit", "-qm", f"change {number}"],
               GIT_AUTHOR_DATE=GIT_TIME, GIT_COMMITTER_DATE=GIT_TIME)


def git(runner):
    """A few hundred files, commits, branches, a merge, clone, gc and fsck; hashes compared."""
    files = runner.size(300)
    runner.run(["git", "config", "--global", "user.name", "A"])
    runner.run(["git", "config", "--global", "user.email", "a@example.org"])
    runner.run(["git", "config", "--global", "gc.auto", "0"])
    runner.run(["git", "init", "-q", "-b", "main", "origin"])
    for number in range(8):
        git_commit(runner, number, files)
    runner.run(["git", "clone", "-q", "--no-local", "origin", "copy"])
    runner.run(["git", "-C", "copy", "gc", "-q"])
    output = runner.run(["git", "-C", "copy", "fsck", "--full", "--strict"])
    for question in (["log", "--format=%H %T %s", "--stat"], ["ls-tree", "-r", "HEAD"],
                     ["diff", "HEAD~5", "HEAD"], ["blame", "folder1/file1.txt"],
                     ["grep", "-c", "w1"]):
        output += runner.run(["git", "-C", "copy", *question])
    return output[:20000] + digest(output)


def generated_c(functions):
    """C source with many functions of the kinds that optimisers work on."""
    lines = ["#include <stdio.h>", "#include <string.h>", "static int table[256];"]
    for i in range(functions):
        lines += [
            f"struct s{i} {{ int a, b[{i % 7 + 1}]; double d; struct s{i} *next; }};",
            f"int f{i}(struct s{i} *p, int n) {{",
            "    int sum = 0;",
            "    for (int i = 0; i < n; i++) {",
            f"        switch ((i * {i % 13 + 3}) % 9) {{",
            f"        case 0: sum += p->b[i % {i % 7 + 1}]; break;",
            f"        case 1: sum ^= table[(sum + {i}) & 255]; break;",
            "        case 5: p->d *= 1.5 + i; break;",
            f"        case 7: if (p->next) sum -= f{i}(p->next, n / 2); break;",
            f"        default: sum += i * {i + 1}; table[i & 255] = sum;",
            "        }",
            "    }",
            f"    return sum + {f'f{i - 1}((struct s{i - 1} *)0, 0)' if i else '0'};",
            "}",
        ]
    return "\n".join([*lines, ""])


def gcc(runner):
    """A large generated file at -O2; the assembly is the output."""
    source = runner.folder / "large.c"
    source.write_text(generated_c(runner.size(250)), encoding="utf-8")
    runner.run(["gcc", "-O2", "-g", "-c", "large.c", "-o", "large.o"])
    runner.run(["gcc", "-O2", "-S", "large.c", "-o", "large.s"])
    assembly = (runner.folder / "large.s").read_bytes()
    return assembly[:2000] + digest(assembly) + digest((runner.folder / "large.o").read_bytes())


def gxx(runner):
    """A file full of templates at -O2; the assembly and the program's words are the output."""
    steps = f"-DSTEPS={runner.size(12)}"
    source = str(WORK / "containers.cc")
    runner.run(["g++", "-std=c++17", "-O2", steps, "-S", source, "-o", "containers.s"])
    runner.run(["g++", "containers.s", "-o", "containers"])
    assembly = (runner.folder / "containers.s").read_bytes()
    return runner.run(["./containers"]) + digest(assembly)


def sort(runner):
    """Four threads that sort, in a buffer too small to hold everything."""
    words = "\n".join(text_of(7, runner.size(400000))).encode()
    output = runner.run(["sort", "--parallel=4", "-S", "8M", "-k1.2", "-u"], stdin=words)
    return output[:2000] + digest(output)


def xz(runner):
    """Two threads that compress, and back."""
    words = " ".join(text_of(9, runner.size(600000))).encode()
    packed = runner.run(["xz", "-T2", "-3", "--block-size=1MiB", "-c"], stdin=words)
    return digest(packed) + digest(runner.run(["xz", "-T2", "-dc"], stdin=packed))


def redis_commands(rows):
    """Commands that fill every kind of value, the same in every run."""
    for i in range(rows):
        yield f"SET key:{i} {'v' * (1 + i % 200)}"
        yield f"HSET hash:{i % 97} field{i} {i}"
        yield f"ZADD sorted:{i % 31} {i * 7919 % 1000} member{i}"
        yield f"RPUSH list:{i % 53} {'x' * (1 + i % 90)}"
        yield f"SADD set:{i % 71} {i * i}"
        if i % 3 == 0:
            yield f"DEL key:{i // 2}"
        if i % 5 == 0:
            yield f"APPEND key:{i} {'a' * (1 + i % 500)}"


REDIS_TESTS = "set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset"


def redis_questions(runner, client):
    """What the server holds after the load; only facts that every run must give alike."""
    rows = runner.size(20000)
    stored = runner.run(client, stdin="\n".join(redis_commands(rows)).encode())
    if stored.count(b"\n") < rows * 5 or b"ERR" in stored:
        raise OSError("redis refused a command")
    output = digest(stored)
    for question in (["DBSIZE"], ["GET", "counter:__rand_int__"], ["LLEN", "mylist"],
                     ["DEBUG", "DIGEST"], ["INFO", "errorstats"], ["INFO", "keyspace"]):
        output += runner.run([*client, *question])
    return output


def redis(runner):
    """A server under redis-benchmark on a Unix socket; then its data, and a clean end."""
    socket = runner.folder / "r.sock"
    server = runner.start([
        "redis-server", "--port", "0", "--unixsocket", "r.sock", "--save", "", "--appendonly", "no",
        "--enable-debug-command", "yes", "--daemonize", "no", "--io-threads", "2"])
    try:
        for _ in range(200):
            if socket.exists():
                break
            time.sleep(0.05)
        client = ["redis-cli", "-s", "r.sock"]
        requests = str(runner.size(8000))
        load = ["redis-benchmark", "-s", "r.sock", "-n", requests, "-c", "20", "-P", "8",
                "-t", REDIS_TESTS, "--csv"]
        measured = runner.run(load).decode().splitlines()
        names = "\n".join(line.split(",")[0] for line in measured).encode() + b"\n"
        output = names + redis_questions(runner, client)
        runner.run([*client, "SHUTDOWN", "NOSAVE"])
        words, _ = server.communicate(timeout=30)
        if server.returncode != 0 or b"ready to exit, bye bye" not in words:
            raise OSError(f"redis-server ended with {server.returncode}\n{words.decode()}")
        return output
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


TESTSUITE = "libpython3.11-testsuite"


def python_workload(function):
    """A workload made of CPython's own tests."""
    return Workload(function, (PYTHON, PYTHON_TESTS), ("python3",), f"python3 {TESTSUITE}")


ALL = {
    "python_containers": python_workload(python_tests(
        "test_dict", "test_list", "test_set", "test_deque", "test_ordered_dict", "test_heapq",
        "test_bytes", "test_array", "test_memoryview", light=("test_dict", "test_list"))),
    "python_text": python_workload(python_tests(
        "test_json", "test_re", "test_unicode", "test_string", "test_format",
        light=("test_json", "test_re"))),
    "python_data": python_workload(python_tests(
        "test_zlib", "test_pickle", "test_lzma", "test_csv", "test_struct",
        "test_float", light=("test_zlib", "test_struct"))),
    "python_threads": python_workload(python_tests(
        "test_threading", "test_asyncio.test_locks",
        "test_asyncio.test_queues", "test_thread", light=("test_thread",))),
    "python_malloc": python_workload(python_tests(
        "test_dict", "test_list", "test_json", "test_re", "test_deque", "test_gc", "test_iter",
        light=("test_dict", "test_gc"), PYTHONMALLOC="malloc")),
    "perl": Workload(perl, ("perl",), ("perl",), "perl"),
    "git": Workload(git, ("git",), ("git",), "git"),
    "gcc": Workload(gcc, ("gcc",), ("gcc", "cc1", "as"), "gcc"),
    "gxx": Workload(gxx, ("g++",), ("g++", "cc1plus", "ld", "containers"), "g++"),
    "sqlite": Workload(sqlite, ("sqlite3",), ("sqlite3",), "sqlite3"),
    "lua": Workload(lua, ("lua5.4",), ("lua5.4",), "lua5.4"),
    "redis": Workload(
        redis, ("redis-server", "redis-benchmark", "redis-cli"),
        ("redis-server", "redis-benchmark", "redis-cli"), "redis-server redis-tools"),
    "node": Workload(node, ("node",), ("node",), "nodejs"),
    "sort": Workload(sort, ("sort",), ("sort",), "coreutils"),
    "xz": Workload(xz, ("xz",), ("xz",), "xz-utils"),
}
