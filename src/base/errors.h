// The catalogue of errors as data, made of ashlar/errors.def.

#ifndef ASH_BASE_ERRORS_H
#define ASH_BASE_ERRORS_H

#include <stdint.h>

#include "ashlar/errors.h"

enum ash_error_kind {
    ASH_ERROR_FATAL,
    ASH_ERROR_SURVIVABLE,
    ASH_ERROR_WARNING,
    ASH_ERROR_SETTING,
    ASH_ERROR_REFUSED,
};

struct ash_error_row {
    enum ash_error error;
    enum ash_error_kind kind;
    char code[8];        // "ASH101"
    uint16_t why, next;  // where the texts are: below
};

// The row of an error, which there is.
const struct ash_error_row *ash_error_row(enum ash_error error);

// What its line says, and the next step. Either may be "".
const char *ash_error_why(const struct ash_error_row *row);
const char *ash_error_next(const struct ash_error_row *row);

// All rows in the order of their codes; NULL behind the last one.
const struct ash_error_row *ash_error_at(unsigned index);

#endif
