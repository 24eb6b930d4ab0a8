// Parcels: see support.h.

#include "subject.h"
#include "support.h"

// What the byte at `at` of a parcel with this mark must be.
static unsigned char pattern(uint32_t mark, size_t at) {
    return (unsigned char)(mark + at * 7);
}

// Large blocks are filled at both ends and sparsely between.
static size_t stride(size_t bytes) {
    return bytes < 2048 ? 1 : 509;
}

static void *take(struct random *random, size_t bytes) {
    switch (random_next(random) % 8) {
    case 0:
        return ash_calloc(1, bytes);
    case 1:
        return ash_aligned_alloc((size_t)16 << random_next(random) % 6, bytes);
    case 2:
        return ash_realloc(ash_malloc(bytes / 2 + 1), bytes);
    default:
        return ash_malloc(bytes);
    }
}

struct parcel *parcel_make(struct random *random, size_t bytes) {
    struct parcel *parcel = take(random, bytes);
    if (parcel == NULL) {
        fail("%zu bytes are to be had", bytes);
    }
    parcel->bytes = bytes;
    parcel->mark = random_next(random);
    unsigned char *contents = (unsigned char *)parcel;
    for (size_t at = sizeof(*parcel); at < bytes; at += stride(bytes)) {
        contents[at] = pattern(parcel->mark, at);
    }
    return parcel;
}

void parcel_check(const struct parcel *parcel) {
    const unsigned char *contents = (const unsigned char *)parcel;
    if (ash_usable_size(parcel) < parcel->bytes) {
        fail("a block of %zu bytes is whole", parcel->bytes);
    }
    for (size_t at = sizeof(*parcel); at < parcel->bytes; at += stride(parcel->bytes)) {
        if (contents[at] != pattern(parcel->mark, at)) {
            fail("a block of %zu bytes changed at byte %zu", parcel->bytes, at);
        }
    }
}

void parcel_give(struct parcel *parcel) {
    parcel_check(parcel);
    ash_free(parcel);
}
