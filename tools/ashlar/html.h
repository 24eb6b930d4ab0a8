// HTML text: escapes, and a template whose {{names}} are filled by functions.

#ifndef ASHLAR_TOOL_HTML_H
#define ASHLAR_TOOL_HTML_H

#include <stddef.h>
#include <stdio.h>

// Writes `string` as text or attribute value.
void html_write(FILE *out, const char *string);

struct html_slot {
    const char *name;
    void (*fill)(FILE *out, const void *data);
};

// Writes `template`, with every {{name}} replaced by what its slot writes. A
// name without a slot is written as it is, where a test finds it.
void html_fill(FILE *out, const char *template, const struct html_slot *slots, size_t slot_count,
               const void *data);

#endif
