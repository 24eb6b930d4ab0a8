// The one thing about operator new that only C++ can do: to catch.

#ifndef ASH_OVERRIDE_NEW_HANDLER_H
#define ASH_OVERRIDE_NEW_HANDLER_H

#include <stdbool.h>

#if defined(__cplusplus)
extern "C"
#endif
    // Calls `handler`. False if it threw; the exception ends here.
    bool
    ash_new_handler_returns(void (*handler)(void));

#endif
