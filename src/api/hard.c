#include "api/hard.h"

#include <errno.h>
#include <string.h>

#include "api/boot.h"
#include "api/guard.h"
#include "api/helper.h"
#include "api/inplace.h"
#include "api/large.h"
#include "api/malloc.h"
#include "api/realloc.h"
#include "api/zalloc.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/options.h"
#include "heap/audit.h"
#include "heap/fence_report.h"
#include "heap/hard.h"
#include "heap/hold.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/state.h"
#include "heap/tagged.h"
#include "heap/tenure.h"
#include "platform/fault.h"
#include "platform/report.h"
#include "supply/huge.h"
#include "supply/run.h"

enum { HARD_CLEAR_NEAR = ASH_ZALLOC_NEAR };  // what is cleared without a loop

void ash_hard_start(void) {
    uint32_t tier = (uint32_t)ash_option_value(ASH_OPTION_HARDEN);
    if (tier >= ASH_HARD_TAGS && !ash_tags_begin()) {
        static bool told;  // under the lock of boot
        if (!told) {
            told = true;
            ash_report_setting(
                ASH_E_OPTION_VALUE,
                "harden=4 needs memory tags (MTE on AArch64), which this system does "
                "not have; going on with harden=3");
        }
        tier = ASH_HARD_CLEARS;
    }
    ash_hard_boot(tier);
    if (tier >= ASH_HARD_FENCES) {
        (void)ash_fault_watch(ash_fence_report_access);
    }
    ash_realloc_reach(tier > 0 ? 0 : ASH_BLOCK_MAX);
    // relaxed: what boot wrote is ordered by ash_boot, which who turns off calls first.
    atomic_store_explicit(&ash_hard_detour, tier > 0 ? ASH_DETOUR_ALL : ASH_DETOUR_NONE,
                          memory_order_relaxed);
}

// Allocating ------------------------------------------------------------------------

static inline void *hard_hand_out(struct ash_block *block, unsigned class_index, size_t bytes) {
    size_t held = ash_classes[class_index].block_bytes;
    if (ash_tags_on()) {
        return ash_tagged_hand_out(block, held, bytes);
    }
    ash_hard_hand_out(block, held, bytes);
    return block;
}

void *ash_hard_take_class(struct ash_realm *realm, unsigned class_index, size_t bytes) {
    struct ash_heap *mine = ash_thread_own_heap();
    struct ash_block *block =
        realm == NULL && mine != NULL ? ash_slots_pop(mine, class_index, false) : NULL;
    if (block == NULL) {
        block = ash_take_class(realm, class_index);
    }
    return ash_likely(block != NULL) ? hard_hand_out(block, class_index, bytes) : NULL;
}

static ASH_NOINLINE void *hard_take(struct ash_realm *realm, size_t bytes) {
    void *guarded = ash_guard_sample(realm, bytes, ASH_MIN_ALIGN);
    if (guarded != NULL) {
        return guarded;
    }
    if (!ash_boot() || !ash_hard_on()) {
        void *block = ash_take_plain(realm, bytes);
        ash_guard_count(realm, bytes);
        return block;
    }
    bool zero;
    void *block = bytes <= ASH_BLOCK_MAX - ash_hard.pad
                      ? ash_hard_take_class(realm, ash_class_of(bytes + ash_hard.pad), bytes)
                      : ash_large_take(ash_thread_realm(realm), bytes, ASH_MIN_ALIGN, &zero);
    if (ash_unlikely(block == NULL)) {
        errno = ENOMEM;
    }
    return block;
}

// What is in a slot, in whichever memory and however much of it is asked for.
static ASH_NOINLINE void *hard_take_any(uintptr_t slot, size_t held, size_t bytes) {
    struct ash_block *block = ash_slots_open(slot, held);
    ash_hard_hand_out(block, held, bytes);
    return block;
}

