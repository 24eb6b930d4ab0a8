// The allocator under test, with a switch that makes it misbehave.
//
// Without a plant each function is its ash_* namesake. With one, every
// PLANT_PERIOD-th suitable call does something an allocator must never do; the
// model has to notice. That is how the model's own checks are tested.

#ifndef ASHLAR_TEST_MODEL_SUBJECT_H
#define ASHLAR_TEST_MODEL_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

// Chooses the misbehaviour by name; false for an unknown name. Before any thread.
bool subject_plant(const char *name);

// The known names, separated by spaces.
const char *subject_plants(void);

void *subject_malloc(size_t bytes);
void *subject_calloc(size_t count, size_t bytes);
void *subject_realloc(void *block, size_t bytes);
void *subject_aligned_alloc(size_t align, size_t bytes);
int subject_posix_memalign(void **block, size_t align, size_t bytes);
void subject_free(void *block);
size_t subject_usable_size(const void *block);

#endif
