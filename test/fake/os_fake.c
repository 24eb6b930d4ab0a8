// The memory of the fake system; os_fake_process.c has the rest. Fakes guard what is scripted and
// counted by one lock, so threads may call in at once.

#define _GNU_SOURCE

#include "os_fake.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/os.h"
#include "platform/tally.h"
#include "ranges.h"
#include "script.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum {
    FAKE_MAP_FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
    FAKE_OCCUPIED_MAX = 16,
    FAKE_LOW_STEP = 1 << 20,
};

// Under fake_enter.
static struct ranges fake_mapped, fake_claimed, fake_handed_in, fake_guarded, fake_sealed;
static struct range fake_occupied[FAKE_OCCUPIED_MAX];
static size_t fake_occupied_count;

// Set by the test before threads run.
static size_t fake_page_bytes;  // 0: the real system's, which may not map less
static size_t fake_resident_pages;
static int fake_processor;
static uintptr_t fake_map_top;
static bool fake_remap_moves, fake_guards, fake_has_no_seals;
static uint64_t fake_nodes = 1, fake_populate_ms;

// The contract of os.h for every range.
static void fake_check_range(const void *start, size_t bytes) {
    if (bytes == 0) {
        fake_broken("a range of 0 bytes");
    }
    if ((uintptr_t)start % ash_os_page_bytes() != 0 || bytes % ash_os_page_bytes() != 0) {
        fake_broken("a range that is not whole pages");
    }
}

size_t ash_os_page_bytes(void) {
    return fake_page_bytes != 0 ? fake_page_bytes : (size_t)sysconf(_SC_PAGESIZE);
}

static bool fake_is_occupied(const void *start, size_t bytes) {
    uintptr_t from = (uintptr_t)start, to = from + bytes;
    for (size_t i = 0; i < fake_occupied_count; i++) {
        if (from < fake_occupied[i].end && fake_occupied[i].start < to) {
            return true;
        }
    }
    return false;
}