// What is in the slots of the calling thread's own heap, and nothing that is rare: once for each
// tier, so that each has its checks alone. Who has slots has been through boot.
ASH_INLINE void *hard_take_slot(uint32_t tier, size_t bytes) {
    struct ash_heap *mine = ash_thread_own_heap();
    if (ash_unlikely(mine == NULL || bytes >= ash_hard.near || mine->slots == NULL)) {
        return hard_take(NULL, bytes);
    }
    struct ash_slots_bin *bin = ash_slots_for(mine, bytes + 1);
    if (ash_unlikely(bin->count == 0 && !ash_slots_turn(mine->slots, bin, false))) {
        return hard_take(NULL, bytes);
    }
    uintptr_t slot =
        tier >= ASH_HARD_DRAWS ? ash_slots_drawn(mine->slots, bin) : ash_slots_last(bin);
    size_t held = bin->block_bytes, slack = held - ash_max(bytes, 1);
    if (ash_unlikely((slot & ASH_SLOT_BITS) != 0 || slack > ASH_HARD_NEAR)) {
        return hard_take_any(slot, held, bytes);
    }
    struct ash_block *block = (struct ash_block *)slot;
    if (tier >= ASH_HARD_CLEARS) {
        ash_hard_test_clear(block, held);
    }
    ash_hard_set_near(block, held, slack);
    ash_state_set(ash_state_in_window(block), (uint8_t)(ASH_STATE_LIVE + slack));
    return block;
}

static ASH_NOINLINE void *hard_malloc_drawn(size_t bytes) {
    return hard_take_slot(ASH_HARD_DRAWS, bytes);
}

static ASH_NOINLINE void *hard_malloc_clear(size_t bytes) {
    if (ash_tags_on()) {
        return hard_take(NULL, bytes);
    }
    return hard_take_slot(ASH_HARD_CLEARS, bytes);
}

void *ash_hard_malloc(size_t bytes) {
    if (ash_hard.tier >= ASH_HARD_DRAWS) {
        return ash_hard.tier == ASH_HARD_DRAWS ? hard_malloc_drawn(bytes)
                                               : hard_malloc_clear(bytes);
    }
    return hard_take_slot(ASH_HARD_CANARIES, bytes);
}

void *ash_hard_take(struct ash_realm *realm, size_t bytes) {
    return realm == NULL ? ash_hard_malloc(bytes) : hard_take(realm, bytes);
}

// Looking at a block ------------------------------------------------------------------

struct hard_view {
    void *block;               // without its tag
    struct ash_record *first;  // of its span or run
    ash_state *says;
    size_t held;
    size_t slack;
};

// What a look says of a block.
enum hard_verdict {
    HARD_FINE,
    HARD_UNKNOWN,  // it is in no slice that is in use
    HARD_REFUSED,  // something is wrong, and has been said
};

static ASH_COLD enum hard_verdict hard_refuse(enum ash_error error, const void *block,
                                              const char *what) {
    ash_report_refused(error, what, block);
    return HARD_REFUSED;
}

static enum hard_verdict hard_look_at_run(struct hard_view *view, const void *pointer,
                                          const char *what) {
    if (ash_unlikely(ash_run_start(view->first) != pointer)) {  // nor has it a tag
        return hard_refuse(ASH_E_NOT_A_START, pointer, what);
    }
    view->says = ash_state_at(view->first, 0);
    view->held = view->first->run_bytes;
    view->slack = ash_state_slack(view->says);
    return HARD_FINE;
}

static ASH_COLD enum hard_verdict hard_refuse_freed(const void *block, const char *what) {
    if (strcmp(what, "free") == 0) {
        ash_report_bad_pointer(ASH_E_DOUBLE_FREE, "double free", block);
    }
    return hard_refuse(ASH_E_NO_BLOCK, block, what);
}

static enum hard_verdict hard_look_at_span(struct hard_view *view, const void *pointer,
                                           const char *what) {
    const struct ash_class *c = ash_span_class(view->first);
    size_t offset = (size_t)((const char *)view->block - ash_record_start(view->first));
    if (ash_unlikely((size_t)ash_class_index(c, offset) * c->block_bytes != offset)) {
        return hard_refuse(ASH_E_NOT_A_START, pointer, what);
    }
    view->says = ash_state_at(view->first, offset);
    if (ash_unlikely(!ash_state_is_live(view->says))) {
        return hard_refuse_freed(pointer, what);
    }
    if (ash_unlikely(!ash_tagged_fits(pointer))) {
        return hard_refuse(ASH_E_OLD_TAG, pointer, what);
    }
    view->held = c->block_bytes;
    view->slack = ash_state_slack(view->says);
    return HARD_FINE;
}

