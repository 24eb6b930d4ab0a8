// See model.h. The messages of a location are numbered by their place in its modification order;
// a view holds messages, not places, because a write may shift the places behind it.

#include "model.h"

#include <string.h>

#include "access.h"
#include "explore.h"
#include "psc.h"

struct view {
    uint8_t newest[MODEL_LOCATIONS];  // a message; 0 is the initial one of any location
};

struct message {
    uint64_t value;
    uint8_t location, place, thread, event;
    bool attached;  // written by a read-modify-write of the message before it
    struct view view;
    struct model_clock clock;
};

struct location {
    const void *at;
    uint64_t initial;
    unsigned count;
    uint8_t order[MODEL_MESSAGES + 1];  // messages; the first is 0, the initial value
};

static struct location locations[MODEL_LOCATIONS];
static unsigned location_count;
static struct message messages[MODEL_MESSAGES + 1];
static unsigned message_count;
static struct view views[MODEL_THREADS];
static struct model_clock clocks[MODEL_THREADS];
static uint64_t facts[MODEL_THREADS];

void model_reset(void) {
    location_count = 0;
    message_count = 0;
    memset(views, 0, sizeof views);
    memset(clocks, 0, sizeof clocks);
    memset(facts, 0, sizeof facts);
    psc_reset();
}

unsigned model_location(const void *at, uint64_t initial) {
    for (unsigned i = 0; i < location_count; i++) {
        if (locations[i].at == at) {
            return i;
        }
    }
    explore_need(location_count < MODEL_LOCATIONS, "raise MODEL_LOCATIONS");
    struct location *location = &locations[location_count];
    location->at = at;
    location->initial = initial;
    location->count = 1;
    location->order[0] = 0;
    return location_count++;
}

static unsigned place_of(unsigned message) {
    return message == 0 ? 0 : messages[message].place;
}

static uint64_t value_of(unsigned location, unsigned message) {
    return message == 0 ? locations[location].initial : messages[message].value;
}

uint64_t model_last_value(unsigned location) {
    return value_of(location, locations[location].order[locations[location].count - 1]);
}

static void join(struct view *view, struct model_clock *clock, const struct view *other,
                 const struct model_clock *other_clock) {
    for (unsigned i = 0; i < location_count; i++) {
        if (place_of(other->newest[i]) > place_of(view->newest[i])) {
            view->newest[i] = other->newest[i];
        }
    }
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        if (other_clock->seen[i] > clock->seen[i]) {
            clock->seen[i] = other_clock->seen[i];
        }
    }
}

void model_join(void) {
    for (unsigned i = 1; i < MODEL_THREADS; i++) {
        join(&views[0], &clocks[0], &views[i], &clocks[i]);
        clocks[0].seen[i]++;  // also what it did after its last event
    }
}

const struct model_clock *model_now(unsigned thread) {
    return &clocks[thread];
}

static uint64_t mix(uint64_t hash, uint64_t fact) {
    hash = (hash ^ fact) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 32;
}

void model_note(unsigned thread, uint64_t fact) {
    facts[thread] = mix(facts[thread], fact + 1);
}

static uint64_t name_of(unsigned message) {
    return message == 0 ? 0 : (uint64_t)messages[message].thread << 8 | messages[message].event;
}

uint64_t model_hash(void) {
    uint64_t hash = 0;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        hash += mix(facts[i], i);
    }
    for (unsigned i = 0; i < location_count; i++) {
        const struct location *location = &locations[i];
        uint64_t sequence = mix((uint64_t)(uintptr_t)location->at, 1);
        for (unsigned k = 1; k < location->count; k++) {
            sequence = mix(sequence, name_of(location->order[k]));
        }
        hash += location->count > 1 ? sequence : 0;
    }
    return hash;
}

static bool acquires(int order) {
    return order == ACCESS_ACQUIRE || order >= ACCESS_ACQ_REL;
}

static bool releases(int order) {
    return order >= ACCESS_RELEASE;
}

// Nothing may come between the message at `place` and the next one.
static bool is_closed(const struct location *location, unsigned place) {
    return place + 1 < location->count && messages[location->order[place + 1]].attached;
}

static bool may_read(const struct model_access *access, unsigned place) {
    const struct location *location = &locations[access->location];
    uint64_t value = value_of(access->location, location->order[place]);
    bool writes = access->kind == MODEL_SWAP || access->kind == MODEL_ADD ||
                  (access->kind == MODEL_CAS && value == access->expected);
    return !writes || !is_closed(location, place);
}

