// audit: runs under LD_AUDIT=audit_library. The audit namespace and the program each have a copy of
// the allocator; neither may notice the other.

#include "audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "subject.h"
#include "support.h"
#include "workload.h"

int main(void) {
    deadline(120);
    expect(fcntl(AUDIT_MARK, F_GETFD) != -1, "the audit library ran");
    struct workload workload = {.fault = FAULT_NONE, .steps = 2000};
    workload_run(&workload);
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof(identity));
    expect(identity.foreign == 0 && strcmp(identity.slot, identity.slot_now) == 0,
           "the slot is used as compiled");
    puts("two namespaces, two allocators");
    return 0;
}
