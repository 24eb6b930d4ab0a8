#include "api/malloc.h"

#include <errno.h>

#include "api/hard.h"
#include "api/helper.h"
#include "api/large.h"
#include "api/late.h"
#include "api/pending.h"
#include "ashlar/ashlar.h"
#include "base/assert.h"
#include "heap/audit.h"
#include "heap/hard.h"
#include "heap/hold.h"
#include "heap/refill.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "platform/report.h"
#include "platform/tags.h"
#include "supply/guard.h"
#include "supply/guard_report.h"
#include "supply/run.h"
#include "supply/store.h"

// Allocating ------------------------------------------------------------------------

static void *malloc_refill(struct ash_heap *heap, unsigned class_index) {
    ash_hold(heap);
    void *block = ash_refill(heap, class_index);
    ash_hold_end(heap);
    ash_helper_start();
    ash_pending();
    return block;
}

// The thread has no heap, or none any more: a heap of the realm serves for this once.
static ASH_COLD void *malloc_late(struct ash_realm *realm, unsigned class_index) {
    if (realm == NULL || realm == &ash_realm_main) {
        return ash_late_take(class_index);
    }
    struct ash_heap *heap = ash_realm_heap(realm, NULL);
    if (heap == NULL) {
        return NULL;
    }
    void *block = malloc_refill(heap, class_index);
    ash_realm_leave(heap);
    return block;
}

static void *malloc_class(struct ash_realm *realm, unsigned class_index) {
    struct ash_heap *mine = ash_thread_attach();
    if (mine == NULL) {
        return NULL;
    }
    if (mine == &ash_heap_done) {
        return malloc_late(realm, class_index);
    }
    if (realm == NULL) {
        return malloc_refill(mine, class_index);
    }
    struct ash_heap *heap = ash_realm_heap(realm, mine);
    return heap == NULL ? NULL : malloc_refill(heap, class_index);
}

// As malloc_class, after all that is free has been gathered.
static ASH_COLD void *malloc_class_again(struct ash_realm *realm, unsigned class_index) {
    (void)ash_collect();
    return malloc_class(realm, class_index);
}

void *ash_take_class(struct ash_realm *realm, unsigned class_index) {
    void *block = malloc_class(realm, class_index);
    return ash_likely(block != NULL) ? block : malloc_class_again(realm, class_index);
}

ASH_NOINLINE void *ash_take_plain(struct ash_realm *realm, size_t bytes) {
    bool zero;
    void *block = bytes <= ASH_BLOCK_MAX
                      ? ash_take_class(realm, ash_class_of(bytes))
                      : ash_large_take(ash_thread_realm(realm), bytes, ASH_MIN_ALIGN, &zero);
    if (ash_unlikely(block == NULL)) {
        errno = ENOMEM;
    }
    return block;
}

ASH_NOINLINE void *ash_take_slow(struct ash_realm *realm, size_t bytes) {
    return ash_hard_detours() ? ash_hard_take(realm, bytes) : ash_take_plain(realm, bytes);
}

ASH_NOINLINE void *ash_malloc_slow(size_t bytes) {
    return ash_hard_detours() ? ash_hard_malloc(bytes) : ash_take_plain(NULL, bytes);
}

// Freeing ---------------------------------------------------------------------------

// `record` is any of the span's. The bin may be full.
static void free_local(struct ash_heap *heap, const struct ash_record *record,
                       struct ash_block *block) {
    if (ash_hard_on()) {
        ash_hard_give(heap, record, block);
        return;
    }
    struct ash_bin *bin = record->bin;
    if (bin->top == bin->end) {
        ash_hold(heap);
        ash_release_older(heap, record->class_index);
        if (ASH_AUDIT) {
            ash_heap_audit_some(heap);
        }
        ash_hold_end(heap);
        ash_helper_wake();
    }
    ash_fast_push(bin, block);
}

// The owner was another heap, or the thread did not know its own.
static void free_in_span(struct ash_record *span, struct ash_block *block) {
    struct ash_heap *mine = ash_thread_attach();
    struct ash_heap *owner = ash_tenure_owner(&span->owner);
    if (mine == NULL || mine == &ash_heap_done) {
        ash_remote_free_now(span, block);
    } else if (owner == mine || ash_realm_is_home(owner, mine)) {
        free_local(owner, span, block);
    } else if (ash_realm_of(owner) == &ash_realm_main) {
        ash_remote_free(mine, span, block);
    } else {  // its realm may end before a gathered block would be published
        ash_remote_free_now(span, block);
    }
}

