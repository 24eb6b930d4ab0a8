"""For each check of tools/docs a small tree that agrees, and faults: a file, what to replace there,
by what, and what the check must then say."""

from pathlib import Path

SPAN = """// A span.
//
//   INV-SPAN-1  every block
//               is a block
//   INV-SPAN-2  `carved` <= blocks
struct ash_record {
    _Atomic(struct ash_heap *) owner;
    _Atomic uint32_t used;  // _Atomic is a word; not a declaration
};
void ash_span_wait(_Atomic uint32_t *word, uint32_t value);
"""

SPAN_C = """static _Atomic bool told = 0;  // INV-SPAN-1
void ash_span_audit(void) { ; }
"""

INVARIANTS_PAGE = """# Invariants

| number | header | sentence | audited | tests |
|---|---|---|---|---|
| INV-SPAN-1 | heap/span.h | every block is a block | `ash_span_audit` | `test_span.c`: `cut_it` |
| INV-SPAN-2 | heap/span.h | carved <= blocks | - | `test_span.c` |
"""

ORDER_PAGE = """# Memory order

| word | file | order |
|---|---|---|
| `owner` | `heap/span.h` | seq_cst |
| `used` | `heap/span.h` | relaxed |
| `told` | `heap/span.c` | relaxed |

| rank | lock |
|---|---|
| BOOT | boot |
| STORE | store |
"""

LOCK = "enum ash_rank {\n    ASH_RANK_BOOT,\n    ASH_RANK_STORE,  // runs\n};\n"

OPTIONS_DEF = """ASH_OPTION(DELAY, delay, MILLISECONDS, 500, 0, 1000, ANY_TIME, "0.1",
           "What it "
           "does.",
           "Seldom.")

ASH_OPTION(PAGES, pages, SWITCH, 1, 0, 1, AT_START, "0.1",
           "Pages.", "Never.")
"""

OPTIONS_PAGE = """# Options

<!-- options.py: begin -->
| option | variable | default | wants | set | what it does | when would I change this? |
|---|---|---|---|---|---|---|
| `delay` | `ASHLAR_DELAY` | 500ms | 0ms to 1000ms | any time | What it does. | Seldom. |
| `pages` | `ASHLAR_PAGES` | on | on or off | at the start | Pages. | Never. |
<!-- options.py: end -->
"""

OPTIONS_MANUAL = """; options.py: begin
*delay* (_0ms to 1000ms_, default 500ms; since 0.1)
\tWhat it does.

\tWhen would I change this? Seldom.

*pages* (_on or off_, default on; since 0.1)
\tPages. It can be set at the start alone.

\tWhen would I change this? Never.

; options.py: end
"""

ERRORS_DEF = """ASH_ERROR(TWICE, 101, FATAL, "it is "
          "free", "look", "0.1", "Freed.", "Two owners.", "Have one.")

ASH_ERROR(WORD, 302, SETTING, "", "", "0.1", "A word.", "A letter.", "Read.")
"""

ERRORS_PAGE = """# Errors

<!-- errors.py: begin -->

## ASH101

    ashlar: ASH101: it is free; look

`ASH_E_TWICE`, since 0.1. The process ends with SIGABRT.

**What it means.** Freed.

**Common causes.** Two owners.

**What to do.** Have one.

## ASH302

`ASH_E_WORD`, since 0.1. What was set is ignored.

**What it means.** A word.

**Common causes.** A letter.

**What to do.** Read.

<!-- errors.py: end -->
"""

ERRORS_MANUAL = """; errors.py: begin
*ASH101* it is free; look
\tFreed. The process ends with SIGABRT.

\tCommon causes: Two owners.

\tWhat to do: Have one.

*ASH302* (the line says what was set)
\tA word. What was set is ignored.

\tCommon causes: A letter.

\tWhat to do: Read.

; errors.py: end
"""

HELP_C = 'static const char help[] = "  --lib PATH  the library ($ASHLAR_LIBRARY)\\n";\n'

MANUAL = "tool(1)\n\n# OPTIONS\n\n*--lib* ASHLAR_LIBRARY ASHLAR_OPTIONS\n"

