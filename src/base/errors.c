#include "base/errors.h"

#include <stddef.h>

#include "base/compiler.h"

// Rows without pointers: these would be written when the library is loaded, so that their page
// would be each process's own.
#define ASH_ERROR(ENUM, NUMBER, KIND, WHY, NEXT, ...) \
    char ENUM##_why[sizeof(WHY)], ENUM##_next[sizeof(NEXT)];
struct error_texts {
#include "ashlar/errors.def"
};
#undef ASH_ERROR

#define ASH_ERROR(ENUM, NUMBER, KIND, WHY, NEXT, ...) WHY, NEXT,
static ASH_FAR_CONST const struct error_texts error_texts = {
#include "ashlar/errors.def"
};
#undef ASH_ERROR

#define ASH_ERROR(ENUM, NUMBER, KIND, ...) \
    {ASH_E_##ENUM, ASH_ERROR_##KIND, "ASH" #NUMBER, offsetof(struct error_texts, ENUM##_why), \
     offsetof(struct error_texts, ENUM##_next)},
static ASH_FAR_CONST const struct ash_error_row error_rows[] = {
#include "ashlar/errors.def"
};
#undef ASH_ERROR

enum { ERROR_ROWS = sizeof error_rows / sizeof error_rows[0] };

_Static_assert(sizeof error_texts <= UINT16_MAX, "offsets fit");

const char *ash_error_why(const struct ash_error_row *row) {
    return (const char *)&error_texts + row->why;
}

const char *ash_error_next(const struct ash_error_row *row) {
    return (const char *)&error_texts + row->next;
}

const struct ash_error_row *ash_error_at(unsigned index) {
    return index < ERROR_ROWS ? &error_rows[index] : NULL;
}

const struct ash_error_row *ash_error_row(enum ash_error error) {
    unsigned i = 0;
    while (i < ERROR_ROWS - 1 && error_rows[i].error != error) {
        i++;
    }
    return &error_rows[i];
}
