// Which realms a snapshot is of: all, one, or those of a sub-process.

#ifndef ASH_API_SCOPE_H
#define ASH_API_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/realm.h"

struct ash_scope {
    const struct ash_realm *const *realms;  // by address, lowest first
    size_t count;
    void *list;         // where they are, if not with the caller
    size_t list_bytes;  // mapped there
};

// The realms of a sub-process, as they are now. False without memory. ash_scope_close follows.
bool ash_scope_open(struct ash_scope *scope, struct ash_realm *root);
void ash_scope_close(const struct ash_scope *scope);

// `scope` NULL has all. `realm` may be any pointer: nothing is read there.
bool ash_scope_has(const struct ash_scope *scope, const struct ash_realm *realm);

// The same, as the supply wants it.
bool ash_scope_wants(const void *scope, const struct ash_realm *realm);

#endif