API_H = """// ashlar: a small interface.

#ifndef ASHLAR_ASHLAR_H
#define ASHLAR_ASHLAR_H

// Makes something.
ASH_EXPORT void *ash_make(int size) ASH_NOEXCEPT;

// What there is.
struct ash_things {
    int count;  // how many
};

// Kinds -----

// A kind.
enum ash_kind {
    ASH_KIND_A,  // the first
};

#endif
"""

SMALL_H = "// Nothing more.\n\n// What %s is for.\n#define ASH_%s 1\n"

# The real settings: it is they that must find a fault.
SETTINGS = Path(__file__).resolve().parents[2] / "docs/reference"

ERRORS_H = """// The codes.

#define ASH_ERROR(ENUM, NUMBER, ...) ASH_E_##ENUM = NUMBER,
// A code.
enum ash_error {
#include <ashlar/errors.def>
    ASH_E_NONE = 0  // no code
};
"""

REFERENCE = {"include/ashlar/ashlar.h": API_H, "include/ashlar/options.def": OPTIONS_DEF,
             "include/ashlar/errors.h": ERRORS_H, "include/ashlar/errors.def": ERRORS_DEF,
             "test/golden/exports.txt": "malloc\nash_make\n", "docs/reference/main.md": "# Small\n"}
REFERENCE |= {f"include/ashlar/{name}.h": SMALL_H % (name, name.upper())
              for name in ("arena", "control", "local", "options", "stats", "typed",
                           "walk")}
REFERENCE |= {f"docs/reference/{path.name}": path.read_text(encoding="utf-8")
              for path in SETTINGS.iterdir() if path.suffix != ".md"}
# Faults show without HTML too, in half the time.
REFERENCE["docs/reference/Doxyfile"] += "GENERATE_HTML = NO\n"

FUNCTIONS_MANUAL = """ash_make(3)
; sections: ashlar.h; ashlar.h: Breaking

# NAME

; names: make

# SYNOPSIS

; synopsis

# DESCRIPTION

; functions
"""

EXAMPLE_PAGE = "So:\n\n<!-- examples.py: examples/a.c -->\n```c\nint a;\n```\n"

BREAKING = "// Breaking ------\n\n// Breaks.\nASH_EXPORT void ash_break(void);\n"

PROMISES_PAGE = """# Tests

## Which test keeps which promise

| promise | test | planted failure |
|---|---|---|
| Blocks are whole | `unit/span`, `model/*_agree` | `model/planted_tear` (`test/model/planted.sh`) |
| Forks end | `override/forks` | `override/no_hooks` |

## More

| `unit/other` |
"""

PROMISES_TESTS = "".join(f'add_test([=[{name}]=] "true")\n' for name in (
    "unit/span", "model/all_agree", "model/planted_tear", "override/forks", "override/no_hooks"))

AGREES = {
    "invariants": {"src/heap/span.h": SPAN, "src/heap/span.c": SPAN_C,
                   "test/unit/test_span.c": "CLAIM(cut_it) {\n",
                   "docs/invariants.md": INVARIANTS_PAGE},
    "atomics": {"src/heap/span.h": SPAN, "src/heap/span.c": SPAN_C,
                "src/platform/lock.h": LOCK, "docs/memory-order.md": ORDER_PAGE},
    "errors": {"include/ashlar/errors.def": ERRORS_DEF, "docs/errors.md": ERRORS_PAGE,
               "docs/man/ash_errors.7.scd": ERRORS_MANUAL},
    "options": {"include/ashlar/options.def": OPTIONS_DEF, "docs/options.md": OPTIONS_PAGE,
                "docs/man/ash_options.7.scd": OPTIONS_MANUAL},
    "manual": {"tools/ashlar/command.c": HELP_C, "docs/man/ashlar.1.scd": MANUAL},
    "reference": REFERENCE,
    "functions": {"include/ashlar/ashlar.h": API_H + BREAKING,
                  "include/ashlar/options.def": OPTIONS_DEF,
                  "test/golden/exports.txt": "malloc\nash_make\nash_break\n",
                  "docs/man/ash_make.3.scd": FUNCTIONS_MANUAL,
                  "docs/man/other.3.scd": "other(3)\n\n# SYNOPSIS\n\nother\n"},
    "examples": {"examples/a.c": "// A.\n\nint a;\n", "docs/b.md": EXAMPLE_PAGE},
    "promises": {"test/README.md": PROMISES_PAGE,
                 "build/release/CTestTestfile.cmake": PROMISES_TESTS},
    "links": {"README.md": "[a](docs/a.md#head) [web](https://example.org/x)\n",
              "docs/a.md": "[back](../README.md) [here](#head)\n",
              "src/base/a.h": "// docs/a.md says why.\n"},
}

