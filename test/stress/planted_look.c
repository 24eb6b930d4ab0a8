// Planted faults for stress_walk: what looks at heaps forgets something. Each program that links
// this file replaces one of these functions (ld's --wrap).

#include "heap/look.h"
#include "supply/region.h"

const struct ash_look_list *__wrap_ash_look_bins(struct ash_heap *heap, uint64_t classes,
                                                 bool running, struct ash_look_list lists[2]);
void __wrap_ash_look_depot(const struct ash_heap *heap, unsigned class_index, ash_look_see *see,
                           void *argument);
void __wrap_ash_look_gathered(struct ash_heap *gatherer, const struct ash_heap *owner,
                              ash_look_see *see, void *argument);
void __wrap_ash_look_remote(struct ash_record *span, ash_look_see *see, void *argument);
size_t __wrap_ash_look_ready(const struct ash_heap *heap, unsigned class_index);
void __wrap_ash_look_returning(struct ash_heap *heap, size_t blocks[ASH_CLASS_COUNT]);
size_t __wrap_ash_region_table_bytes(void);

const struct ash_look_list *__wrap_ash_look_bins(struct ash_heap *heap, uint64_t classes,
                                                 bool running, struct ash_look_list lists[2]) {
    (void)heap;
    (void)classes;
    (void)running;
    lists[0].count = 0;
    return &lists[0];
}

void __wrap_ash_look_depot(const struct ash_heap *heap, unsigned class_index, ash_look_see *see,
                           void *argument) {
    (void)heap;
    (void)class_index;
    (void)see;
    (void)argument;
}

void __wrap_ash_look_gathered(struct ash_heap *gatherer, const struct ash_heap *owner,
                              ash_look_see *see, void *argument) {
    (void)gatherer;
    (void)owner;
    (void)see;
    (void)argument;
}

void __wrap_ash_look_remote(struct ash_record *span, ash_look_see *see, void *argument) {
    (void)span;
    (void)see;
    (void)argument;
}

size_t __wrap_ash_look_ready(const struct ash_heap *heap, unsigned class_index) {
    (void)heap;
    (void)class_index;
    return 0;
}

void __wrap_ash_look_returning(struct ash_heap *heap, size_t blocks[ASH_CLASS_COUNT]) {
    (void)heap;
    (void)blocks;
}

size_t __wrap_ash_region_table_bytes(void) {
    return 0;
}