// Not a block that the store or a heap knows. Pointers from before ashlar took
// over (or from memory of others) are let alone; in our own memory it is an error.
static void free_unknown(void *block, bool ours) {
    if (ash_large_give_huge(block)) {
        return;
    }
    if (ash_guard_contains(block)) {
        ash_guard_report_refused("free", block);
        return;
    }
    if (ours) {
        ash_report_refused(ASH_E_NO_BLOCK, "free", block);
        return;
    }
    if (ash_hard_on()) {
        ash_report_refused(ASH_E_NOT_OURS, "free", block);
        return;
    }
    static _Atomic uint32_t told;  // not a bool: RISC-V has no exchange of a byte
    if (!atomic_exchange_explicit(&told, 1, memory_order_relaxed)) {
        ash_report(ASH_E_FOREIGN_FREE);
    }
}

static void free_run(struct ash_record *record, void *block) {
    if (ash_likely(ash_run_start(record) == block)) {
        ash_large_give_run(record);
    } else {
        ash_report_refused(ASH_E_NOT_A_START, "free", block);
    }
}

static ASH_NOINLINE void free_other(void *block) {
    struct ash_record *record = ash_record_find(block);
    if (record == NULL || record->kind == ASH_KIND_FREE) {
        free_unknown(block, record != NULL);
    } else if (record->kind == ASH_KIND_SPAN) {
        free_in_span(record, block);
    } else {
        free_run(record, block);
    }
}

ASH_INLINE void free_any(void *block) {
    struct ash_heap *heap = ash_thread_heap();
    if (ash_region_contains(block)) {
        struct ash_record *record = ash_record_of(block);
        struct ash_heap *owner = ash_tenure_owner(&record->owner);
        if (owner == heap) {
            free_local(heap, record, block);
            return;
        }
        if (heap != NULL && ash_remote_join(heap, record, block)) {
            return;
        }
        if (record->kind == ASH_KIND_SPAN && heap != NULL && ash_realm_is_home(owner, heap)) {
            free_local(owner, record, block);  // of another realm
            return;
        }
    }
    if (block != NULL) {
        free_other(block);
    }
}

ASH_NOINLINE void ash_free_to_slow(struct ash_heap *heap, void *block) {
    struct ash_record *record = ash_region_contains(block) ? ash_record_of(block) : NULL;
    if (record == NULL || ash_tenure_owner(&record->owner) != heap) {
        ash_free_inline(block);
    } else if (heap == ash_thread_heap()) {
        ash_free_slow(block);
    } else {
        if (ash_hard_detours_free()) {
            ash_hard_free(block);
        } else {
            free_local(heap, record, block);
        }
    }
}

ASH_NOINLINE void ash_free_tested(void *pointer, size_t align, size_t bytes) {
    if (ash_likely(ash_hard_may_free(pointer, align, bytes))) {
        free_any(ash_tag_strip(pointer));
    }
}

ASH_NOINLINE void ash_free_slow(void *block) {
    if (ash_hard_detours_free()) {
        ash_hard_free(block);
        return;
    }
    free_any(block);
}

ASH_NOINLINE void ash_free_sized_slow(void *block, size_t align, size_t bytes) {
    if (ash_hard_detours_free()) {
        ash_hard_free_sized(block, align, bytes);
        return;
    }
    free_any(block);
}

// What callers see --------------------------------------------------------------------

ASH_NOINLINE void *ash_malloc(size_t bytes) {
    return ash_malloc_inline(bytes);
}

ASH_NOINLINE void ash_free(void *block) {
    ash_free_inline(block);
}

ASH_NOINLINE void ash_free_sized(void *block, size_t bytes) {
    ash_free_sized_inline(block, 1, bytes);
}

ASH_NOINLINE void ash_free_aligned_sized(void *block, size_t align, size_t bytes) {
    ash_free_sized_inline(block, align, bytes);
}
