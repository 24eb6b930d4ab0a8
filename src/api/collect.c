#include "api/late.h"
#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "base/compiler.h"
#include "heap/audit.h"
#include "heap/orphan.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "supply/store.h"

ASH_NOINLINE bool ash_collect(void) {
    struct ash_heap *mine = ash_thread_attach();
    bool gave = false;
    if (mine != NULL) {
        if (mine != &ash_heap_done) {
            ash_release_all(mine);
            if (ASH_AUDIT) {
                ash_heap_audit(mine);
            }
        }
        struct ash_heap *heap = NULL;
        while ((heap = ash_registry_next(heap)) != NULL) {
            ash_orphan_tend(heap);
        }
        ash_late_strip();
        gave = ash_store_purge(true);
    }
    return gave;
}
