#include "heap/tagged.h"

#include "base/bits.h"
#include "heap/hard.h"
#include "heap/span.h"
#include "heap/state.h"

// Which tags a block may have, a bit each. A span has at least three blocks, so its last one is no
// neighbour of the next span's first that may have the same.
enum {
    TAGGED_FIRST = 0xe000,
    TAGGED_EVEN = 0x1f80,
    TAGGED_ODD = 0x007e,
};

_Static_assert(ASH_SPAN_BLOCKS_MIN >= 2, "the first block of a span is not its last one");

static uint64_t tagged_allowed(const struct ash_block *block) {
    const struct ash_record *span = ash_record_first(block);
    size_t offset = (size_t)((const char *)block - ash_record_start_in_window(span));
    uint32_t index = ash_class_index(ash_span_class(span), offset);
    if (index == 0) {
        return TAGGED_FIRST;
    }
    return index % 2 == 0 ? TAGGED_EVEN : TAGGED_ODD;
}

// Bytes that have the block's tag: one of no bytes is told that it may use one.
static size_t tagged_bytes(size_t bytes) {
    return ash_round_up(ash_max(bytes, ash_hard.pad), ASH_TAG_GRANULE);
}

// Where the system gives no tags, what was stored is not there.
void *ash_tagged_hand_out(struct ash_block *block, size_t held, size_t bytes) {
    uint8_t before = ash_state_tag(ash_state_of(block));
    ash_hard_hand_out(block, held, bytes);
    if (!ash_region_contains(block) || ash_region_is_foreign(block)) {
        return block;
    }
    uint64_t allowed = tagged_allowed(block) & ~(UINT64_C(1) << before);
    void *tagged = ash_cpu_tag_draw(block, ~allowed & UINT16_MAX);
    ash_tag_fill(tagged, tagged_bytes(bytes));
    return ash_tagged_pointer(block);
}

uint8_t ash_tagged_free(void *block, size_t bytes) {
    if (!ash_tags_on()) {
        return 0;
    }
    uint8_t tag = ash_tag_of(ash_tagged_pointer(block));
    if (tag != 0) {
        ash_tag_fill(block, tagged_bytes(bytes));
    }
    return tag;
}

void *ash_tagged_refit(void *block, size_t before, size_t bytes) {
    char *tagged = ash_tagged_pointer(block);
    if (tagged == block) {
        return block;
    }
    size_t from = tagged_bytes(before), to = tagged_bytes(bytes);
    if (to > from) {
        ash_tag_fill(tagged + from, to - from);
    } else {
        ash_tag_fill((char *)block + to, from - to);
    }
    return tagged;
}

void ash_tagged_forget(struct ash_heap *heap) {
    if (!ash_tags_on()) {
        return;
    }
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        struct ash_record *span = ash_span_first(heap, i);
        for (; span != NULL; span = ash_span_next(heap, span)) {
            ash_tag_fill(ash_record_start(span),
                         (size_t)span->carved * ash_span_class(span)->block_bytes);
        }
    }
}
