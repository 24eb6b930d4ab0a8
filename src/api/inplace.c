#include "api/inplace.h"

#include "api/hard.h"
#include "api/large.h"
#include "heap/hard.h"
#include "platform/tags.h"
#include "supply/guard.h"
#include "supply/huge.h"
#include "supply/region.h"

// NULL of a huge block.
static struct ash_record *inplace_record(const void *block) {
    struct ash_record *record = ash_record_find(ash_tag_strip(block));
    return record != NULL && record->kind != ASH_KIND_FREE ? record : NULL;
}

bool ash_inplace_is_huge(const void *block) {
    return inplace_record(block) == NULL;
}

static bool inplace_resize_huge(void *block, size_t bytes) {
    struct ash_huge huge = ash_huge_find(block);
    bytes = ash_huge_round(block, bytes);
    bool grows = bytes > huge.bytes;
    if (grows && !ash_realm_charge(huge.realm, bytes - huge.bytes)) {
        return false;
    }
    bool resized = ash_huge_expand(block, bytes);
    if (grows && !resized) {
        ash_realm_refund(huge.realm, bytes - huge.bytes);
    } else if (!grows && resized) {
        ash_realm_refund(huge.realm, huge.bytes - bytes);
    }
    return resized;
}

static bool inplace_large(void *block, size_t bytes) {
    struct ash_record *record = inplace_record(block);
    if (record == NULL) {
        return inplace_resize_huge(block, bytes);
    }
    return record->kind == ASH_KIND_RUN && ash_large_resize_run(record, bytes);
}

bool ash_inplace_refit(void *block, size_t held, size_t bytes) {
    if (ash_guard_contains(block)) {
        return false;  // where it moves to it has the bounds of its new size
    }
    return ash_hard_on() ? ash_hard_refit(block, bytes) : ash_inplace_fits(held, bytes);
}

bool ash_inplace_resize(void *block, size_t held, size_t bytes) {
    size_t least = ash_inplace_is_huge(block) ? ASH_MOVE_MIN : ASH_BLOCK_MAX;
    return ash_inplace_refit(block, held, bytes) || (bytes > least && inplace_large(block, bytes));
}

bool ash_inplace_expand(void *block, size_t held, size_t bytes) {
    return bytes <= held || (ash_hard_on() && ash_hard_refit(block, bytes)) ||
           inplace_large(block, bytes);
}