static enum hard_verdict hard_look(struct hard_view *view, const void *pointer, const char *what) {
    view->block = ash_tag_strip(pointer);
    view->first = ash_record_find(view->block);
    if (ash_unlikely(view->first == NULL || view->first->kind == ASH_KIND_FREE)) {
        return HARD_UNKNOWN;
    }
    enum hard_verdict verdict = view->first->kind == ASH_KIND_SPAN
                                    ? hard_look_at_span(view, pointer, what)
                                    : hard_look_at_run(view, pointer, what);
    if (verdict == HARD_FINE) {
        ash_hard_test_canary(view->block, view->held - view->slack, view->slack);
    }
    return verdict;
}

// Freeing ---------------------------------------------------------------------------

static ASH_COLD bool hard_refuse_size(const void *block, size_t asked, size_t said) {
    char text[100];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_uint(&line, asked);
    ash_fmt_text(&line, " bytes were asked for, and it is freed as one of ");
    ash_fmt_uint(&line, said);
    ash_report_refused_because(ASH_E_WRONG_SIZE, "free with a wrong size", block, line.text);
    return false;
}

static bool hard_has_size(const struct hard_view *view, const void *block, size_t bytes) {
    size_t asked = view->held - view->slack;
    return ash_likely(bytes == ASH_HARD_ANY || ash_max(bytes, 1) == asked) ||
           hard_refuse_size(block, asked, bytes);
}

static bool hard_has_align(const void *block, size_t align) {
    if (ash_likely(ash_is_power_of_two(align) && ((uintptr_t)block & (align - 1)) == 0)) {
        return true;
    }
    ash_report_refused(ASH_E_WRONG_ALIGN, "free with a wrong alignment", block);
    return false;
}

// What is no huge block of ours either is not judged here.
static bool hard_has_huge_size(const void *block, size_t bytes) {
    size_t held = ash_huge_find(block).bytes;
    size_t least = ash_max(bytes, 1);
    bool same = (ash_guard_contains(block) ? least : ash_huge_round(block, least)) == held;
    return held == 0 || bytes == ASH_HARD_ANY || same || hard_refuse_size(block, held, bytes);
}

bool ash_hard_may_free(void *block, size_t align, size_t bytes) {
    if (block == NULL || !ash_boot() || !ash_hard_on()) {
        return true;
    }
    struct hard_view view;
    enum hard_verdict verdict = hard_look(&view, block, "free");
    if (ash_unlikely(verdict == HARD_UNKNOWN)) {
        return hard_has_huge_size(block, bytes);
    }
    if (ash_unlikely(verdict == HARD_REFUSED || !hard_has_align(block, align) ||
                     !hard_has_size(&view, block, bytes))) {
        return false;
    }
    if (view.first->kind != ASH_KIND_SPAN) {
        ash_state_set(view.says, ASH_STATE_FREE);
        return true;
    }
    uint8_t tag = ash_tagged_free(view.block, view.held - view.slack);
    ash_state_set(view.says, (uint8_t)(ASH_STATE_AWAY + tag));
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        memset(view.block, 0, view.held);
    }
    return true;
}

static ASH_NOINLINE void hard_make_room(struct ash_heap *heap, unsigned class_index,
                                        struct ash_block *block) {
    ash_hold(heap);
    ash_slots_push_held(heap, class_index, block);
    if (ASH_AUDIT) {
        ash_heap_audit_some(heap);
    }
    ash_hold_end(heap);
    ash_helper_wake();
}

void ash_hard_give(struct ash_heap *heap, const struct ash_record *record,
                   struct ash_block *block) {
    const struct ash_record *first = record - record->back;
    size_t offset = (size_t)((const char *)block - ash_record_start(first));
    ash_state_come_home(ash_state_at(first, offset));
    if (ash_unlikely(!ash_slots_push(heap, record->class_index, block))) {
        hard_make_room(heap, record->class_index, block);
    }
}

static ASH_NOINLINE void hard_wait(struct ash_heap *heap, unsigned class_index,
                                   struct ash_block *block) {
    if (ash_unlikely(!ash_slots_wait(heap->slots, class_index, (uintptr_t)block))) {
        hard_make_room(heap, class_index, block);
    }
}

// A block with a longer canary, or with more to clear.
static ASH_NOINLINE void hard_free_long(struct ash_heap *heap, struct ash_record *record,
                                        struct ash_block *block) {
    ash_state *says = ash_state_in_window(block);
    size_t held = ash_classes[record->class_index].block_bytes;
    size_t slack = ash_state_slack(says);
    ash_hard_test_canary(block, held - slack, slack);
    ash_state_set(says, ASH_STATE_FREE);
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        memset(block, 0, held);
    }
    if (ash_unlikely(!ash_slots_push(heap, record->class_index, block))) {
        hard_make_room(heap, record->class_index, block);
    }
}

