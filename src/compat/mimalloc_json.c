// mi_stats_t as JSON: {"version": 5, "pages": {"total": 1, "peak": 1, "current": 1}, ...,
// "mmap_calls": 1, ..., "malloc_bins": [{"block_size": 16, "total": 1, ...}, ...], "page_bins":
// [...]}. Bins that have never held a block are left out.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ashlar/compat/mimalloc-stats.h"
#include "compat/mimalloc_layer.h"

struct json_field {
    const char *name;
    size_t offset;
    bool counts;  // a mi_stat_count_t, not a counter
};

#define JSON_COUNT(name) \
    { #name, offsetof(mi_stats_t, name), true }
#define JSON_COUNTER(name) \
    { #name, offsetof(mi_stats_t, name), false }

static const struct json_field json_fields[] = {
    JSON_COUNT(pages),
    JSON_COUNT(reserved),
    JSON_COUNT(committed),
    JSON_COUNT(reset),
    JSON_COUNT(purged),
    JSON_COUNT(page_committed),
    JSON_COUNT(pages_abandoned),
    JSON_COUNT(threads),
    JSON_COUNT(malloc_normal),
    JSON_COUNT(malloc_huge),
    JSON_COUNT(malloc_requested),
    JSON_COUNTER(mmap_calls),
    JSON_COUNTER(commit_calls),
    JSON_COUNTER(reset_calls),
    JSON_COUNTER(purge_calls),
    JSON_COUNTER(arena_count),
    JSON_COUNTER(malloc_normal_count),
    JSON_COUNTER(malloc_huge_count),
    JSON_COUNTER(malloc_guarded_count),
    JSON_COUNTER(arena_rollback_count),
    JSON_COUNTER(arena_purges),
    JSON_COUNTER(pages_extended),
    JSON_COUNTER(pages_retire),
    JSON_COUNTER(page_searches),
    JSON_COUNTER(page_searches_count),
    JSON_COUNT(heaps),
    JSON_COUNT(theaps),
    JSON_COUNTER(pages_reclaim_on_alloc),
    JSON_COUNTER(pages_reclaim_on_free),
    JSON_COUNTER(pages_reabandon_full),
    JSON_COUNTER(pages_unabandon_busy_wait),
    JSON_COUNTER(heaps_delete_wait),
};

enum { JSON_ENOUGH = 16384 };

struct json_text {
    char *text;
    size_t room;
    size_t length;  // of what there would be with enough room
};

static void json_add(struct json_text *json, const char *text) {
    size_t bytes = strlen(text);
    if (json->length + bytes < json->room) {
        memcpy(json->text + json->length, text, bytes + 1);
    }
    json->length += bytes;
}

// "name": number
static void json_add_number(struct json_text *json, const char *name, int64_t number) {
    struct ash_mi_text digits = {0};
    ash_mi_add_number(&digits, number);
    json_add(json, "\"");
    json_add(json, name);
    json_add(json, "\": ");
    json_add(json, digits.text);
}

static void json_add_count(struct json_text *json, const mi_stat_count_t *count) {
    json_add_number(json, "total", count->total);
    json_add(json, ", ");
    json_add_number(json, "peak", count->peak);
    json_add(json, ", ");
    json_add_number(json, "current", count->current);
    json_add(json, "}");
}

static void json_add_field(struct json_text *json, const struct json_field *field,
                           const mi_stats_t *stats) {
    const char *at = (const char *)stats + field->offset;
    json_add(json, ",\n  ");
    if (!field->counts) {
        json_add_number(json, field->name, ((const mi_stat_counter_t *)(const void *)at)->total);
        return;
    }
    json_add(json, "\"");
    json_add(json, field->name);
    json_add(json, "\": {");
    json_add_count(json, (const mi_stat_count_t *)(const void *)at);
}

static void json_add_bins(struct json_text *json, const char *name, const mi_stat_count_t *bins) {
    const char *between = "\n    {";
    json_add(json, ",\n  \"");
    json_add(json, name);
    json_add(json, "\": [");
    for (size_t i = 0; i < MI_STAT_BINS; i++) {
        if (bins[i].total != 0) {
            json_add(json, between);
            json_add_number(json, "block_size", (int64_t)mi_stats_get_bin_size(i));
            json_add(json, ", ");
            json_add_count(json, &bins[i]);
            between = ",\n    {";
        }
    }
    json_add(json, "]");
}

char *mi_stats_as_json(mi_stats_t *stats, size_t buf_size, char *buf) {
    bool fits_version =
        stats != NULL && stats->size == sizeof *stats && stats->version == MI_STAT_VERSION;
    size_t room = buf == NULL ? JSON_ENOUGH : buf_size;
    char *text = !fits_version ? NULL : buf == NULL ? mi_malloc(room) : buf;
    if (text == NULL || room == 0) {
        return NULL;
    }
    struct json_text json = {text, room, 0};
    text[0] = 0;
    json_add(&json, "{\n  ");
    json_add_number(&json, "version", MI_STAT_VERSION);
    for (size_t i = 0; i < sizeof json_fields / sizeof json_fields[0]; i++) {
        json_add_field(&json, &json_fields[i], stats);
    }
    json_add_bins(&json, "malloc_bins", stats->malloc_bins);
    json_add_bins(&json, "page_bins", stats->page_bins);
    json_add(&json, "\n}\n");
    if (json.length < room) {
        return text;
    }
    if (buf == NULL) {
        mi_free(text);
    } else {
        buf[0] = 0;
    }
    return NULL;
}

char *mi_heap_stats_get_json(mi_heap_t *heap, size_t buf_size, char *buf) {
    mi_stats_t_decl(stats);
    return mi_heap_stats_get(heap, &stats) ? mi_stats_as_json(&stats, buf_size, buf) : NULL;
}

char *mi_subproc_stats_get_json(mi_subproc_id_t subproc_id, size_t buf_size, char *buf) {
    mi_stats_t_decl(stats);
    return mi_subproc_stats_get(subproc_id, &stats) ? mi_stats_as_json(&stats, buf_size, buf)
                                                    : NULL;
}

char *mi_stats_get_json(size_t buf_size, char *buf) {
    return mi_subproc_stats_get_json(mi_subproc_current(), buf_size, buf);
}
