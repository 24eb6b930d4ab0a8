// The codes of what ashlar says when something is wrong. docs/errors.md and ash_errors(7) have a
// section for each.

#ifndef ASHLAR_ERRORS_H
#define ASHLAR_ERRORS_H

#define ASH_ERROR(ENUM, NUMBER, ...) ASH_E_##ENUM = NUMBER,
// The codes: the rows of errors.def. A code keeps its number and its meaning for good; in lines 101
// reads ASH101.
enum ash_error {
#include <ashlar/errors.def>
    ASH_E_NONE = 0  // no code has this number
};
#undef ASH_ERROR

#endif
