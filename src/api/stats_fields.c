#include "api/stats.h"

#define PART(name, depth) \
    { #name, offsetof(struct ash_stats, name), (depth) }
#define COUNT(name) \
    { #name, offsetof(struct ash_stats, name), 0 }
#define FIELD(name) \
    { #name, offsetof(struct ash_class_stats, name), 0 }

// In the order of include/ashlar/stats.h's tree.
const struct ash_stats_field ash_stats_parts[ASH_STATS_PARTS] = {
    PART(mapped, 0),    PART(other, 1),     PART(unused, 1), PART(purged, 1),
    PART(committed, 1), PART(metadata, 2),  PART(dirty, 2),  PART(active, 2),
    PART(run_rest, 3),  PART(span_free, 3), PART(ready, 3),  PART(returning, 3),
    PART(allocated, 3), PART(small, 4),     PART(large, 4),  PART(huge, 4),
};

const struct ash_stats_field ash_stats_counts[ASH_STATS_COUNTS] = {
    COUNT(mapped_peak),   COUNT(active_peak), COUNT(spans),         COUNT(huge_blocks),
    COUNT(thread_heaps),  COUNT(orphans),     COUNT(refills),       COUNT(releases),
    COUNT(returned),      COUNT(spans_cut),   COUNT(spans_retired), COUNT(spans_adopted),
    COUNT(maps),          COUNT(unmaps),      COUNT(remaps),        COUNT(purges),
    COUNT(purged_so_far),
};

const struct ash_stats_field ash_class_fields[ASH_CLASS_FIELDS] = {
    FIELD(block_bytes), FIELD(allocated), FIELD(ready),      FIELD(returning),
    FIELD(free),        FIELD(spans),     FIELD(span_bytes),
};

// What is in no list would be left out of the text and the JSON without a word.
_Static_assert(sizeof(struct ash_class_stats) == ASH_CLASS_FIELDS * sizeof(size_t),
               "every figure of a class is listed");
_Static_assert(offsetof(struct ash_stats, purged_so_far) + sizeof(size_t) -
                       offsetof(struct ash_stats, mapped) ==
                   (ASH_STATS_PARTS + ASH_STATS_COUNTS) * sizeof(size_t),
               "every figure is listed");
