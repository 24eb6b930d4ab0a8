"""One planted failure for each rule of tools/tidy: what the rule must find.

Each entry is a small tree, path by path. Rules that look for a word find it here in two halves,
so that this file itself is tidy.
"""

HEAD = "// What a span is.\n\n#ifndef ASH_SUPPLY_SPAN_H\n#define ASH_SUPPLY_SPAN_H\n\n"
TAIL = "\n#endif\n"

# Passes every rule, in ways that come close to breaking them.
CLEAN = {
    "src/CMakeLists.txt": "set(ASH_CORE_SOURCES\n  supply/span.c)\n",
    "src/ashlar.c": '#include "supply/span.c"\n',
    "src/base/compiler.h": "// The compiler.\n\n#ifndef ASH_BASE_COMPILER_H\n"
                           "#define ASH_BASE_COMPILER_H\n\n"
                           "#define ASH_COLD __attribute__((cold))\n\n#endif\n",
    "src/supply/span.h": HEAD + "struct ash_span {\n    _Atomic unsigned used;\n};\n\n"
                         "unsigned ash_span_used(struct ash_span *span);\n" + TAIL,
    "src/supply/span.c": '#include "supply/span.h"\n\n#include <stdatomic.h>\n\n'
                         '#include "base/compiler.h"\n\nASH_WEAK void *malloc(size_t);\n\n'
                         "static const char *const span_words[] = {\"printf(\", \"// }\"};\n\n"
                         "// The count is read by any thread; ask free(3) why. As in:\n"
                         "//\n//     ash_span_used(span);\n"
                         "ASH_COLD unsigned ash_span_used(struct ash_span *span) {\n"
                         "    span->ops->free(span_words);\n"
                         "    atomic_fetch_add_explicit(&span->used, 1, memory_order_relaxed);\n"
                         "    // relaxed: a guess is enough.\n"
                         "    return atomic_load_explicit(&span->used, memory_order_relaxed);\n"
                         "}\n",
}

PLANTED = {
    "floors": {"src/base/bits.c": '#include "heap/bin.h"\n'},
    "file-length": {"src/base/bits.c": "\n" * 501},
    "function-length": {"src/base/bits.c": "void ash_bits(void) {\n" + "    ;\n" * 61 + "}\n"},
    "line-length": {"src/base/bits.c": "// " + "wide " * 19 + "line.\n"},
    "nesting": {"src/base/bits.c": "void ash_bits(int a) {\n    if (a) {\n        for (;;) {\n"
                                   "            do {\n                while (a) {\n"
                                   "                }\n            } while (a);\n        }\n"
                                   "    }\n}\n"},
    "if-in-body": {"src/base/bits.c": "int ash_bits(void) {\n#if ASH_DEBUG\n    return 1;\n"
                                      "#endif\n}\n"},
    "knob": {"src/base/bits.c": "#ifdef ASH_DEBUG\n#endif\n"},
    "compiler-words": {"src/base/bits.c": "static int bits_x __attribute__((unused));\n"},
    "inline-asm": {"src/heap/bin.c": 'void ash_bin(void) {\n    __asm__("nop");\n}\n'},
    "memory-order": {"src/base/bits.c": "void ash_bits(_Atomic int *x) {\n"
                                        "    atomic_store(x, 1);\n}\n"},
    "volatile": {"src/base/bits.c": "static vola" "tile int bits_x;\n"},
    "leftover": {"src/base/bits.c": "// TO" "DO: finish this.\n"},
    "banned-call": {"src/base/bits.c": 'void ash_bits(void) {\n    printf("x");\n}\n'},
    "headline": {"src/base/bits.h": "#ifndef ASH_BASE_BITS_H\n#define ASH_BASE_BITS_H\n\n#endif\n"},
    "guard": {"src/base/bits.h": "// Bits.\n\n#pragma once\n"},
    "own-header": {"src/supply/span.c": '#include <stddef.h>\n\n#include "supply/span.h"\n',
                   "src/supply/span.h": HEAD + TAIL},
    "unique-static": {"src/base/bits.c": "static void step(void) {\n}\n",
                      "src/base/fmt.c": "static void step(void) {\n}\n"},
    "prefix": {"src/base/bits.c": "int bits_count(void) {\n    return 0;\n}\n"},
    "typedef": {"src/base/bits.c": "typedef struct bits {\n    int x;\n} bits;\n"},
    "umbrella": {"src/supply/span.h": HEAD + '#include "base/bits.h"\n#include "base/fmt.h"\n'
                                      + TAIL},
    "commented-code": {"src/base/bits.c": "// bits_count(x);\n"},
    "machine-path": {"test/unit/run.sh": "cd /ho" "me/someone/ashlar\n"},
    "listed": {"src/CMakeLists.txt": "set(ASH_CORE_SOURCES base/fmt.c)\n",
               "src/base/bits.c": "int ash_bits;\n"},
    "whitespace": {"src/base/bits.c": "int ash_bits; \n"},
}

# Further ways to break a rule, each of which once went unnoticed or is easily lost.
ALSO = {
    "memory-order": [
        {"src/base/bits.c": "struct bits {\n    _Atomic int used;\n};\n"
                            "void ash_bits(struct bits *b) {\n    b->used++;\n}\n"},
        {"src/base/bits.c": "struct bits {\n    _Atomic(int *) used;\n};\n"
                            "void ash_bits(struct bits *b) {\n    b->used = 0;\n}\n"},
    ],
    "if-in-body": [
        {"src/base/bits.c": "struct bits {\n#ifdef __linux__\n    int x;\n#endif\n};\n"},
    ],
    "banned-call": [
        {"src/heap/bin.c": "void ash_bin(void *p) {\n    free(p);\n}\n"},
        {"src/heap/bin.c": "void *ash_bin(void) {\n    return malloc(1);\n}\n"},
        {"src/heap/bin.c": "void ash_bin(void) {\n    abort();\n}\n"},
    ],
    "function-length": [
        {"test/unit/x.cc": 'extern "C" {\nint f(int a)\n{\n' + "    a++;\n" * 61 + "}\n}\n"},
    ],
    "compiler-words": [
        {"src/base/bits.c": "#define bits_x(y) __builtin_clz(y)\n"},
        {"include/ashlar/x.c": "int x __attribute__((unused));\n"},
    ],
    "commented-code": [
        {"src/base/bits.c": "// #if ASH_DEBUG\n"},
        {"src/base/bits.c": "// if (count > 0) {\n"},
        {"src/base/bits.c": "/*\n * bits.count = 0;\n */\n"},
    ],
}
