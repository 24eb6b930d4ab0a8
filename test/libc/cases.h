// What the case files and the runner of libc_cases share.
//
// A case is a function that does one thing the contract of malloc(3) speaks of and returns what it
// saw as a short constant text. The table says which text the contract asks for.

#ifndef ASHLAR_TEST_LIBC_CASES_H
#define ASHLAR_TEST_LIBC_CASES_H

#include <stdbool.h>
#include <stddef.h>

struct libc_case {
    const char *name;
    const char *(*run)(void);
    const char *expected;
};

struct case_group {
    const struct libc_case *cases;
    size_t count;
};

// The name of a case is the name of its function, so that gdb and the table agree.
#define CASE(function, expected) \
    { #function, function, expected }
#define GROUP(cases) \
    { cases, sizeof(cases) / sizeof((cases)[0]) }

// A value errno never has by itself: what is still there afterwards was not touched.
enum { ERRNO_MARK = 4242 };

extern const struct case_group group_basic;
extern const struct case_group group_calloc;
extern const struct case_group group_realloc;
extern const struct case_group group_aligned;
extern const struct case_group group_memalign;
extern const struct case_group group_glibc;
extern const struct case_group group_text;
extern const struct case_group group_load;

// errno as it was when main began.
extern int errno_at_start;

// Hides a value from the compiler, which otherwise warns about or folds absurd sizes.
size_t veil(size_t value);

// Makes the compiler believe that the block is used.
void *keep(void *block);

// Sets errno to the mark; call before the function under test.
void mark_errno(void);

// "block, errno kept", "NULL, ENOMEM" ...; frees the block.
const char *outcome(void *block);

// "holds" or "fails".
const char *verdict(bool holds);

// Fills a block with a pattern made from its seed; pattern_kept says whether it is still there.
void pattern_fill(void *block, size_t bytes, unsigned seed);
bool pattern_kept(const void *block, size_t bytes, unsigned seed);

bool all_zero(const void *block, size_t bytes);
bool is_aligned(const void *block, size_t align);

// The resident memory of this process in bytes, from /proc/self/statm.
size_t resident_bytes(void);

// A small pseudo-random sequence (xorshift), the same in every run.
unsigned next_random(unsigned *state);

#endif
