"""Holds the length of the fast paths: the instructions of `malloc`, `free` and `calloc` that run
when a thread allocates and frees a small block of its own; of `ash_heap_malloc`, which looks up
the thread's part of a heap; and of what a thread's handle of one does without.

    fastpath.py LIBRARY GOLDEN [--objdump PROGRAM] [--update] [--show]

The fast path is the shortest way from a function's entry to its `ret` that makes no call, reads
thread-local storage (the heap; not with a handle, which is the heap) and stores at least twice in
`malloc` (the bin's head, its top), three times in `free` (the former head's place, the top, the
head) and four times in `calloc` (the head, the top, a block of 32 bytes).
GOLDEN has a line `malloc 17` for each: a function may become shorter, which --update then
records, and never longer.
"""

import argparse
import re
import subprocess
import sys
from collections import deque
from pathlib import Path

STORES = {"malloc": 2, "free": 3, "calloc": 4, "ash_heap_malloc": 2, "ash_local_malloc": 2,
          "ash_local_free": 3}
HANDLES = ("ash_local_malloc", "ash_local_free")

SYMBOL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(
    r"^\s*([0-9a-f]+):\s+(?:(?:bnd|notrack|repz|rep|lock) )?([a-z][\w.]*)\s*(.*)$")
TARGET = re.compile(r"\b([0-9a-f]+) <")


class X86:
    """x86-64 in AT&T syntax: the destination is the last operand."""

    returns = re.compile(r"ret")
    jumps = re.compile(r"jmp")
    branches = re.compile(r"j(?!mp)|loop")
    calls = re.compile(r"call|syscall|int|ud2|hlt")
    thread_local = re.compile("%fs:")
    reads_only = re.compile(r"cmp|test|lea|push|nop|prefetch|bt[lqw]?$")

    @classmethod
    def stores(cls, name, operands):
        return bool(re.search(r"\)$", operands)) and "(%rsp" not in operands \
            and not cls.reads_only.match(name) \
            and (("," in operands) or bool(re.match(r"inc|dec|neg|not|pop|set", name)))


class AArch64:
    returns = re.compile(r"ret")
    jumps = re.compile(r"b$")
    branches = re.compile(r"b\.|cb|tb")
    calls = re.compile(r"bl|br|svc|brk|udf")
    thread_local = re.compile("tpidr_el0")

    @staticmethod
    def stores(name, operands):
        return bool(re.match(r"st[rplux]", name)) and "[sp" not in operands


class RiscV:
    returns = re.compile(r"ret")
    jumps = re.compile(r"j$")
    branches = re.compile(r"b")
    calls = re.compile(r"jal|jalr|jr|call|tail|ecall|ebreak|unimp")
    thread_local = re.compile(r"\btp\b")

    @staticmethod
    def stores(name, operands):
        return bool(re.fullmatch(r"s[bhwd]|am\w+\.[wd].*|sc\..*", name)) and "(sp)" not in operands


CPUS = {"elf64-x86-64": X86, "elf64-littleaarch64": AArch64, "elf64-littleriscv": RiscV}