static void *fake_map_at(void *start, size_t bytes) {
    int flags = FAKE_MAP_FLAGS | MAP_FIXED_NOREPLACE;
    void *got = mmap(start, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (got != MAP_FAILED && got != start) {
        munmap(got, bytes);
        errno = EEXIST;
        return NULL;
    }
    return got == MAP_FAILED ? NULL : got;
}

static enum ash_os_claim fake_claim(void *start, size_t bytes, enum os_fake_kind kind) {
    fake_tally.last_claim = bytes;
    bool fails = fake_fails(kind, bytes);
    if (fake_is_occupied(start, bytes)) {  // a real kernel looks at this first
        return ASH_OS_TAKEN;
    }
    if (fails) {
        return ASH_OS_NO_MEMORY;
    }
    if (fake_map_at(start, bytes) == NULL) {
        return errno == ENOMEM ? ASH_OS_NO_MEMORY : ASH_OS_TAKEN;
    }
    if (!ranges_join(&fake_claimed, start, bytes)) {
        fake_broken("more claims than it can follow");
    }
    fake_tally.claimed_bytes += bytes;
    ash_tally_mapped(bytes);
    return ASH_OS_CLAIMED;
}

enum ash_os_claim ash_os_claim(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    int saved_errno = errno;
    fake_enter();
    enum ash_os_claim claim = fake_claim(start, bytes, OS_FAKE_CLAIM);
    fake_leave();
    errno = saved_errno;
    return claim;
}

enum ash_os_claim ash_os_claim_huge(void *start, size_t bytes) {
    size_t page = (size_t)1 << 30;
    if ((uintptr_t)start % page != 0 || bytes == 0 || bytes % page != 0) {
        fake_broken("a range that is not whole pages of 1 GiB");
    }
    int saved_errno = errno;
    fake_enter();
    enum ash_os_claim claim = fake_claim(start, bytes, OS_FAKE_HUGE);
    fake_tally.huge_bytes += claim == ASH_OS_CLAIMED ? bytes : 0;
    fake_leave();
    errno = saved_errno;
    return claim;
}

// Under the lock.
static bool fake_is_known(const void *start, size_t bytes) {
    return ranges_hold(&fake_claimed, start, bytes) || ranges_hold(&fake_mapped, start, bytes) ||
           ranges_hold(&fake_handed_in, start, bytes);
}

bool ash_os_commit(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    if (!ranges_hold(&fake_handed_in, start, bytes)) {
        fake_broken("a commit of what was not handed in");
    }
    bool committed =
        !fake_fails(OS_FAKE_COMMIT, 0) && mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
    fake_tally.committed_bytes += committed ? bytes : 0;
    fake_leave();
    return committed;
}

// No test has memory tags.
bool ash_os_check_tags(void) {
    return false;
}

bool ash_os_tag(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    return false;
}

bool ash_os_close(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    bool closed = !fake_fails(OS_FAKE_COMMIT, 0) &&
                  mmap(start, bytes, PROT_NONE, FAKE_MAP_FLAGS | MAP_FIXED, -1, 0) == start;
    fake_leave();
    return closed;
}

bool ash_os_check_guards(void) {
    return fake_guards;
}

// Marks are mappings here, too, which are there whatever the kernel. Under the lock.
static bool fake_shut(void *start, size_t bytes, bool marked) {
    if (marked && madvise(start, bytes, MADV_DONTNEED) != 0) {
        return false;
    }
    return mprotect(start, bytes, PROT_NONE) == 0;
}

bool ash_os_guard(void *start, size_t bytes, bool marked) {
    fake_check_range(start, bytes);
    fake_enter();
    if (!fake_is_known(start, bytes)) {
        fake_broken("a guard in what is not ashlar's");
    }
    bool refused = fake_fails(marked ? OS_FAKE_GUARD : OS_FAKE_SHUT, 0) || (marked && !fake_guards);
    bool shut = !refused && fake_shut(start, bytes, marked);
    if (shut && !ranges_add(&fake_guarded, start, bytes)) {
        fake_broken("more guards than it can follow");
    }
    fake_tally.guarded_bytes += shut ? bytes : 0;
    fake_leave();
    return shut;
}

bool ash_os_unguard(void *start, size_t bytes, bool marked) {
    (void)marked;
    fake_check_range(start, bytes);
    fake_enter();
    bool open = !fake_fails(OS_FAKE_OPEN, 0);
    if (open && !ranges_remove(&fake_guarded, start, bytes)) {
        fake_broken("opening what is not guarded");
    }
    open = open && mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
    fake_tally.guarded_bytes -= open ? bytes : 0;
    fake_leave();
    return open;
}

bool ash_os_freeze(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    if (fake_is_known(start, bytes)) {
        fake_broken("freezing what is no variable");
    }
    bool frozen = !fake_fails(OS_FAKE_FREEZE, 0) && mprotect(start, bytes, PROT_READ) == 0;
    fake_tally.frozen_bytes += frozen ? bytes : 0;
    fake_leave();
    return frozen;
}

// Variables may be sealed as well as mappings.
bool ash_os_seal(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    bool sealed = !fake_fails(OS_FAKE_SEAL, 0) && !fake_has_no_seals;
    if (sealed && ranges_touch(&fake_sealed, start, bytes)) {
        fake_broken("sealing what is sealed");
    }
    if (sealed && !ranges_join(&fake_sealed, start, bytes)) {
        fake_broken("more seals than it can follow");
    }
    fake_tally.sealed_bytes += sealed && fake_is_known(start, bytes) ? bytes : 0;
    fake_leave();
    return sealed;
}

bool ash_os_populate(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    if (!ranges_hold(&fake_claimed, start, bytes)) {
        fake_broken("populating what is not ashlar's");
    }
    bool populated = !fake_fails(OS_FAKE_POPULATE, 0);
    fake_tally.populated_bytes += populated ? bytes : 0;
    fake_leave();
    os_fake_pass_ms(fake_populate_ms);
    return populated;
}

bool ash_os_prefer_node(void *start, size_t bytes, unsigned node) {
    fake_check_range(start, bytes);
    fake_enter();
    if (!fake_is_known(start, bytes)) {
        fake_broken("a preference for what is not ashlar's");
    }
    bool known = node < OS_FAKE_NODES && (fake_nodes >> node & 1) != 0;
    bool preferred = !fake_fails(OS_FAKE_PREFER, 0) && known;
    if (preferred) {
        fake_tally.preferred_bytes[node] += bytes;
    }
    fake_leave();
    return preferred;
}

uint64_t ash_os_nodes(void) {
    return fake_nodes;
}

// Below fake_map_top, at the highest address that is free.
static void *fake_map_low(size_t bytes, size_t align) {
    uintptr_t at = (fake_map_top - bytes) & ~(align - 1);
    while (at > FAKE_LOW_STEP) {
        void *got = fake_map_at((void *)at, bytes);
        if (got != NULL) {
            return got;
        }
        at = (at - FAKE_LOW_STEP) & ~(align - 1);
    }
    return NULL;
}

static void *fake_map_anywhere(size_t bytes, size_t align) {
    if (bytes > PTRDIFF_MAX - align) {
        return NULL;
    }
    char *got = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE, FAKE_MAP_FLAGS, -1, 0);
    if (got == MAP_FAILED) {
        return NULL;
    }
    size_t before = (align - (uintptr_t)got % align) % align;
    if (before > 0) {
        munmap(got, before);
    }
    munmap(got + before + bytes, align - before);
    return got + before;
}

