#include "planted.h"

#include <stdatomic.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "heap/registry.h"

static void plant_nothing(void) {}

static void plant_lock(void) {
    ash_registry_enter();
    ash_registry_leave();
}

static _Atomic unsigned planted_word;

static void plant_word(void) {
    atomic_fetch_add_explicit(&planted_word, 1, memory_order_relaxed);
}

static void plant_walk(void) {
    for (struct ash_heap *heap = NULL; (heap = ash_registry_next(heap)) != NULL;) {
        atomic_fetch_add_explicit(&heap->slow_paths, 0, memory_order_relaxed);
    }
}

// A block of the program's, which was in another processor's cache.
static _Atomic unsigned *planted_block;

static void plant_block(void) {
    atomic_fetch_add_explicit(planted_block, 1, memory_order_relaxed);
}

static void (*planted)(void) = plant_nothing;

bool planted_set(const char *name) {
    static const struct {
        const char *name;
        void (*step)(void);
    } faults[] = {
        {"lock", plant_lock}, {"word", plant_word}, {"walk", plant_walk}, {"block", plant_block}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(name, faults[i].name) == 0) {
            planted = faults[i].step;
            planted_block = ash_malloc(sizeof *planted_block);
            return planted_block != NULL;
        }
    }
    return false;
}

void planted_step(void) {
    planted();
}
