// Lets the compiler check the arguments of functions that take a printf format.

#ifndef ASHLAR_TOOL_PRINT_H
#define ASHLAR_TOOL_PRINT_H

#define PRINTS(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#endif
