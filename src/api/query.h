// What is known of a pointer.

#ifndef ASH_API_QUERY_H
#define ASH_API_QUERY_H

#include <stddef.h>

#include "heap/realm.h"

// The bytes a block holds; 0 if `block` does not point to the start of one.
size_t ash_query_bytes(const void *pointer);

// The realm of the block that `p` points to or into; NULL if there is none.
struct ash_realm *ash_query_realm(const void *p);

#endif
