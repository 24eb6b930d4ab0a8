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
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/options.h"
#include "heap/audit.h"
#include "heap/hard.h"
#include "heap/hold.h"
#include "heap/slots.h"
#include "heap/span.h"
#include "heap/state.h"
#include "heap/tenure.h"
#include "platform/report.h"
#include "supply/huge.h"
#include "supply/run.h"

_Atomic uint32_t ash_hard_detour = ASH_DETOUR_ALL;

void ash_hard_start(void) {
    uint32_t tier = (uint32_t)ash_option_value(ASH_OPTION_HARDEN);
    if (tier > ASH_HARD_CLEARS) {
        static bool told;  // under the lock of boot
        if (!told) {
            told = true;
            ash_report_setting(ASH_E_OPTION_VALUE,
                               "harden=4 needs memory tagging, which this version does not have; "
                               "going on with harden=3");
        }
        tier = ASH_HARD_CLEARS;
    }
    ash_hard_boot(tier);
    if (tier > 0) {
        ash_realloc_detour();
    }
    // relaxed: what boot wrote is ordered by ash_boot, which who turns off calls first.
    atomic_store_explicit(&ash_hard_detour, tier > 0 ? ASH_DETOUR_ALL : ASH_DETOUR_NONE,
                          memory_order_relaxed);
}

// Allocating ------------------------------------------------------------------------

