#include "script.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum fake_mode { FAKE_NEVER, FAKE_ONCE, FAKE_EVERY, FAKE_FROM, FAKE_UNTIL };

struct fake_script {
    enum fake_mode mode;
    unsigned kinds;
    uint64_t nth, seen;
};

struct os_fake_tally fake_tally;

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

// Under fake_lock.
static struct fake_script fake_script;
static size_t fake_limit_bytes;

_Noreturn void fake_broken(const char *what) {
    fprintf(stderr, "os_fake: %s\n", what);
    abort();
}

void fake_enter(void) {
    pthread_mutex_lock(&fake_lock);
}

void fake_leave(void) {
    pthread_mutex_unlock(&fake_lock);
}

bool fake_fails(enum os_fake_kind kind, size_t bytes) {
    struct fake_script *s = &fake_script;
    bool fails = fake_limit_bytes != 0 && bytes > fake_limit_bytes;
    fake_tally.calls[kind]++;
    if ((s->kinds >> kind & 1) != 0) {
        s->seen++;
        fails |= (s->mode == FAKE_ONCE && s->seen == s->nth) ||
                 (s->mode == FAKE_EVERY && s->seen % s->nth == 0) ||
                 (s->mode == FAKE_FROM && s->seen >= s->nth) ||
                 (s->mode == FAKE_UNTIL && s->seen < s->nth);
    }
    fake_tally.failures += fails;
    return fails;
}

struct os_fake_tally os_fake_tally(void) {
    fake_enter();
    struct os_fake_tally tally = fake_tally;
    fake_leave();
    return tally;
}

uint64_t os_fake_calls(void) {
    struct os_fake_tally tally = os_fake_tally();
    uint64_t calls = 0;
    for (int i = 0; i < OS_FAKE_KINDS; i++) {
        calls += tally.calls[i];
    }
    return calls;
}

static void fake_set_script(enum fake_mode mode, unsigned kinds, uint64_t nth) {
    fake_enter();
    fake_script = (struct fake_script){mode, kinds, nth, 0};
    fake_leave();
}

void os_fake_fail_once(unsigned kinds, uint64_t nth) {
    fake_set_script(FAKE_ONCE, kinds, nth);
}

void os_fake_fail_every(unsigned kinds, uint64_t nth) {
    fake_set_script(FAKE_EVERY, kinds, nth);
}

void os_fake_fail_from(unsigned kinds, uint64_t nth) {
    fake_set_script(FAKE_FROM, kinds, nth);
}

void os_fake_fail_until(unsigned kinds, uint64_t nth) {
    fake_set_script(FAKE_UNTIL, kinds, nth);
}

void os_fake_fail_never(void) {
    fake_set_script(FAKE_NEVER, 0, 0);
}

void os_fake_fail_above(size_t bytes) {
    fake_enter();
    fake_limit_bytes = bytes;
    fake_leave();
}
