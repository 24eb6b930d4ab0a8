// An LD_AUDIT library that uses a copy of the allocator of its own, in a namespace of its own, from
// before the program is relocated.

#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <unistd.h>

#include "audit.h"
#include "subject.h"
#include "support.h"

static void *first_heap;
static unsigned objects;

static void use(void) {
    struct random random = {7};
    struct parcel *held[64];
    for (int i = 0; i < 64; i++) {
        held[i] = parcel_make(&random, random_size(&random));
    }
    for (int i = 0; i < 64; i++) {
        parcel_give(held[i]);
    }
    if (first_heap == NULL) {
        first_heap = identity_heap();
    }
    expect(identity_heap() == first_heap && identity_heap_count() == 1,
           "the audit namespace has one heap");
}

unsigned la_version(unsigned version) {
    use();
    return version < LAV_CURRENT ? version : LAV_CURRENT;
}

unsigned la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie) {
    (void)map;
    (void)lmid;
    (void)cookie;
    objects++;
    use();
    return 0;
}

// The program looks for a file descriptor with this number: nothing else crosses the namespaces.
void la_preinit(uintptr_t *cookie) {
    (void)cookie;
    use();
    expect(objects > 0, "the audit library saw objects");
    expect(dup2(STDERR_FILENO, AUDIT_MARK) == AUDIT_MARK, "the audit library leaves its mark");
}
