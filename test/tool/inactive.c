// A planted library that is there, says so, and is not in use. With TOOL_TEST_DEADLY it ends
// every program before main; with TOOL_TEST_DOWNGRADED it says that it is in use, and that it
// found threads mixed up.
#include <stdlib.h>

#include "ashlar/ashlar.h"

bool ash_is_active(void) {
    return TOOL_TEST_DOWNGRADED;
}

int ash_version(void) {
    return 100;
}

__attribute__((constructor)) static void start(void) {
    if (TOOL_TEST_DEADLY) {
        abort();
    }
}

#if TOOL_TEST_DOWNGRADED
void ash_thread_identity(struct ash_thread_identity *identity, size_t bytes) {
    static const struct ash_thread_identity mixed_up = {
        .slot = "tls", .slot_now = "map", .id = "asm", .id_now = "asm", .foreign = 2};
    *identity = mixed_up;
    (void)bytes;
}
#endif
