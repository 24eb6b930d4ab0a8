// Walks a heap and asserts every numbered invariant of it. Audit builds only.

#ifndef ASH_HEAP_AUDIT_H
#define ASH_HEAP_AUDIT_H

#include "heap/heap.h"

// The caller owns the heap.
void ash_heap_audit(struct ash_heap *heap);

// The same, for every so many calls: it is called on slow paths.
void ash_heap_audit_some(struct ash_heap *heap);

#endif