// Blocks of the calling thread's own heap of which everything is as it should be: once for each
// tier. All others, and what is wrong, ash_free_tested looks at. INV-STATE-2: one byte says that a
// block starts here, and is out.
ASH_INLINE void hard_free_slot(uint32_t tier, void *block, size_t bytes) {
    struct ash_heap *heap = ash_thread_heap();
    if (ash_unlikely(!ash_region_contains(block) || (uintptr_t)block % ASH_MIN_ALIGN != 0)) {
        ash_free_tested(block, 1, bytes);
        return;
    }
    struct ash_record *record = ash_record_of(block);
    if (ash_unlikely(ash_tenure_owner(&record->owner) != heap || heap->slots == NULL)) {
        ash_free_tested(block, 1, bytes);
        return;
    }
    ash_state *says = ash_state_in_window(block);
    struct ash_slots_bin *bin = &heap->slots->bins[record->class_index];
    size_t held = bin->block_bytes;
    size_t slack = (size_t)ash_state_get(says) - ASH_STATE_LIVE;  // large if it is not out
    if (ash_unlikely(slack >= ASH_STATE_WIDE - ASH_STATE_LIVE ||
                     (bytes != ASH_HARD_ANY && bytes != held - slack))) {
        ash_free_tested(block, 1, bytes);
        return;
    }
    bool is_long = slack > ASH_HARD_NEAR || (tier >= ASH_HARD_CLEARS && held > HARD_CLEAR_NEAR);
    if (ash_unlikely(is_long)) {
        hard_free_long(heap, record, block);
        return;
    }
    ash_hard_test_near(block, held, slack);
    ash_state_set(says, ASH_STATE_FREE);
    if (tier >= ASH_HARD_CLEARS) {
        ash_zalloc_clear(block, held - ASH_CLASS_STEP);
        hard_wait(heap, record->class_index, block);
    } else if (ash_unlikely(!ash_slots_add(bin, (uintptr_t)block))) {
        hard_make_room(heap, record->class_index, block);
    }
}

static ASH_NOINLINE void hard_free_clear(void *block, size_t bytes) {
    if (ash_tags_on()) {
        ash_free_tested(block, 1, bytes);
        return;
    }
    hard_free_slot(ASH_HARD_CLEARS, block, bytes);
}

void ash_hard_free(void *block) {
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        hard_free_clear(block, ASH_HARD_ANY);
        return;
    }
    hard_free_slot(ASH_HARD_CANARIES, block, ASH_HARD_ANY);
}

void ash_hard_free_sized(void *block, size_t align, size_t bytes) {
    if (ash_unlikely(align != 1)) {
        ash_free_tested(block, align, bytes);
    } else if (ash_hard.tier >= ASH_HARD_CLEARS) {
        hard_free_clear(block, bytes);
    } else {
        hard_free_slot(ASH_HARD_CANARIES, block, bytes);
    }
}

// Resizing ----------------------------------------------------------------------------

bool ash_hard_may_resize(const void *block) {
    struct hard_view view;
    return hard_look(&view, block, "realloc") != HARD_REFUSED;
}

bool ash_hard_refit(void *block, size_t bytes) {
    struct hard_view view;
    if (hard_look(&view, block, "realloc") != HARD_FINE || view.first->kind != ASH_KIND_SPAN ||
        bytes > view.held - ash_hard.pad || !ash_inplace_fits(view.held, bytes)) {
        return false;
    }
    size_t asked = view.held - view.slack;
    char *start = ash_tagged_refit(view.block, asked, bytes);
    if (bytes > asked) {
        memset(start + asked, 0, bytes - asked);  // a canary is not for the program to see
    }
    ash_hard_hand_out(view.block, view.held, bytes);
    return true;
}

size_t ash_hard_usable(const struct ash_record *first, size_t offset, size_t held) {
    bool is_span = first->kind == ASH_KIND_SPAN;
    const ash_state *state = held == 0 ? NULL : ash_state_at(first, is_span ? offset : 0);
    if (state == NULL || !ash_state_is_live(state)) {
        return is_span ? 0 : held;
    }
    return held - ash_state_slack(state);
}
