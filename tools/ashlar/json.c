#include "json.h"

#include <math.h>

static void write_escaped(FILE *out, const char *string);

static void write_key(struct json *json, const char *key) {
    if (json->started) {
        fputc(',', json->out);
    }
    if (json->depth != 0) {
        fprintf(json->out, "\n%*s", json->depth * 2, "");
    }
    if (key != NULL) {
        write_escaped(json->out, key);
        fputs(": ", json->out);
    }
    json->started = true;
}

// The length of the UTF-8 sequence at `at`, 0 when it is none.
static size_t sequence_length(const unsigned char *at) {
    size_t length = at[0] < 0x80                    ? 1
                    : at[0] >= 0xC2 && at[0] < 0xE0 ? 2
                    : at[0] >= 0xE0 && at[0] < 0xF0 ? 3
                    : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                    : 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    // Overlong forms, surrogates, and what lies above U+10FFFF.
    bool wrong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
                 (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F);
    return wrong ? 0 : length;
}

// File names and arguments are bytes: what is not UTF-8 becomes U+FFFD.
static void write_escaped(FILE *out, const char *string) {
    const unsigned char *at = (const unsigned char *)string;
    fputc('"', out);
    while (*at != '\0') {
        size_t length = sequence_length(at);
        if (length == 0) {
            fputs("\\ufffd", out);
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at);
        } else if (*at < 0x20 || *at == 0x7F || *at == '<') {
            fprintf(out, "\\u%04x", *at);
        } else {
            fwrite(at, 1, length, out);
        }
        at += length;
    }
    fputc('"', out);
}

void json_open(struct json *json, const char *key, char bracket) {
    write_key(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->started = false;
}

void json_close(struct json *json, char bracket) {
    json->depth--;
    if (json->started) {
        fprintf(json->out, "\n%*s", json->depth * 2, "");
    }
    fputc(bracket, json->out);
    json->started = true;
    if (json->depth == 0) {
        fputc('\n', json->out);
    }
}

void json_string(struct json *json, const char *key, const char *value) {
    if (value == NULL) {
        json_null(json, key);
        return;
    }
    write_key(json, key);
    write_escaped(json->out, value);
}

void json_number(struct json *json, const char *key, double value) {
    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    write_key(json, key);
    fprintf(json->out, "%.9g", value);
}

void json_count(struct json *json, const char *key, uint64_t value) {
    write_key(json, key);
    fprintf(json->out, "%llu", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value) {
    write_key(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key) {
    write_key(json, key);
    fputs("null", json->out);
}
