// A planted library that is there, says so, and is not in use. With TOOL_TEST_DEADLY it ends
// every program before main.
#include <stdbool.h>
#include <stdlib.h>

bool ash_is_active(void);
int ash_version(void);

bool ash_is_active(void) {
    return false;
}

int ash_version(void) {
    return 100;
}

__attribute__((constructor)) static void start(void) {
    if (TOOL_TEST_DEADLY) {
        abort();
    }
}
