// The codes of what ashlar says when something is wrong. docs/errors.md and ash_errors(7) have a
// section for each.

#ifndef ASHLAR_ERRORS_H
#define ASHLAR_ERRORS_H

// A code keeps its number and its meaning for good: in lines it reads ASH101.
#define ASH_ERROR(ENUM, NUMBER, ...) ASH_E_##ENUM = NUMBER,
enum ash_error {
#include <ashlar/errors.def>
    ASH_E_NONE = 0
};
#undef ASH_ERROR

#endif
