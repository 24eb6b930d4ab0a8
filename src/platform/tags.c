#include "platform/tags.h"

#include "platform/os.h"

bool ash_tags_begin(void) {
    bool has = ASH_CPU_HAS_TAGS && ash_os_check_tags();
    ash_tag_bits = has ? (uintptr_t)(UINT64_C(15) << 56) : 0;
    return has;
}

void ash_tag_fill(void *start, size_t bytes) {
    for (size_t at = 0; at < bytes; at += ASH_TAG_GRANULE) {
        ash_cpu_tag_store((char *)start + at);
    }
}