def disassemble(objdump, library):
    """The instructions of every function: name -> {address: (mnemonic, operands)}, in order."""
    command = [objdump, "-d", "--no-show-raw-insn", str(library)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    functions, current = {}, {}
    for line in text.splitlines():
        symbol, instruction = SYMBOL.match(line), INSTRUCTION.match(line)
        if symbol:
            current = functions.setdefault(symbol.group(2), {})
        elif instruction:
            address, name, rest = instruction.groups()
            current[int(address, 16)] = (name, re.split(r"\s+(?:# |//)", rest)[0].strip())
    file_format = text.split("file format ")[1].split()[0]
    if file_format not in CPUS:
        sys.exit(f"fastpath: {file_format} is none of {', '.join(CPUS)}: add a class for it")
    return CPUS[file_format], functions


def address_of(nm_lines, name):
    """Where the exported symbol starts; aliases share an address, of which objdump names one."""
    for line in nm_lines:
        address, _, symbol = line.split(maxsplit=2)
        if symbol == name:
            return int(address, 16)
    sys.exit(f"fastpath: the library does not export {name}: is it built with its overrides?")


def body_at(functions, address):
    for body in functions.values():
        if address in body:
            return body
    return sys.exit(f"fastpath: no code at {address:#x}")


def entry_of(cpu, functions, address):
    """The function that does the work: a wrapper that is one jump only costs that jump."""
    thunks = []
    body = body_at(functions, address)
    name, operands = body[address]
    target = TARGET.search(operands + " <")
    if cpu.jumps.fullmatch(name) and target and int(target.group(1), 16) not in body:
        thunks.append(address)
        address = int(target.group(1), 16)
        body = body_at(functions, address)
    return thunks, body, address


def successors(cpu, body, following, address):
    """Where control may go next without a call, or None at a return."""
    name, operands = body[address]
    if cpu.returns.match(name):
        return None
    if cpu.calls.match(name):
        return []
    target = TARGET.search(operands)
    taken = [int(target.group(1), 16)] if target else []
    if cpu.jumps.match(name):
        ways = taken
    elif cpu.branches.match(name):
        ways = [following.get(address), *taken]
    else:
        ways = [following.get(address)]
    return [way for way in ways if way in body]


def fast_path(cpu, functions, start, stores_wanted, has_handle):
    """The addresses on the fast path, by breadth-first search over (address, what was seen)."""
    thunks, body, entry = entry_of(cpu, functions, start)
    addresses = list(body)
    following = dict(zip(addresses, addresses[1:]))
    queue = deque([((entry, has_handle, 0), None)])
    came_from = {}
    while queue:
        state, previous = queue.popleft()
        if state in came_from:
            continue
        came_from[state] = previous
        address, local, stores = state
        name, operands = body[address]
        local = local or bool(cpu.thread_local.search(operands))
        stores = min(stores_wanted, stores + cpu.stores(name, operands))
        ways = successors(cpu, body, following, address)
        if ways is None and local and stores == stores_wanted:
            path = []
            while state:
                path.append(state[0])
                state = came_from[state]
            return thunks + path[::-1], body
        queue.extend(((way, local, stores), state) for way in ways or [])
    return None, body


def measure(options):
    command = [options.nm, "-D", "--defined-only", str(options.library)]
    symbols = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    cpu, functions = disassemble(options.objdump, options.library)
    lengths = {}
    for function, stores in STORES.items():
        start = address_of(symbols.stdout.splitlines(), function)
        path, body = fast_path(cpu, functions, start, stores, function in HANDLES)
        if not path:
            sys.exit(f"fastpath: {function} has no path without a call that reads thread-local"
                     f" storage (or has a handle) and stores {stores} times")
        lengths[function] = len(path)
        if options.show:
            print(f"{function}: {len(path)} instructions")
            for address in path:
                print(f"    {address:x}  {' '.join(body.get(address, ('jump', '')))}")
    return lengths


def compare(lengths, golden):
    if not golden.exists():
        sys.exit(f"fastpath: {golden} is missing: write it with --update")
    lines = (line.split() for line in golden.read_text(encoding="utf-8").splitlines())
    held = {name: int(length) for name, length in lines}
    failed = False
    for function, length in lengths.items():
        limit = held.get(function, 0)
        print(f"{function}: {length} instructions, {limit} held")
        if length > limit:
            print(f"{function} has become longer: shorten it, or justify the new length in the"
                  f" commit and write it to {golden} by hand")
            failed = True
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("golden", type=Path)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--update", action="store_true", help="write the golden file")
    parser.add_argument("--show", action="store_true", help="print the instructions")
    options = parser.parse_args()
    lengths = measure(options)
    if options.update:
        text = "".join(f"{function} {length}\n" for function, length in lengths.items())
        options.golden.write_text(text, encoding="utf-8")
        return 0
    return 1 if compare(lengths, options.golden) else 0


if __name__ == "__main__":
    sys.exit(main())