static void *fake_map(size_t bytes, size_t align) {
    if (fake_fails(OS_FAKE_MAP, bytes)) {
        return NULL;
    }
    void *got = fake_map_top != 0 ? fake_map_low(bytes, align) : fake_map_anywhere(bytes, align);
    if (got != NULL) {
        if (!ranges_add(&fake_mapped, got, bytes)) {
            fake_broken("more mappings than it can follow");
        }
        fake_tally.mapped_bytes += bytes;
        ash_tally_mapped(bytes);
    }
    return got;
}

void *ash_os_map(size_t bytes, size_t align) {
    fake_check_range(NULL, bytes);
    if (align < ash_os_page_bytes() || (align & (align - 1)) != 0) {
        fake_broken("an alignment that is no power of two, or below a page");
    }
    int saved_errno = errno;
    fake_enter();
    void *got = fake_map(bytes, align);
    fake_leave();
    errno = saved_errno;
    return got;
}

// Under the lock.
static void fake_forget_guards(const void *start, size_t bytes) {
    uintptr_t from = (uintptr_t)start, to = from + bytes;
    for (size_t i = 0; i < fake_guarded.count; i++) {
        struct range *range = &fake_guarded.all[i];
        if (from <= range->start && range->end <= to) {
            fake_tally.guarded_bytes -= range->end - range->start;
            *range = fake_guarded.all[--fake_guarded.count];
            i--;
        }
    }
}

// Under the lock.
static void fake_forget(const void *start, size_t bytes) {
    fake_forget_guards(start, bytes);
    if (ranges_touch(&fake_sealed, start, bytes)) {
        fake_broken("an unmap of what is sealed");
    }
    if (ranges_remove(&fake_mapped, start, bytes)) {
        fake_tally.mapped_bytes -= bytes;
    } else if (ranges_remove(&fake_claimed, start, bytes)) {
        fake_tally.claimed_bytes -= bytes;
    } else {
        fake_broken("an unmap of what is not ashlar's");
    }
}

void ash_os_unmap(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    fake_tally.unmap_calls++;
    fake_forget(start, bytes);
    munmap(start, bytes);
    ash_tally_unmapped(bytes);
    fake_leave();
}

