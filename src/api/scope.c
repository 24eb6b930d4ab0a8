#include "api/scope.h"

#include "base/bits.h"
#include "platform/os.h"

static bool scope_is_below(const struct ash_realm *a, const struct ash_realm *b) {
    return (uintptr_t)a < (uintptr_t)b;
}

// Shell's sort. qsort of the C library may allocate.
static void scope_sort(struct ash_realm **realms, size_t count) {
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            struct ash_realm *realm = realms[i];
            size_t at = i;
            for (; at >= gap && scope_is_below(realm, realms[at - gap]); at -= gap) {
                realms[at] = realms[at - gap];
            }
            realms[at] = realm;
        }
    }
}

// The main realm is on no list. Realms that are made meanwhile are left out.
bool ash_scope_open(struct ash_scope *scope, struct ash_realm *root) {
    size_t own = root == &ash_realm_main ? 1 : 0;
    size_t room = ash_realm_list(root, NULL, 0);
    size_t bytes = ash_round_up((room + 1) * sizeof(struct ash_realm *), ash_os_page_bytes());
    struct ash_realm **realms = ash_os_map(bytes, ash_os_page_bytes());
    if (realms == NULL) {
        return false;
    }
    realms[0] = root;
    size_t count = own + ash_min(ash_realm_list(root, realms + own, room), room);
    scope_sort(realms, count);
    *scope = (struct ash_scope){.realms = (const struct ash_realm *const *)realms,
                                .count = count,
                                .list = realms,
                                .list_bytes = bytes};
    return true;
}

void ash_scope_close(const struct ash_scope *scope) {
    ash_os_unmap(scope->list, scope->list_bytes);
}

bool ash_scope_has(const struct ash_scope *scope, const struct ash_realm *realm) {
    if (scope == NULL) {
        return true;
    }
    size_t from = 0, to = scope->count;
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (scope_is_below(realm, scope->realms[middle])) {
            to = middle;
        } else {
            from = middle;
        }
    }
    return from < to && scope->realms[from] == realm;
}

bool ash_scope_wants(const void *scope, const struct ash_realm *realm) {
    return ash_scope_has(scope, realm);
}