void *ash_hard_take_class(struct ash_realm *realm, unsigned class_index, size_t bytes) {
    struct ash_heap *mine = ash_thread_own_heap();
    struct ash_block *block =
        realm == NULL && mine != NULL ? ash_slots_pop(mine, class_index) : NULL;
    if (block == NULL) {
        block = ash_take_class(realm, class_index);
    }
    if (ash_likely(block != NULL)) {
        ash_hard_hand_out(block, class_index, bytes);
    }
    return block;
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

// From tier 2 on.
static ASH_NOINLINE void *hard_take_drawn(struct ash_heap *mine, size_t bytes) {
    unsigned class_index = ash_class_of(bytes + ash_hard.pad);
    struct ash_block *block = ash_slots_pop(mine, class_index);
    if (ash_unlikely(block == NULL)) {
        return hard_take(NULL, bytes);
    }
    ash_hard_hand_out(block, class_index, bytes);
    return block;
}

// What is in the slots of the calling thread's own heap. Who has slots has been through boot.
void *ash_hard_take(struct ash_realm *realm, size_t bytes) {
    struct ash_heap *mine = ash_thread_own_heap();
    bool ready = realm == NULL && mine != NULL && mine->slots != NULL;
    if (ash_unlikely(!ready || bytes >= ash_hard.near)) {
        return hard_take(realm, bytes);
    }
    if (ash_hard.tier >= ASH_HARD_CANARIES) {
        return hard_take_drawn(mine, bytes);
    }
    unsigned class_index = ash_class_of(bytes);
    struct ash_block *block = ash_slots_last(mine, class_index);
    if (ash_unlikely(block == NULL)) {
        return hard_take(realm, bytes);
    }
    ash_state_set_live(ash_state_of(block), ash_classes[class_index].block_bytes - bytes);
    return block;
}

// Looking at a block ------------------------------------------------------------------

struct hard_view {
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

static enum hard_verdict hard_look_at_run(struct hard_view *view, const void *block,
                                          const char *what) {
    if (ash_unlikely(ash_run_start(view->first) != block)) {
        return hard_refuse(ASH_E_NOT_A_START, block, what);
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

static enum hard_verdict hard_look_at_span(struct hard_view *view, const void *block,
                                           const char *what) {
    const struct ash_class *c = ash_span_class(view->first);
    size_t offset = (size_t)((const char *)block - ash_record_start(view->first));
    if (ash_unlikely((size_t)ash_class_index(c, offset) * c->block_bytes != offset)) {
        return hard_refuse(ASH_E_NOT_A_START, block, what);
    }
    view->says = ash_state_at(view->first, offset);
    if (ash_unlikely(!ash_state_is_live(view->says))) {
        return hard_refuse_freed(block, what);
    }
    view->held = c->block_bytes;
    view->slack = ash_state_slack(view->says);
    return HARD_FINE;
}

static enum hard_verdict hard_look(struct hard_view *view, const void *block, const char *what) {
    view->first = ash_record_find(block);
    if (ash_unlikely(view->first == NULL || view->first->kind == ASH_KIND_FREE)) {
        return HARD_UNKNOWN;
    }
    enum hard_verdict verdict = view->first->kind == ASH_KIND_SPAN
                                    ? hard_look_at_span(view, block, what)
                                    : hard_look_at_run(view, block, what);
    if (ash_hard.tier >= ASH_HARD_CANARIES && verdict == HARD_FINE) {
        ash_hard_test_canary(block, view->held - view->slack, view->slack);
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

// At tier 1 a block may also be freed with what it really holds, which is what programs have been
// told they may use.
static bool hard_has_size(const struct hard_view *view, const void *block, size_t bytes) {
    size_t asked = view->held - view->slack;
    bool same = ash_max(bytes, 1) == ash_max(asked, 1) ||
                (ash_hard.tier < ASH_HARD_CANARIES && bytes == view->held);
    return ash_likely(bytes == ASH_HARD_ANY || same) || hard_refuse_size(block, asked, bytes);
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
    ash_state_set(view.says, view.first->kind == ASH_KIND_SPAN ? ASH_STATE_AWAY : ASH_STATE_FREE);
    if (ash_hard.tier >= ASH_HARD_CLEARS && view.first->kind == ASH_KIND_SPAN) {
        memset(block, 0, view.held);
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
    ash_state_set(ash_state_at(first, offset), ASH_STATE_FREE);
    if (ash_unlikely(!ash_slots_push(heap, record->class_index, block))) {
        hard_make_room(heap, record->class_index, block);
    }
}

// The same from tier 2 on, of a block that may be freed if its canary is whole.
static ASH_NOINLINE void hard_free_tested(struct ash_heap *heap, struct ash_record *record,
                                          struct ash_block *block, ash_state *state) {
    size_t held = ash_classes[record->class_index].block_bytes;
    size_t slack = ash_state_slack(state);
    ash_hard_test_canary(block, held - slack, slack);
    record->bin->room++;
    ash_state_set(state, ASH_STATE_FREE);
    if (ash_hard.tier >= ASH_HARD_CLEARS) {
        memset(block, 0, held);
    }
    if (ash_unlikely(!ash_slots_push(heap, record->class_index, block))) {
        hard_make_room(heap, record->class_index, block);
    }
}

// Whether that byte is the state of a block that is out, with as many bytes as the caller says.
static inline bool hard_is_as_said(uint8_t says, const struct ash_record *record, size_t bytes) {
    if (ash_unlikely(says < ASH_STATE_LIVE || says >= ASH_STATE_WIDE)) {
        return false;
    }
    size_t held = ash_classes[record->class_index].block_bytes;
    return bytes == ASH_HARD_ANY || bytes == held - ((size_t)says - ASH_STATE_LIVE);
}

// Blocks of the calling thread's own heap of which everything is as it should be; all others, and
// what is wrong, ash_free_tested looks at. INV-STATE-2: one byte says that a block starts here, and
// is out.
void ash_hard_free(void *block, size_t align, size_t bytes) {
    struct ash_heap *heap = ash_thread_heap();
    if (ash_unlikely(!ash_region_contains(block) || align != 1 ||
                     (uintptr_t)block % ASH_MIN_ALIGN != 0)) {
        ash_free_tested(block, align, bytes);
        return;
    }
    struct ash_record *record = ash_record_of(block);
    if (ash_unlikely(ash_tenure_owner(&record->owner) != heap || heap->slots == NULL)) {
        ash_free_tested(block, align, bytes);
        return;
    }
    ash_state *state = ash_state_in_window(block);
    if (ash_unlikely(!hard_is_as_said(ash_state_get(state), record, bytes))) {
        ash_free_tested(block, align, bytes);
        return;
    }
    if (ash_hard.tier >= ASH_HARD_CANARIES) {
        hard_free_tested(heap, record, block, state);
        return;
    }
    record->bin->room++;  // ash_fast_give took it before it found the bin full
    ash_state_set(state, ASH_STATE_FREE);
    if (ash_unlikely(!ash_slots_fill(heap, record->class_index, block))) {
        hard_make_room(heap, record->class_index, block);
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
    if (ash_hard.tier >= ASH_HARD_CANARIES && bytes > asked) {
        memset((char *)block + asked, 0, bytes - asked);  // a canary is not for the program to see
    }
    ash_hard_hand_out(block, view.first->class_index, bytes);
    return true;
}

size_t ash_hard_usable(const struct ash_record *first, size_t offset, size_t held) {
    bool is_span = first->kind == ASH_KIND_SPAN;
    const ash_state *state = held == 0 ? NULL : ash_state_at(first, is_span ? offset : 0);
    if (state == NULL || !ash_state_is_live(state)) {
        return is_span ? 0 : held;
    }
    return ash_hard.tier >= ASH_HARD_CANARIES ? held - ash_state_slack(state) : held;
}
