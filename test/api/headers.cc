// The headers in C++.

struct wide {
    alignas(256) char bytes[256];
};

#include "headers.h"

#if __cplusplus >= 201703L
// Part of the type there.
static_assert(noexcept(ash_zalloc(1)) &&noexcept(ash_option_get(ASH_OPTION_VERBOSE)),
              "what C++ calls must say that it does not throw");
#endif

int main() {
    return use_all();
}
