#include "html.h"

#include <string.h>

void html_write(FILE *out, const char *string) {
    for (const char *at = string; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*at, out);
        }
    }
}

static const struct html_slot *slot_named(const struct html_slot *slots, size_t count,
                                          const char *name, size_t length) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(slots[i].name) == length && strncmp(slots[i].name, name, length) == 0) {
            return &slots[i];
        }
    }
    return NULL;
}

void html_fill(FILE *out, const char *template, const struct html_slot *slots, size_t slot_count,
               const void *data) {
    for (const char *at = template; *at != '\0';) {
        const char *open = strstr(at, "{{");
        const char *close = open != NULL ? strstr(open, "}}") : NULL;
        if (close == NULL) {
            fputs(at, out);
            return;
        }
        fwrite(at, 1, (size_t)(open - at), out);
        const struct html_slot *slot =
            slot_named(slots, slot_count, open + 2, (size_t)(close - open - 2));
        if (slot != NULL) {
            slot->fill(out, data);
        } else {
            fwrite(open, 1, (size_t)(close + 2 - open), out);
        }
        at = close + 2;
    }
}
