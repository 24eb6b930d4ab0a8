// operator new (nothrow) returns NULL when the new_handler throws. Compiled as C++
// for its catch alone; the runtime it needs is the program's, found at load time if
// there is one: the library itself depends on none.

#include "override/new_handler.h"

__asm__(".weak __gxx_personality_v0\n"
        ".weak __cxa_begin_catch\n"
        ".weak __cxa_end_catch\n");

bool ash_new_handler_returns(void (*handler)(void)) {
    try {
        handler();
    } catch (...) {
        return false;
    }
    return true;
}
