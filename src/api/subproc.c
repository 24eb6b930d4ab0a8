// A sub-process is known by its root: the realm that its threads' own heaps are in.

#include <errno.h>

#include "api/boot.h"
#include "api/thread.h"
#include "ashlar/ashlar.h"
#include "base/bits.h"
#include "heap/realm.h"
#include "platform/os.h"
#include "platform/report.h"

static struct ash_realm *subproc_root(ash_subproc_t *subproc) {
    return (struct ash_realm *)(void *)subproc;
}

static ash_subproc_t *subproc_of(struct ash_realm *root) {
    return (ash_subproc_t *)(void *)root;
}

ASH_NOINLINE ash_subproc_t *ash_subproc_new(void) {
    struct ash_realm *root = ash_boot() ? ash_realm_new(NULL) : NULL;
    if (root == NULL) {
        errno = ENOMEM;
    }
    return subproc_of(root);
}

ASH_NOINLINE ash_subproc_t *ash_subproc_main(void) {
    return subproc_of(&ash_realm_main);
}

ASH_NOINLINE ash_subproc_t *ash_subproc_current(void) {
    return subproc_of(ash_thread_realm(NULL));
}

ASH_NOINLINE int ash_subproc_add_current_thread(ash_subproc_t *subproc) {
    return ash_thread_move(subproc_root(subproc));
}

ASH_NOINLINE int ash_subproc_destroy(ash_subproc_t *subproc) {
    struct ash_realm *root = subproc_root(subproc);
    if (root == NULL || root == &ash_realm_main) {
        return 0;
    }
    if (root->serial == 0) {
        ash_report_bad_pointer(ASH_E_SUBPROC_ENDED, "ash_subproc_destroy", root);
    }
    return ash_realm_destroy_root(root) ? 0 : EBUSY;
}

// Realms are never unmapped; one that ended meanwhile has another serial.
static bool subproc_visit(struct ash_realm **realms, const size_t *serials, size_t count,
                          ash_heap_visitor_t *visit, void *argument) {
    for (size_t i = 0; i < count; i++) {
        if (realms[i]->serial == serials[i] && !visit(realms[i], argument)) {
            return false;
        }
    }
    return true;
}

ASH_NOINLINE bool ash_subproc_visit_heaps(ash_subproc_t *subproc, ash_heap_visitor_t *visit,
                                          void *argument) {
    struct ash_realm *root = subproc_root(subproc);
    if (root == &ash_realm_main && !visit(root, argument)) {
        return false;
    }
    size_t room = ash_realm_list(root, NULL, 0);
    if (room == 0) {
        return true;
    }
    size_t bytes =
        ash_round_up(room * (sizeof(struct ash_realm *) + sizeof(size_t)), ash_os_page_bytes());
    struct ash_realm **realms = ash_os_map(bytes, ash_os_page_bytes());
    if (realms == NULL) {
        errno = ENOMEM;
        return false;
    }
    size_t count = ash_min(ash_realm_list(root, realms, room), room);
    size_t *serials = (size_t *)(void *)(realms + room);
    for (size_t i = 0; i < count; i++) {
        serials[i] = realms[i]->serial;
    }
    bool all = subproc_visit(realms, serials, count, visit, argument);
    ash_os_unmap(realms, bytes);
    return all;
}
