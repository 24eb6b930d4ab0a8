// The three forms of a comparison.

#ifndef ASHLAR_TOOL_REPORT_H
#define ASHLAR_TOOL_REPORT_H

#include <stdio.h>

#include "comparison.h"

// The table of a terminal, at most 80 columns.
void report_text(FILE *out, const struct comparison *comparison);
// One JSON object, schema "ashlar-compare/1" of README.md.
void report_json(FILE *out, const struct comparison *comparison);
// One page that needs nothing from anywhere.
void report_html(FILE *out, const struct comparison *comparison);

#endif
