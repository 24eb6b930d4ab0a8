"""Rows of programs from Debian packages, on inputs made from seeds.

A program that is missing is left out by name, with the package to install. Under
glibc these rows preload the C library itself: some packages (redis) are linked with
an allocator of their own, which would otherwise be what is measured.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from . import inputs, servers
from .rows import Row

SCRIPTS = Path(__file__).resolve().parent.parent / "real"


@dataclass
class Place:
    """Where inputs are made and the built programs are."""

    folder: Path
    build: Path

    def write(self, name, text):
        """An input file; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def inner(self, name):
        """A folder that a program without rights may write to."""
        path = self.folder / name
        path.mkdir()
        path.chmod(0o777)
        return str(path)


@dataclass
class Real:
    """A row's name, what it needs (program: package) and what makes it."""

    name: str
    needs: dict
    make: object
    kind: str = "cpu"


def program(name):
    """A program's path, also where only root's PATH has it. Of Python the running one: its
    name may be that of a script which looks for a version."""
    if name == "python3":
        return os.path.realpath(sys.executable)
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/bin")


def postgres(name):
    """A program of the newest PostgreSQL, which Debian keeps out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
                   key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else None


def cc1():
    """The compiler proper, behind gcc."""
    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    done = subprocess.run([gcc, "-print-prog-name=cc1"], capture_output=True, text=True,
                          check=False)
    path = done.stdout.strip()
    return path if os.path.isfile(path) else None


SPECIAL = {"cc1": cc1, "initdb": lambda: postgres("initdb"),
           "postgres": lambda: postgres("postgres"), "pgbench": lambda: postgres("pgbench")}


def find(name):
    """The path of a needed program or None."""
    return SPECIAL[name]() if name in SPECIAL else program(name)


def plain(*words, stdin=""):
    """A row's command and what it reads."""
    return {"command": tuple(words), "stdin": stdin}


def make_z3(place):
    """A solver."""
    return plain(find("z3"), place.write("in.smt2", inputs.smt()))


def make_lua(_):
    """Tables and strings."""
    return plain(find("lua5.4"), str(SCRIPTS / "work.lua"), "20")


def make_python(_):
    """Objects, with malloc for each of them."""
    return plain(program("env"), "PYTHONMALLOC=malloc", find("python3"),
                 str(SCRIPTS / "work.py"), "6")


def make_perl(_):
    """Hashes and lists."""
    return plain(find("perl"), str(SCRIPTS / "work.pl"), "4")


def make_node(_):
    """Strings and buffers."""
    return plain(find("node"), str(SCRIPTS / "work.js"), "10")


def make_sqlite(place):
    """A database in memory."""
    return plain(find("sqlite3"), ":memory:", stdin=place.write("in.sql", inputs.sql()))


def make_gs(place):
    """Pages drawn."""
    return plain(find("gs"), "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=ppmraw", "-r100",
                 "-sOutputFile=/dev/null", place.write("in.ps", inputs.postscript()))


def make_cc1(place):
    """A large file compiled."""
    return plain(find("cc1"), "-fpreprocessed", "-quiet", "-O2",
                 place.write("in.i", inputs.c_source()), "-o", "/dev/null")


def make_db_bench(place):
    """RocksDB filled and read, with its own threads for flushes and compactions."""
    return plain(find("db_bench"), "--benchmarks=fillrandom,readrandom", "--num=150000",
                 "--seed=2026", "--threads=2", "--compression_type=none", "--disable_wal=1",
                 f"--db={place.folder / 'rocksdb'}")


def make_containers(place):
    """The program of STL containers."""
    return plain(str(place.build / "containers"), "12")


def served(command, port, load, ready=None):
    """A row whose command is a server."""
    return {"command": tuple(command),
            "server": servers.server(ready or (lambda: servers.reachable(port)), load)}


