#include "supply/meta.h"

#include <stdint.h>

#include "base/bits.h"
#include "base/config.h"
#include "base/sealed.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/tally.h"
#include "supply/store.h"

enum { META_CHUNK_BYTES = 64 * 1024 };

static struct ash_lock meta_lock = ASH_LOCK(ASH_RANK_META);

// All under meta_lock.
static char *meta_next;
static size_t meta_left;
static size_t meta_mapped;

void ash_meta_keep(void *start, size_t bytes) {
    if (ash_unlikely(ash_sealed.keeps_tables)) {
        (void)ash_os_seal(start, bytes);
    }
}

void *ash_meta_take(size_t bytes) {
    bytes = ash_round_up(bytes, ASH_CACHE_LINE);
    ash_lock_take(&meta_lock);
    if (bytes > meta_left) {
        size_t page = ash_os_page_bytes();
        size_t chunk = ash_round_up(ash_max(bytes, META_CHUNK_BYTES), page);
        char *got = ash_os_map(chunk, page);
        if (got == NULL) {
            ash_lock_drop(&meta_lock);
            return NULL;
        }
        ash_meta_keep(got, chunk);
        meta_mapped += chunk;
        if (chunk - bytes <= meta_left) {  // the one before has more left
            ash_lock_drop(&meta_lock);
            return got;
        }
        meta_next = got;
        meta_left = chunk;
    }
    void *taken = meta_next;
    meta_next += bytes;
    meta_left -= bytes;
    ash_lock_drop(&meta_lock);
    return taken;
}

size_t ash_meta_bytes(void) {
    ash_lock_take(&meta_lock);
    size_t bytes = meta_mapped;
    ash_lock_drop(&meta_lock);
    return bytes;
}

void ash_meta_measure(struct ash_supply_figures *figures) {
    ash_lock_take(&meta_lock);
    figures->meta_bytes = meta_mapped;
    figures->mapped_bytes = ash_tally_read().mapped_bytes;
    ash_lock_drop(&meta_lock);
}

void ash_meta_fork_prepare(void) {
    ash_lock_take(&meta_lock);
}

void ash_meta_fork_done(void) {
    ash_lock_drop(&meta_lock);
}