ROW_2 = "| INV-SPAN-2 | heap/span.h | carved <= blocks | - | `test_span.c` |\n"

PLANTED = {
    "invariants": [
        ("docs/invariants.md", ROW_2, "", "INV-SPAN-2 is missing"),
        ("src/heap/span.h", "INV-SPAN-2", "INV-SPAN-3", "INV-SPAN-2 is in no source"),
        ("src/heap/span.h", "is a block", "is no block", "INV-SPAN-1 says:"),
        ("docs/invariants.md", "| heap/span.h | carved", "| heap/bin.h | carved",
         "INV-SPAN-2 says:"),
        ("docs/invariants.md", "`cut_it`", "`cut_them`", "names `cut_them`"),
        ("docs/invariants.md", "`ash_span_audit`", "`ash_bin_audit`", "names `ash_bin_audit`"),
        ("src/heap/span.c", "INV-SPAN-1", "INV-SPAN-7", "INV-SPAN-7 is named"),
        ("src/heap/span.h", "INV-", "LAW-", "have none at all"),
    ],
    "atomics": [
        ("docs/memory-order.md", "| `used` | `heap/span.h` | relaxed |\n", "",
         "used (heap/span.h) is missing"),
        ("docs/memory-order.md", "| `owner` |", "| `holder` |", "owner (heap/span.h) is missing"),
        ("src/heap/span.c", "_Atomic ", "", "told (heap/span.c) is in no source"),
        ("src/heap/span.h", "owner;", "master;", "master (heap/span.h) is missing"),
        ("src/platform/lock.h", "ASH_RANK_BOOT,\n", "ASH_RANK_STORE,\n    ASH_RANK_BOOT,\n",
         "the ranks are"),
    ],
    "errors": [
        ("docs/errors.md", "## ASH302", "## ASH303", "docs/errors.md: is not what"),
        ("docs/errors.md", "Two owners.", "Owners.", "docs/errors.md: is not what"),
        ("docs/man/ash_errors.7.scd", "; look", "; run", "docs/man/ash_errors.7.scd: is not"),
        ("include/ashlar/errors.def", "FATAL", "SURVIVABLE", "docs/errors.md: is not what"),
        ("include/ashlar/errors.def", '"Two owners."', '""', "ASH101 has no section"),
        ("include/ashlar/errors.def", "302", "99", "ASH99 comes after ASH101"),
        ("include/ashlar/errors.def", "SETTING", "SET", "1 rows are written in a way"),
        ("include/ashlar/errors.def", "ASH_ERROR(", "ERROR(", "have none at all"),
        ("docs/errors.md", "<!-- errors.py: end -->", "", "has no lines"),
    ],
    "options": [
        ("docs/options.md", "| 500ms |", "| 600ms |", "docs/options.md: is not what"),
        ("docs/options.md", "Seldom.", "Often.", "docs/options.md: is not what"),
        ("docs/man/ash_options.7.scd", "default on", "default off",
         "docs/man/ash_options.7.scd: is not what"),
        ("include/ashlar/options.def", "pages,", "sheets,", "docs/options.md: is not what"),
        ("include/ashlar/options.def", "500", "501", "docs/options.md: is not what"),
        ("include/ashlar/options.def", "SWITCH", "BOOL", "1 rows are written in a way"),
        ("include/ashlar/options.def", "ASH_OPTION(", "OPTION(", "have none at all"),
        ("docs/options.md", "<!-- options.py: end -->", "", "has no lines"),
    ],
    "manual": [
        ("tools/ashlar/command.c", "--lib", "--library", "--library is missing"),
        ("docs/man/ashlar.1.scd", "*--lib*", "*--lib* *--gone*", "--gone is in no source"),
        ("docs/man/ashlar.1.scd", " ASHLAR_OPTIONS", "", "ASHLAR_OPTIONS is missing"),
    ],
    "reference": [
        ("include/ashlar/ashlar.h", "// Makes something.\n", "",
         "ash_make (function of ashlar.h) has no text"),
        ("include/ashlar/ashlar.h", "  // how many", "", "count (in ash_things of ashlar.h) has"),
        ("include/ashlar/ashlar.h", "  // the first", "", "ASH_KIND_A (in ash_kind of"),
        ("include/ashlar/ashlar.h", "// A kind.\n", "", "ash_kind (enum of ashlar.h) has no"),
        ("include/ashlar/walk.h", "// What walk is for.\n", "", "ASH_WALK (macro of walk.h) has"),
        ("include/ashlar/errors.def", '"Freed."', '""', "TWICE (in ash_error of errors.h) has no"),
        ("include/ashlar/errors.h", "  // no code", "", "ASH_E_NONE (in ash_error of errors.h)"),
        ("include/ashlar/ashlar.h", "ASH_EXPORT void *", "int ", "cannot tell what this declares"),
        ("include/ashlar/ashlar.h", "Makes something", "Makes \\thing", "unknown command"),
        ("test/golden/exports.txt", "ash_make", "ash_make\nash_break",
         "ash_break (exported) has no text"),
    ],
    "functions": [
        ("docs/man/ash_make.3.scd", "ashlar.h; ashlar.h: Breaking", "ashlar.h",
         "ash_break is in no man page"),
        ("docs/man/ash_make.3.scd", "Breaking", "Broken", "no section 'ashlar.h: Broken'"),
        ("docs/man/other.3.scd", "(3)\n\n# SYNOPSIS\n\nother\n",
         "(3)\n; sections: ashlar.h\n\n# SYNOPSIS\n\n; synopsis\n# END\n",
         "ash_make is in ash_make.3 and other.3"),
        ("test/golden/exports.txt", "ash_break", "ash_mend", "ash_mend is in no man page"),
        ("test/golden/exports.txt", "ash_break\n", "", "the library does not export it"),
    ],
    "examples": [
        ("examples/a.c", "int a", "int b", "docs/b.md: does not show its example as it is"),
        ("docs/b.md", "int a;\n", "int a;\nint b;\n", "does not show its example as it is"),
        ("docs/b.md", "```c", "```", "there must be a block of C"),
        ("docs/b.md", "examples/a.c", "examples/c.c", "No such file"),
        ("docs/b.md", "<!-- examples.py", "<!-- example", "have none at all"),
    ],
    "promises": [
        ("test/README.md", "unit/span", "unit/spans", "names unit/spans, which ctest does not"),
        ("test/README.md", "*_agree", "*_agrees", "names model/*_agrees, which ctest does not"),
        ("build/release/CTestTestfile.cmake", "no_hooks", "hooks", "names override/no_hooks"),
        ("test/README.md", "`override/forks`", "by hand", "'Forks end' has no test"),
        ("test/README.md", "`override/no_hooks`", "none", "'Forks end' has no planted failure"),
        ("test/README.md", "| `override/no_hooks` |", "|", "'Forks end' has 2 columns, not 3"),
        ("test/README.md", "keeps which", "has which", "have none at all"),
        ("build/release/CTestTestfile.cmake", "add_test", "# add_test", "has no tests"),
    ],
    "links": [
        ("docs/a.md", "../README.md", "../READ.md", "docs/a.md: ../READ.md: there is no"),
        ("README.md", "docs/a.md", "docs/b.md", "README.md: docs/b.md: there is no"),
        ("src/base/a.h", "docs/a.md", "docs/b.md", "src/base/a.h: docs/b.md: there is no"),
    ],
}
