// Typed allocation: from tier 2 on each type has one of a few realms of its own (heap/realm.h),
// which are made when they are first needed and never end.

#include "api/typed.h"

#include <errno.h>
#include <stdatomic.h>

#include "api/aligned.h"
#include "api/boot.h"
#include "api/hard.h"
#include "api/malloc.h"
#include "api/realloc.h"
#include "api/zalloc.h"
#include "ashlar/typed.h"
#include "base/bits.h"
#include "heap/hard.h"
#include "heap/realm.h"

enum {
    TYPED_SHIFT = 32 - 4,
    TYPED_REALMS = 1 << 4,  // each is 3 KiB for each thread that allocates from it
};

static _Atomic(struct ash_realm *) typed_realms[TYPED_REALMS];

// NULL without memory. Where two threads make one at once, the first one's stays.
static ASH_COLD struct ash_realm *typed_make(_Atomic(struct ash_realm *) *place) {
    struct ash_realm *made = ash_realm_new(&ash_realm_main), *other = NULL;
    // release: the realm is complete; pairs with the acquires here and in typed_find.
    if (made == NULL || atomic_compare_exchange_strong_explicit(
                            place, &other, made, memory_order_release, memory_order_acquire)) {
        return made;
    }
    ash_realm_delete(made);
    return other;
}

// The type's realm, or NULL: then it has none of its own. False without memory.
static bool typed_find(ash_type_t type, struct ash_realm **realm) {
    *realm = NULL;
    if (!ash_boot() || ash_hard.tier < ASH_HARD_TYPES ||
        ash_thread_realm(NULL) != &ash_realm_main) {
        return true;
    }
    uint32_t salted = (type ^ (uint32_t)ash_hard.secret) * UINT32_C(0x9e3779b1);
    _Atomic(struct ash_realm *) *place = &typed_realms[salted >> TYPED_SHIFT];
    // acquire: pairs with the release in typed_make.
    *realm = atomic_load_explicit(place, memory_order_acquire);
    if (ash_unlikely(*realm == NULL)) {
        *realm = typed_make(place);
    }
    return *realm != NULL;
}

static void *typed_none(void) {
    errno = ENOMEM;
    return NULL;
}

static ASH_NOINLINE void *typed_take(size_t bytes, ash_type_t type) {
    struct ash_realm *realm;
    if (!typed_find(type, &realm)) {
        return typed_none();
    }
    return realm == NULL ? ash_malloc_inline(bytes) : ash_take(realm, bytes);
}

static ASH_NOINLINE void *typed_take_zero(size_t bytes, ash_type_t type) {
    struct ash_realm *realm;
    if (!typed_find(type, &realm)) {
        return typed_none();
    }
    return realm == NULL ? ash_zalloc_inline(bytes) : ash_take_zero(realm, bytes);
}

// Until boot has read the options slow paths turn off, and so do these.
ASH_NOINLINE void *ash_malloc_typed(size_t bytes, ash_type_t type) {
    return ash_likely(!ash_hard_detours()) ? ash_malloc_inline(bytes) : typed_take(bytes, type);
}

ASH_NOINLINE void *ash_calloc_typed(size_t count, size_t bytes, ash_type_t type) {
    size_t total;
    if (ash_unlikely(ash_mul_overflows(count, bytes, &total))) {
        return typed_none();
    }
    return ash_likely(!ash_hard_detours()) ? ash_zalloc_inline(total)
                                           : typed_take_zero(total, type);
}

ASH_NOINLINE void *ash_malloc_aligned_typed(size_t bytes, size_t align, ash_type_t type) {
    struct ash_realm *realm;
    return typed_find(type, &realm) ? ash_take_at(realm, bytes, align, 0, false) : typed_none();
}

// Without memory for the type's realm a block may still be freed, or stay in its own.
ASH_NOINLINE void *ash_realloc_typed(void *block, size_t bytes, ash_type_t type) {
    struct ash_realm *realm;
    return typed_find(type, &realm) || block != NULL ? ash_resize(realm, block, bytes)
                                                     : typed_none();
}

bool ash_typed_has(const struct ash_realm *realm) {
    for (unsigned i = 0; i < TYPED_REALMS; i++) {
        // relaxed: who has a block of the realm's, and so has come to know it, has seen it here.
        if (atomic_load_explicit(&typed_realms[i], memory_order_relaxed) == realm) {
            return true;
        }
    }
    return false;
}
