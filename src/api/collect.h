// Giving back what is free.

#ifndef ASH_API_COLLECT_H
#define ASH_API_COLLECT_H

#include <stdbool.h>

struct ash_realm;

// As ash_collect, of one realm.
bool ash_collect_realm(const struct ash_realm *realm);

#endif
