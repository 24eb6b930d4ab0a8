// The classic small programs, to hold the model itself to account. Each scenario is an outcome that
// must be impossible, or (named may_...) one that must be met: then the claim is that it is not,
// and the test expects the violation.

#include <stdatomic.h>
#include <stdint.h>

#include "stage.h"

static _Atomic uint32_t x, y;
static uint32_t plain;
static uint32_t a, b, c, d;  // each written by one thread, read after all

#define STORE(at, value, order) atomic_store_explicit(at, value, memory_order_##order)
#define LOAD(at, order) atomic_load_explicit(at, memory_order_##order)

static void clean(void) {
    STORE(&x, 0, relaxed);
    STORE(&y, 0, relaxed);
    plain = a = b = c = d = 0;
}

// Message passing: the reader that sees the flag sees the data.
static void mp_write(void) {
    STORE(&x, 1, relaxed);
    STORE(&y, 1, release);
}

static void mp_read(void) {
    a = LOAD(&y, acquire);
    b = LOAD(&x, relaxed);
}

static void mp_read_relaxed(void) {
    a = LOAD(&y, relaxed);
    b = LOAD(&x, relaxed);
}

static void mp_finish(void) {
    stage_claim(!(a == 1 && b == 0));
}

// The same with plain data, which is a race if the order is missing.
static void plain_write(void) {
    plain = 1;
    STORE(&y, 1, release);
}

static void plain_write_relaxed(void) {
    plain = 1;
    STORE(&y, 1, relaxed);
}

static void plain_read(void) {
    a = LOAD(&y, acquire) == 1 ? plain : 1;
}

static void plain_finish(void) {
    stage_claim(a == 1);
}

// A release sequence: a relaxed read-modify-write between the two hands the order on.
static void sequence_link(void) {
    atomic_fetch_add_explicit(&y, 2, memory_order_relaxed);
}

static void sequence_read(void) {
    a = LOAD(&y, acquire) == 3 ? plain : 1;
}

// A relaxed store in between does not.
static void sequence_cut(void) {
    if (LOAD(&y, relaxed) == 1) {
        STORE(&y, 3, relaxed);
    }
}

// Store buffering: at most one thread misses the other's store.
static void sb_one(void) {
    STORE(&x, 1, seq_cst);
    a = LOAD(&y, seq_cst);
}

static void sb_other(void) {
    STORE(&y, 1, seq_cst);
    b = LOAD(&x, seq_cst);
}

static void sb_one_weak(void) {
    STORE(&x, 1, release);
    a = LOAD(&y, acquire);
}

static void sb_other_weak(void) {
    STORE(&y, 1, release);
    b = LOAD(&x, acquire);
}

static void sb_finish(void) {
    stage_claim(a == 1 || b == 1);
}

// seq_cst accesses are no fences: a relaxed store may overtake one.
static void overtaken_write(void) {
    STORE(&x, 1, seq_cst);
    STORE(&y, 1, relaxed);
}

static void overtaken_read(void) {
    a = LOAD(&y, relaxed);
    b = LOAD(&x, seq_cst);
}

// Load buffering, which the model leaves out.
static void lb_one(void) {
    a = LOAD(&x, relaxed);
    STORE(&y, 1, relaxed);
}

static void lb_other(void) {
    b = LOAD(&y, relaxed);
    STORE(&x, 1, relaxed);
}

static void lb_finish(void) {
    stage_claim(a == 0 || b == 0);
}

// Coherence: two reads of one location do not go back.
static void one_writes(void) {
    STORE(&x, 1, relaxed);
    STORE(&x, 2, relaxed);
}

static void reads_twice(void) {
    a = LOAD(&x, relaxed);
    b = LOAD(&x, relaxed);
}

static void coherence_finish(void) {
    stage_claim(a <= b);
}

// 2+2W: the first writes of both end up last.
static void ww_one(void) {
    STORE(&x, 1, relaxed);
    STORE(&y, 2, relaxed);
}

static void ww_other(void) {
    STORE(&y, 1, relaxed);
    STORE(&x, 2, relaxed);
}

static void ww_one_strong(void) {
    STORE(&x, 1, seq_cst);
    STORE(&y, 2, seq_cst);
}

static void ww_other_strong(void) {
    STORE(&y, 1, seq_cst);
    STORE(&x, 2, seq_cst);
}

