// Types, as other calls of the interface see them: api/typed.c.

#ifndef ASH_API_TYPED_H
#define ASH_API_TYPED_H

#include <stdbool.h>

struct ash_realm;

// Whether it is the realm of a group of types, which never ends.
bool ash_typed_has(const struct ash_realm *realm);

#endif