def make_redis(place):
    """redis-server under redis-benchmark."""
    port = servers.free_port()
    command = [find("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
               "--appendonly", "no", "--dir", str(place.folder)]
    ask = [find("redis-benchmark"), "-h", "127.0.0.1", "-p", str(port), "-q", "-r", "50000",
           "-n", "100000", "-P", "8", "-d", "100", "-t", "set,get,lpush,lpop,sadd,hset"]
    return served(command, port, lambda timeout: servers.client(ask, timeout))


def make_memcached(_):
    """memcached with two threads, and more data than it may keep."""
    port = servers.free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [find("memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "2",
               "-m", "64", *user]
    return served(command, port, servers.memcached_load(port))


NGINX = """daemon off; master_process off; pid {dir}/pid; error_log {dir}/log;
events {{ worker_connections 256; }}
http {{ access_log off; gzip on; gzip_types text/plain; gzip_min_length 1;
  client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};
  uwsgi_temp_path {dir}; scgi_temp_path {dir};
  server {{ listen 127.0.0.1:{port}; root {dir}; default_type text/plain; }} }}
"""


def make_nginx(place):
    """nginx compressing a file again and again, under ab."""
    port = servers.free_port()
    folder = place.inner("nginx")
    Path(folder, "page").write_text("line of text, and another one\n" * 400, encoding="ascii")
    config = place.write("nginx.conf", NGINX.format(dir=folder, port=port))
    ask = [find("ab"), "-q", "-n", "15000", "-c", "16", "-H", "Accept-Encoding: gzip",
           f"http://127.0.0.1:{port}/page"]
    return served([find("nginx"), "-c", config, "-p", folder], port,
                  lambda timeout: servers.client(ask, timeout))


def make_postgres(place):
    """PostgreSQL under pgbench's own mix. The peak is that of the largest process."""
    port = servers.free_port()
    folder = place.inner("postgres")
    data = str(Path(folder) / "data")
    place.folder.chmod(0o755)
    user = servers.as_user()
    environment = dict(os.environ, LC_ALL="C")
    subprocess.run([*user, find("initdb"), "-D", data, "-U", "bench", "-A", "trust", "--no-sync"],
                   capture_output=True, check=True, env=environment, cwd=folder)
    command = [*user, find("postgres"), "-D", data, "-p", str(port), "-k", folder, "-F",
               "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=16MB"]
    command[0] = program(command[0])
    base = [find("pgbench"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench"]

    def load(timeout):
        servers.client([*base, "-i", "-s", "2", "-q", "postgres"], timeout)
        servers.client([*base, "-c", "2", "-j", "1", "-t", "1500", "--random-seed=2026",
                        "postgres"], timeout)
    return served(command, port, load, lambda: ready_postgres(base))


def ready_postgres(base):
    """True once a query is answered: the port opens before that."""
    command = [base[0].replace("pgbench", "pg_isready"), *base[1:]]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


REAL = (
    Real("z3", {"z3": "z3"}, make_z3),
    Real("lua", {"lua5.4": "lua5.4"}, make_lua),
    Real("python", {"python3": "python3", "env": "coreutils"}, make_python),
    Real("perl", {"perl": "perl"}, make_perl),
    Real("sqlite", {"sqlite3": "sqlite3"}, make_sqlite),
    Real("ghostscript", {"gs": "ghostscript"}, make_gs),
    Real("cc1", {"cc1": "gcc"}, make_cc1),
    Real("containers", {}, make_containers),
    Real("node", {"node": "nodejs"}, make_node, "wall"),
    Real("rocksdb", {"db_bench": "rocksdb-tools"}, make_db_bench, "wall"),
    Real("redis", {"redis-server": "redis-server", "redis-benchmark": "redis-tools"}, make_redis),
    Real("memcached", {"memcached": "memcached"}, make_memcached),
    Real("nginx", {"nginx": "nginx-light", "ab": "apache2-utils"}, make_nginx),
    Real("postgres", {"postgres": "postgresql", "initdb": "postgresql", "pgbench": "postgresql",
                      "setpriv": "util-linux"}, make_postgres),
)


def missing(real):
    """What to install for a row, or ""."""
    packages = sorted({package for name, package in real.needs.items() if find(name) is None})
    return f"needs {' '.join(packages)}: apt-get install {' '.join(packages)}" if packages else ""


def made(real, place):
    """The row, or the reason why it could not be prepared."""
    try:
        return Row(real.name, real.kind, 1, "real", folder=str(place.folder),
                   **real.make(place)), ""
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", b"") or b""
        words = f"{error} {detail.decode(errors='replace')[-200:]}"
        return None, re.sub(r"\s+", " ", words).strip()


def is_wanted(name, wanted):
    """True if a comma-separated list of names, patterns and groups has the name."""
    return not wanted or any(fnmatchcase(name, one) or one == "real" for one in wanted.split(","))


def rows(build, wanted=""):
    """(rows, {name: why it is left out}) of the rows wanted: some take seconds to prepare."""
    folder = Path(tempfile.mkdtemp(prefix="ashlar-real-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    found, left_out = [], {}
    for real in [one for one in REAL if is_wanted(one.name, wanted)]:
        problem = missing(real)
        row = None
        if not problem:
            row, problem = made(real, Place(folder, build.resolve()))
        if row is None:
            left_out[real.name] = problem
        else:
            found.append(row)
    return found, left_out
