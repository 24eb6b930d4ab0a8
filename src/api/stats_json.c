// The figures for programs: JSON, after share/ashlar/stats.schema.json.

#include "api/stats.h"
#include "base/fmt.h"
#include "platform/os.h"

enum { JSON_PIECE = 32 };

struct stats_json {
    char *buffer;
    size_t room;    // the zero byte included; may be 0
    size_t length;  // of all so far, whether it was stored or not
    bool first;     // the next member begins an object or array
};

static void json_put(struct stats_json *json, const char *text) {
    for (; *text != '\0'; text++, json->length++) {
        if (json->length + 1 < json->room) {
            json->buffer[json->length] = *text;
        }
    }
}

static void json_next(struct stats_json *json) {
    json_put(json, json->first ? "" : ",");
    json->first = false;
}

static void json_open(struct stats_json *json, const char *name, const char *bracket) {
    json_next(json);
    if (name != NULL) {
        json_put(json, "\"");
        json_put(json, name);
        json_put(json, "\":");
    }
    json_put(json, bracket);
    json->first = true;
}

static void json_close(struct stats_json *json, const char *bracket) {
    json_put(json, bracket);
    json->first = false;
}

static void json_number(struct stats_json *json, const char *name, uint64_t value) {
    char text[JSON_PIECE];
    struct ash_fmt digits;
    ash_fmt_init(&digits, text, sizeof text);
    ash_fmt_uint(&digits, value);
    json_open(json, name, text);
    json->first = false;
}

static void json_fields(struct stats_json *json, const void *figures,
                        const struct ash_stats_field *fields, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        json_number(json, fields[i].name, ash_stats_value(figures, &fields[i]));
    }
}

static void json_process(struct stats_json *json) {
    struct ash_os_usage usage;
    ash_os_usage(&usage);
    json_open(json, "process", "{");
    json_number(json, "resident", usage.resident_bytes);
    json_number(json, "resident_peak", usage.resident_peak_bytes);
    json_number(json, "elapsed_ms", usage.elapsed_ms);
    json_number(json, "user_ms", usage.user_ms);
    json_number(json, "system_ms", usage.system_ms);
    json_number(json, "minor_faults", usage.minor_faults);
    json_number(json, "major_faults", usage.major_faults);
    json_close(json, "}");
}

static void json_classes(struct stats_json *json, const struct ash_class_stats *classes) {
    json_open(json, "classes", "[");
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        json_open(json, NULL, "{");
        json_fields(json, &classes[i], ash_class_fields, ASH_CLASS_FIELDS);
        json_close(json, "}");
    }
    json_close(json, "]");
}

static size_t json_of(const struct ash_scope *scope, char *buffer, size_t bytes) {
    struct stats_json json = {.buffer = buffer, .room = bytes, .first = true};
    struct ash_stats stats;
    struct ash_class_stats classes[ASH_CLASS_COUNT];
    if (!ash_stats_take(scope, &stats, classes)) {
        return 0;
    }
    json_open(&json, NULL, "{");
    json_number(&json, "version", stats.version);
    json_number(&json, "library", (uint64_t)ash_version());
    json_number(&json, "exact", stats.exact);
    json_open(&json, "parts", "{");
    json_fields(&json, &stats, ash_stats_parts, ASH_STATS_PARTS);
    json_close(&json, "}");
    json_open(&json, "counts", "{");
    json_fields(&json, &stats, ash_stats_counts, ASH_STATS_COUNTS);
    json_close(&json, "}");
    if (scope == NULL) {
        json_process(&json);
    }
    json_classes(&json, classes);
    json_close(&json, "}\n");
    if (bytes > 0) {
        buffer[json.length < bytes ? json.length : bytes - 1] = '\0';
    }
    return json.length;
}

ASH_NOINLINE size_t ash_heap_stats_json(const ash_heap_t *heap, char *buffer, size_t bytes) {
    struct ash_scope scope = {.realms = &heap, .count = 1};
    return json_of(heap == NULL ? NULL : &scope, buffer, bytes);
}

ASH_NOINLINE size_t ash_subproc_stats_json(ash_subproc_t *subproc, char *buffer, size_t bytes) {
    struct ash_scope scope;
    if (!ash_stats_open(&scope, subproc)) {
        return 0;
    }
    size_t length = json_of(&scope, buffer, bytes);
    ash_scope_close(&scope);
    return length;
}

ASH_NOINLINE size_t ash_stats_json(char *buffer, size_t bytes) {
    return ash_heap_stats_json(NULL, buffer, bytes);
}
