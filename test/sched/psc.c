#include "psc.h"

#include <stdint.h>

#include "explore.h"

enum { PSC_MAX = 64 };

static struct psc_event events[PSC_MAX];
static uint64_t follows[PSC_MAX];  // bit k of [i]: there is an edge from i to k
static unsigned event_count;

// Of each thread's events, numbered from 1.
static struct {
    uint8_t location;
    struct model_clock clock;
} logged[MODEL_THREADS][MODEL_EVENTS + 1];
static unsigned logged_count[MODEL_THREADS];

void psc_reset(void) {
    event_count = 0;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        logged_count[i] = 0;
    }
}

void psc_log(const struct psc_event *event, const struct model_clock *clock) {
    logged[event->thread][event->number].location = (uint8_t)event->location;
    logged[event->thread][event->number].clock = *clock;
    logged_count[event->thread] = event->number;
}

static bool happens_before(const struct psc_event *one, unsigned thread, unsigned number) {
    return logged[thread][number].clock.seen[one->thread] >= one->number;
}

// By way of other locations than theirs on both sides.
static bool orders_by_others(const struct psc_event *one, const struct psc_event *other) {
    unsigned first = one->number + 1;
    while (first <= logged_count[one->thread] &&
           logged[one->thread][first].location == one->location) {
        first++;
    }
    unsigned last = other->number - 1;
    while (last > 0 && logged[other->thread][last].location == other->location) {
        last--;
    }
    return last > 0 && logged[other->thread][last].clock.seen[one->thread] >= first;
}

static bool precedes(const struct psc_event *one, const struct psc_event *other,
                     int (*compare)(unsigned, unsigned)) {
    if (one->thread == other->thread) {
        return one->number < other->number;
    }
    if (orders_by_others(one, other)) {
        return true;
    }
    if (one->location != other->location) {
        return false;
    }
    bool by_order = one->wrote != 0 && other->wrote != 0 && compare(one->wrote, other->wrote) < 0;
    bool by_read = one->reads && other->wrote != 0 && compare(one->read, other->wrote) < 0;
    return by_order || by_read || happens_before(one, other->thread, other->number);
}

static bool is_on_a_cycle(unsigned event) {
    uint64_t reached = follows[event];
    uint64_t done = 0;
    while ((reached & ~done) != 0) {
        unsigned next = (unsigned)__builtin_ctzll(reached & ~done);
        done |= UINT64_C(1) << next;
        reached |= follows[next];
    }
    return (reached >> event & 1) != 0;
}

bool psc_add(const struct psc_event *event, int (*compare)(unsigned, unsigned)) {
    explore_need(event_count < PSC_MAX, "raise PSC_MAX");
    unsigned number = event_count++;
    events[number] = *event;
    follows[number] = 0;
    for (unsigned i = 0; i < number; i++) {
        if (precedes(&events[i], event, compare)) {
            follows[i] |= UINT64_C(1) << number;
        } else {
            follows[i] &= ~(UINT64_C(1) << number);
        }
        if (precedes(event, &events[i], compare)) {
            follows[number] |= UINT64_C(1) << i;
        }
    }
    return !is_on_a_cycle(number);
}
