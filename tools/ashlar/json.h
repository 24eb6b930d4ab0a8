// Writes JSON: commas, indentation and escapes; the caller keeps the nesting.
// `<` is escaped too, so that the text may stand in an HTML script element.

#ifndef ASHLAR_TOOL_JSON_H
#define ASHLAR_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    int depth;
    bool started;  // the innermost object or array has an entry already
};

// `key` is NULL inside an array and for the outermost value.
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value);  // NULL: null
void json_number(struct json *json, const char *key, double value);
void json_count(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
