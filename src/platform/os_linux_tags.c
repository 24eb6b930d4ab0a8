// Memory tags on Linux, since 5.10: Documentation/arch/arm64/memory-tagging-extension.rst.

#define _GNU_SOURCE

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "platform/cpu.h"
#include "platform/os.h"

// From asm/hwcap.h, asm/mman.h and linux/prctl.h, which older headers lack.
enum {
    TAGS_HWCAP2 = 1 << 18,
    TAGS_PROT = 0x20,
    TAGS_CONTROL = 55,
    TAGS_IN_SYSTEM_CALLS = 1,  // the kernel takes pointers that have tags
    TAGS_AT_ONCE = 1 << 1,     // the access itself is refused, and the signal says which
    TAGS_DRAWN = 0xfffe << 3,  // which ones a processor may draw: all but 0
};

bool ash_os_check_tags(void) {
    if (!ASH_CPU_HAS_TAGS || (getauxval(AT_HWCAP2) & TAGS_HWCAP2) == 0) {
        return false;
    }
    int saved_errno = errno;
    unsigned long how = TAGS_IN_SYSTEM_CALLS | TAGS_AT_ONCE | TAGS_DRAWN;
    bool checks = prctl(TAGS_CONTROL, how, 0ul, 0ul, 0ul) == 0;
    errno = saved_errno;
    return checks;
}

bool ash_os_tag(void *start, size_t bytes) {
    int saved_errno = errno;
    bool tagged = mprotect(start, bytes, PROT_READ | PROT_WRITE | TAGS_PROT) == 0;
    errno = saved_errno;
    return tagged;
}
