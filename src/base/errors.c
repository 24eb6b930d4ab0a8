#include "base/errors.h"

#include <stddef.h>

#define ASH_ERROR(ENUM, NUMBER, KIND, WHY, NEXT, ...) \
    {ASH_E_##ENUM, ASH_ERROR_##KIND, "ASH" #NUMBER, WHY, NEXT},
static const struct ash_error_row error_rows[] = {
#include "ashlar/errors.def"
};
#undef ASH_ERROR

enum { ERROR_ROWS = sizeof error_rows / sizeof error_rows[0] };

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