static bool may_write_behind(const struct model_access *access, unsigned place) {
    return !is_closed(&locations[access->location], place);
}

// The place that the access reads, or (a store) writes behind. The last one is tried first.
static unsigned choose_place(const struct model_access *access,
                             bool (*may)(const struct model_access *, unsigned)) {
    const struct location *location = &locations[access->location];
    unsigned least = place_of(views[access->thread].newest[access->location]);
    if (access->last_only) {
        least = location->count - 1;
    }
    unsigned options[MODEL_MESSAGES + 1];
    unsigned count = 0;
    for (unsigned place = location->count; place-- > least;) {
        if (may(access, place)) {
            options[count++] = place;
        }
    }
    return options[explore_choose(count)];
}

// Adds a message behind `place`. `before`: what a read-modify-write has read; it hands on what
// that carried.
static unsigned add_message(const struct model_access *access, int order, unsigned place,
                            uint64_t value, const struct message *before) {
    struct location *location = &locations[access->location];
    explore_need(message_count < MODEL_MESSAGES, "raise MODEL_MESSAGES");
    unsigned number = ++message_count;
    memmove(&location->order[place + 2], &location->order[place + 1], location->count - place - 1);
    location->order[place + 1] = (uint8_t)number;
    location->count++;
    for (unsigned i = place + 1; i < location->count; i++) {
        messages[location->order[i]].place = (uint8_t)i;
    }
    struct message *message = &messages[number];
    message->value = value;
    message->location = (uint8_t)access->location;
    message->thread = (uint8_t)access->thread;
    message->event = clocks[access->thread].seen[access->thread];
    message->attached = access->kind != MODEL_STORE;
    memset(&message->view, 0, sizeof message->view);
    memset(&message->clock, 0, sizeof message->clock);
    views[access->thread].newest[access->location] = (uint8_t)number;
    if (before != NULL) {
        join(&message->view, &message->clock, &before->view, &before->clock);
    }
    if (releases(order)) {
        join(&message->view, &message->clock, &views[access->thread], &clocks[access->thread]);
    }
    return number;
}

static void perform_read(const struct model_access *access, struct model_outcome *outcome,
                         unsigned place, int order) {
    const struct location *location = &locations[access->location];
    unsigned message = location->order[place];
    outcome->read = value_of(access->location, message);
    outcome->stale = place + 1 < location->count;
    outcome->from_thread = message == 0 ? 0 : messages[message].thread;
    outcome->from_event = message == 0 ? 0 : messages[message].event;
    views[access->thread].newest[access->location] = (uint8_t)message;
    if (acquires(order) && message != 0) {
        join(&views[access->thread], &clocks[access->thread], &messages[message].view,
             &messages[message].clock);
    }
    model_note(access->thread, name_of(message));
}

static uint64_t value_to_write(const struct model_access *access, uint64_t read) {
    return access->kind == MODEL_ADD ? read + access->value : access->value;
}

static int places_of_messages(unsigned one, unsigned other) {
    return (int)place_of(one) - (int)place_of(other);
}

struct model_outcome model_perform(const struct model_access *access) {
    struct model_clock *clock = &clocks[access->thread];
    explore_need(clock->seen[access->thread] < MODEL_EVENTS, "raise MODEL_EVENTS");
    clock->seen[access->thread]++;
    struct model_outcome outcome = {.consistent = true, .succeeded = true};
    struct psc_event event = {.thread = access->thread,
                              .number = clock->seen[access->thread],
                              .location = access->location,
                              .reads = access->kind != MODEL_STORE};
    int order = access->order;
    unsigned place;
    if (event.reads) {
        place = choose_place(access, may_read);
        uint64_t value = value_of(access->location, locations[access->location].order[place]);
        outcome.succeeded = access->kind != MODEL_CAS || value == access->expected;
        order = outcome.succeeded ? access->order : access->failed;
        event.read = locations[access->location].order[place];
        perform_read(access, &outcome, place, order);
    } else {
        place = choose_place(access, may_write_behind);
        model_note(access->thread, 0);
    }
    if (access->kind != MODEL_LOAD && outcome.succeeded) {
        outcome.wrote = value_to_write(access, outcome.read);
        const struct message *before = event.read == 0 ? NULL : &messages[event.read];
        event.wrote = add_message(access, order, place, outcome.wrote, before);
    }
    psc_log(&event, clock);
    if (order == ACCESS_SEQ_CST && access->thread != 0) {
        outcome.consistent = psc_add(&event, places_of_messages);
    }
    return outcome;
}
