#include "heap/state.h"

#include <string.h>

enum {
    STATE_WIDE_BITS = 15,
    STATE_WIDEST_BITS = 24,
};

void ash_state_clear(const struct ash_record *first, uint32_t slices) {
    uint8_t *states = ash_region.states + (size_t)ash_record_slice(first) * ASH_STATE_SLICE_BYTES;
    memset(states, ASH_STATE_FREE, (size_t)slices * ASH_STATE_SLICE_BYTES);
}

ASH_COLD ash_state *ash_state_find(const void *block) {
    const struct ash_record *span = ash_record_find(block);
    return ash_state_at(span, (size_t)((const char *)block - ash_record_start(span)));
}

void ash_state_set_wide(ash_state *state, size_t slack) {
    bool widest = slack >> STATE_WIDE_BITS != 0;
    for (int i = 0; i < (widest ? STATE_WIDEST_BITS : STATE_WIDE_BITS); i++) {
        ash_state_set(state + 1 + i, (uint8_t)(slack >> i & 1));
    }
    ash_state_set(state, widest ? ASH_STATE_WIDEST : ASH_STATE_WIDE);
}

size_t ash_state_slack(const ash_state *state) {
    uint8_t value = ash_state_get(state);
    if (ash_likely(value < ASH_STATE_WIDE)) {
        return (size_t)value - ASH_STATE_LIVE;
    }
    size_t slack = 0;
    for (int i = 0; i < (value == ASH_STATE_WIDE ? STATE_WIDE_BITS : STATE_WIDEST_BITS); i++) {
        slack |= (size_t)(ash_state_get(state + 1 + i) & 1) << i;
    }
    return slack;
}