static void ww_finish(void) {
    stage_claim(!(LOAD(&x, relaxed) == 1 && LOAD(&y, relaxed) == 1));
}

// IRIW: two readers see two independent writes in opposite orders.
static void write_x(void) {
    STORE(&x, 1, seq_cst);
}

static void write_y(void) {
    STORE(&y, 1, seq_cst);
}

static void read_xy(void) {
    a = LOAD(&x, seq_cst);
    b = LOAD(&y, seq_cst);
}

static void read_yx(void) {
    c = LOAD(&y, seq_cst);
    d = LOAD(&x, seq_cst);
}

static void read_xy_weak(void) {
    a = LOAD(&x, acquire);
    b = LOAD(&y, acquire);
}

static void read_yx_weak(void) {
    c = LOAD(&y, acquire);
    d = LOAD(&x, acquire);
}

static void iriw_finish(void) {
    stage_claim(!(a == 1 && b == 0 && c == 1 && d == 0));
}

// Read-modify-writes lose nothing.
static void adds_one(void) {
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
}

static void swaps_twice(void) {
    uint32_t old = LOAD(&x, relaxed);
    while (!atomic_compare_exchange_weak_explicit(&x, &old, old + 1, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

static void adds_finish(void) {
    stage_claim(LOAD(&x, relaxed) == 3);
}

// Sleeping and waking.
static void sleeps(void) {
    if (LOAD(&x, relaxed) == 0) {
        access_wait((const void *)(uintptr_t)&x, 0);
    }
}

static void wakes(void) {
    STORE(&x, 1, relaxed);
    access_wake((const void *)(uintptr_t)&x);
}

static void forgets_to_wake(void) {
    STORE(&x, 1, relaxed);
}

static void nothing(void) {}

const struct stage_scenario stage_scenarios[] = {
    {"mp", "release and acquire pass a message", clean, {mp_write, mp_read}, mp_finish, 0},
    {"may_mp_relaxed",
     "without acquire it is lost",
     clean,
     {mp_write, mp_read_relaxed},
     mp_finish,
     0},
    {"mp_plain", "plain data too", clean, {plain_write, plain_read}, plain_finish, 0},
    {"may_race", "else it is a race", clean, {plain_write_relaxed, plain_read}, plain_finish, 0},
    {"release_sequence",
     "a read-modify-write hands it on",
     clean,
     {plain_write, sequence_link, sequence_read},
     nothing,
     0},
    {"may_cut_sequence",
     "a relaxed store does not",
     clean,
     {plain_write, sequence_cut, sequence_read},
     nothing,
     0},
    {"sb", "seq_cst: one sees the other", clean, {sb_one, sb_other}, sb_finish, 0},
    {"may_sb_acq_rel",
     "acquire and release: not",
     clean,
     {sb_one_weak, sb_other_weak},
     sb_finish,
     0},
    {"may_sb_half", "nor with one of the two", clean, {sb_one, sb_other_weak}, sb_finish, 0},
    {"may_overtake",
     "a relaxed store overtakes a seq_cst one",
     clean,
     {overtaken_write, overtaken_read},
     mp_finish,
     0},
    {"lb", "load buffering is left out", clean, {lb_one, lb_other}, lb_finish, 0},
    {"coherence", "reads do not go back", clean, {one_writes, reads_twice}, coherence_finish, 0},
    {"may_2_2w", "writes end up in any order", clean, {ww_one, ww_other}, ww_finish, 0},
    {"2_2w", "seq_cst ones do not", clean, {ww_one_strong, ww_other_strong}, ww_finish, 0},
    {"may_iriw",
     "readers disagree on independent writes",
     clean,
     {write_x, write_y, read_xy_weak, read_yx_weak},
     iriw_finish,
     0},
    {"iriw", "not in seq_cst", clean, {write_x, write_y, read_xy, read_yx}, iriw_finish, 0},
    {"adds", "no addition is lost", clean, {adds_one, adds_one, swaps_twice}, adds_finish, 0},
    {"wake", "who sleeps is woken", clean, {sleeps, wakes}, nothing, 0},
    {"may_sleep_on", "else it is seen", clean, {sleeps, forgets_to_wake}, nothing, 0},
    {"planted_pointless", "it never gets there", clean, {mp_write, mp_read}, mp_finish, 1},
    {0},
};
