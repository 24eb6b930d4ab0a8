// The proof of use that every conformance program asks for. See lookup.h.

#include "lookup.h"

#include <stdlib.h>

bool lookup_ashlar_is_in_use(void) {
    struct lookup all = lookup_all();
    if (all.ash_is_active == NULL || all.ash_usable_size == NULL || !all.ash_is_active()) {
        return false;
    }
    void *volatile block = malloc(100);
    bool ours = block != NULL && all.ash_usable_size(block) >= 100;
    free(block);
    return ours;
}