// Moves to a new place that is aligned to the fake's page.
static void *fake_move(void *start, size_t old_bytes, size_t new_bytes) {
    void *place = fake_map_anywhere(new_bytes, ash_os_page_bytes());
    if (place == NULL) {
        return NULL;
    }
    void *got = mremap(start, old_bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    return got == MAP_FAILED ? NULL : got;
}

static void *fake_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    if (!ranges_hold(&fake_mapped, start, old_bytes)) {
        fake_broken("a remap of what ash_os_map did not give");
    }
    if (ranges_touch(&fake_guarded, start, old_bytes)) {
        fake_broken("a remap of what is guarded");
    }
    if (fake_fails(OS_FAKE_REMAP, 0)) {
        return NULL;
    }
    void *got = MAP_FAILED;
    if (new_bytes < old_bytes) {
        got = munmap((char *)start + new_bytes, old_bytes - new_bytes) == 0 ? start : MAP_FAILED;
    } else if (!may_move || !fake_remap_moves) {
        got = mremap(start, old_bytes, new_bytes, 0);
    }
    if (got == MAP_FAILED) {
        got = may_move ? fake_move(start, old_bytes, new_bytes) : NULL;
    }
    if (got != NULL) {
        fake_forget(start, old_bytes);
        (void)ranges_add(&fake_mapped, got, new_bytes);
        fake_tally.mapped_bytes += new_bytes;
        ash_tally_remapped(old_bytes, new_bytes);
    }
    return got;
}

void *ash_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    fake_check_range(start, old_bytes);
    fake_check_range(start, new_bytes);
    int saved_errno = errno;
    fake_enter();
    void *got = fake_remap(start, old_bytes, new_bytes, may_move);
    fake_leave();
    errno = saved_errno;
    return got;
}

bool ash_os_purge(void *start, size_t bytes) {
    fake_check_range(start, bytes);
    fake_enter();
    if (!fake_is_known(start, bytes)) {
        fake_broken("a purge of what is not ashlar's");
    }
    if (ranges_touch(&fake_guarded, start, bytes)) {
        fake_broken("a purge of what is guarded");
    }
    bool purged = !fake_fails(OS_FAKE_PURGE, 0) && madvise(start, bytes, MADV_DONTNEED) == 0;
    fake_tally.purged_bytes += purged ? bytes : 0;
    if (purged) {
        ash_tally_purged(bytes);
    }
    fake_leave();
    return purged;
}

void ash_os_advise_huge(void *start, size_t bytes, bool wanted) {
    fake_check_range(start, bytes);
    fake_enter();
    fake_tally.advised_bytes += wanted ? bytes : 0;
    fake_leave();
}

int ash_os_processor(void) {
    return fake_processor;
}

size_t ash_os_resident_pages(const void *start, size_t bytes) {
    fake_check_range(start, bytes);
    size_t pages = bytes / ash_os_page_bytes();
    return fake_resident_pages < pages ? fake_resident_pages : pages;
}

// What tests say -------------------------------------------------------------------------

void os_fake_occupy(const void *start, size_t bytes) {
    if (fake_occupied_count == FAKE_OCCUPIED_MAX) {
        fake_broken("more occupied ranges than it can follow");
    }
    struct range range = {(uintptr_t)start, (uintptr_t)start + bytes};
    fake_occupied[fake_occupied_count++] = range;
}

void os_fake_set_page_bytes(size_t bytes) {
    fake_page_bytes = bytes;
}

void os_fake_set_map_top(uintptr_t top) {
    fake_map_top = top;
}

void os_fake_set_remap_moves(bool moves) {
    fake_remap_moves = moves;
}

void os_fake_hand_in(const void *start, size_t bytes) {
    if (!ranges_add(&fake_handed_in, start, bytes)) {
        fake_broken("more ranges handed in than it can follow");
    }
}

void os_fake_set_guards(bool can) {
    fake_guards = can;
}

void os_fake_set_seals(bool can) {
    fake_has_no_seals = !can;
}

void os_fake_set_nodes(uint64_t nodes) {
    fake_nodes = nodes;
}

void os_fake_set_populate_ms(uint64_t ms) {
    fake_populate_ms = ms;
}

void os_fake_set_processor(int processor) {
    fake_processor = processor;
}

void os_fake_set_resident_pages(size_t pages) {
    fake_resident_pages = pages;
}
