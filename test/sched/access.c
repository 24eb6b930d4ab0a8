// Accesses to atomic objects: to memory while a scenario is prepared, to the model after that.

#include "access.h"

#include <string.h>

#include "explore.h"
#include "model.h"
#include "race.h"
#include "stage.h"
#include "trace.h"

enum { EXCLUSIVES_MAX = 64 };

static struct {
    const char *at;
    size_t bytes;
} exclusives[EXCLUSIVES_MAX];
static unsigned exclusive_count;

void stage_exclusive(const void *at, size_t bytes) {
    explore_need(exclusive_count < EXCLUSIVES_MAX, "raise EXCLUSIVES_MAX");
    exclusives[exclusive_count].at = at;
    exclusives[exclusive_count++].bytes = bytes;
}

static bool is_exclusive(const char *at) {
    for (unsigned i = 0; i < exclusive_count; i++) {
        if ((uintptr_t)at - (uintptr_t)exclusives[i].at < exclusives[i].bytes) {
            return true;
        }
    }
    return false;
}

static uint64_t memory_read(const void *at, size_t bytes) {
    uint8_t one;
    uint32_t four;
    uint64_t eight;
    switch (bytes) {
    case 1:
        memcpy(&one, at, sizeof one);
        return one;
    case 4:
        memcpy(&four, at, sizeof four);
        return four;
    default:
        explore_need(bytes == 8, "teach memory_read this size");
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
}

static void memory_write(const void *at, size_t bytes, uint64_t value) {
    uint8_t one = (uint8_t)value;
    uint32_t four = (uint32_t)value;
    const void *from = bytes == 1 ? (const void *)&one : bytes == 4 ? (const void *)&four : &value;
    // The address is that of an object that may be written: a store was asked for.
    memcpy((void *)(uintptr_t)at, from, bytes);
}

static struct model_outcome in_memory(const struct model_access *access, const void *at,
                                      size_t bytes) {
    struct model_outcome outcome = {.read = memory_read(at, bytes), .succeeded = true};
    outcome.wrote = access->value;
    if (access->kind == MODEL_ADD) {
        outcome.wrote += outcome.read;
    }
    if (access->kind == MODEL_CAS) {
        outcome.succeeded = outcome.read == access->expected;
    }
    if (access->kind != MODEL_LOAD && outcome.succeeded) {
        memory_write(at, bytes, outcome.wrote);
    }
    return outcome;
}

static struct model_outcome perform(struct model_access *access, const void *at, size_t bytes,
                                    unsigned site) {
    if (!explore_is_recording()) {
        return in_memory(access, at, bytes);
    }
    if (is_exclusive(at)) {
        race_note((void *)(uintptr_t)at, bytes, access->kind != MODEL_LOAD, NULL);
        return in_memory(access, at, bytes);
    }
    access->order = trace_order(site, access->order);
    explore_step(at, access->kind != MODEL_LOAD, false);
    access->thread = explore_thread();
    access->location = model_location(at, memory_read(at, bytes));
    struct model_outcome outcome = model_perform(access);
    trace_step(site, access, &outcome, at);
    if (!outcome.consistent) {
        explore_discard();
    }
    return outcome;
}

uint64_t access_load(const void *at, size_t bytes, const char *operation, const char *function,
                     const char *operand, int order) {
    struct model_access access = {.kind = MODEL_LOAD, .order = order};
    return perform(&access, at, bytes, trace_site(function, operation, operand)).read;
}

void access_store(const void *at, size_t bytes, const char *operation, const char *function,
                  const char *operand, uint64_t value, int order) {
    struct model_access access = {.kind = MODEL_STORE, .order = order, .value = value};
    (void)perform(&access, at, bytes, trace_site(function, operation, operand));
}

uint64_t access_exchange(const void *at, size_t bytes, const char *operation, const char *function,
                         const char *operand, uint64_t value, int order) {
    struct model_access access = {.kind = MODEL_SWAP, .order = order, .value = value};
    return perform(&access, at, bytes, trace_site(function, operation, operand)).read;
}

uint64_t access_add(const void *at, size_t bytes, const char *operation, const char *function,
                    const char *operand, uint64_t value, int order) {
    struct model_access access = {.kind = MODEL_ADD, .order = order, .value = value};
    return perform(&access, at, bytes, trace_site(function, operation, operand)).read;
}

bool access_cas(const void *at, size_t bytes, const char *operation, const char *function,
                const char *operand, void *expected, uint64_t value, int order, int failed) {
    struct model_access access = {.kind = MODEL_CAS,
                                  .order = order,
                                  .failed = failed,
                                  .value = value,
                                  .expected = memory_read(expected, bytes)};
    struct model_outcome outcome =
        perform(&access, at, bytes, trace_site(function, operation, operand));
    if (!outcome.succeeded) {
        memory_write(expected, bytes, outcome.read);
    }
    return outcome.succeeded;
}

// Locks and futexes: always the last value.

static struct model_outcome perform_last(const void *at, enum model_kind kind, int order,
                                         uint64_t value) {
    struct model_access access = {.thread = explore_thread(),
                                  .location = model_location(at, memory_read(at, 4)),
                                  .kind = kind,
                                  .order = order,
                                  .value = value,
                                  .last_only = true};
    return model_perform(&access);
}

void access_lock(const void *at) {
    if (explore_is_recording()) {
        explore_step(at, true, true);
        (void)perform_last(at, MODEL_SWAP, ACCESS_ACQUIRE, 1);
        trace_say(explore_thread(), "takes the lock", at);
    }
}

bool access_trylock(const void *at) {
    if (!explore_is_recording()) {
        return true;
    }
    explore_step(at, true, false);
    if (model_last_value(model_location(at, 0)) != 0) {
        (void)perform_last(at, MODEL_LOAD, ACCESS_RELAXED, 0);
        trace_say(explore_thread(), "finds the lock taken", at);
        return false;
    }
    (void)perform_last(at, MODEL_SWAP, ACCESS_ACQUIRE, 1);
    trace_say(explore_thread(), "takes the lock at once", at);
    return true;
}

void access_unlock(const void *at) {
    if (explore_is_recording()) {
        explore_step(at, true, false);
        (void)perform_last(at, MODEL_STORE, ACCESS_RELEASE, 0);
        trace_say(explore_thread(), "drops the lock", at);
    }
}

void access_wait(const void *at, uint64_t value) {
    explore_step(at, true, false);
    if (perform_last(at, MODEL_LOAD, ACCESS_RELAXED, 0).read == value) {
        trace_say(explore_thread(), "sleeps", at);
        explore_sleep(at);
    }
}

void access_poll(const void *at) {
    explore_step(at, false, true);
}

void access_wake(const void *at) {
    explore_step(at, true, false);
    (void)perform_last(at, MODEL_LOAD, ACCESS_RELAXED, 0);
    bool woke = explore_wake(at);
    trace_say(explore_thread(), woke ? "wakes a sleeper" : "wakes nobody", at);
}
