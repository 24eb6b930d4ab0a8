// operator new (nothrow) returns NULL when the new_handler throws. Compiled as C++
// for its catch alone; the runtime it needs is the program's, found at load time if
// there is one: the library itself depends on none.

#include "override/new_handler.h"

#include "platform/cpu.h"

ash_cpu_weak_symbol("__gxx_personality_v0");
ash_cpu_weak_symbol("__cxa_begin_catch");
ash_cpu_weak_symbol("__cxa_end_catch");

bool ash_new_handler_returns(void (*handler)(void)) {
    try {
        handler();
    } catch (...) {
        return false;
    }
    return true;
}
