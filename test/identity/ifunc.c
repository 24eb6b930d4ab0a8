// ifunc: an IFUNC resolver has allocated before the first thread's storage was set up. The first
// thread must have one heap, the one that the resolver's block came from.

#include "ifunc.h"

#include <stdio.h>

#include "subject.h"
#include "support.h"

int main(void) {
    const struct early *early = ifunc_early();
    expect(ifunc_answer() == 42 && early->runs > 0 && early->block != NULL,
           "the resolver allocated");
    void *block = ash_malloc(1000);
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    printf("%zu heaps; slots found empty: %zu\n", identity_heap_count(), identity.rebound);
    expect(identity_heap_count() == 1, "the first thread has one heap");
    expect(identity_owner(block) == early->heap, "it is the one from before main");
    expect(identity_heap_tid(early->heap) == kernel_tid(), "it is bound to the first thread");
    ash_free(early->block);
    ash_free(block);
    return 0;
}
