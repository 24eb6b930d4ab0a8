// What the system was asked for: each os_*.c counts its calls that succeeded here, so that
// statistics have an account of mapped memory that does not come from our own books.
//
// A mapping is counted once it is there, and no longer counted once it is gone. So at no moment
// does anybody know of a mapping that `mapped` lacks.

#ifndef ASH_PLATFORM_TALLY_H
#define ASH_PLATFORM_TALLY_H

#include <stddef.h>

struct ash_tally {
    size_t mapped_bytes;  // now
    size_t mapped_peak_bytes;
    size_t active_bytes;  // slices in use, and huge blocks
    size_t active_peak_bytes;
    size_t maps, unmaps, remaps, purges;  // calls
    size_t purged_bytes;                  // since the start; may wrap on 32-bit systems
};

void ash_tally_mapped(size_t bytes);
void ash_tally_unmapped(size_t bytes);
void ash_tally_remapped(size_t old_bytes, size_t new_bytes);
// The program's own mappings, for ashlar to use, count as well.
void ash_tally_handed_in(size_t bytes);
void ash_tally_handed_back(size_t bytes);

void ash_tally_purged(size_t bytes);

// What is in use of one part is `bytes` now. Each part has one writer at a time.
enum ash_tally_part { ASH_TALLY_SLICES, ASH_TALLY_HUGE, ASH_TALLY_PARTS };
void ash_tally_active(enum ash_tally_part part, size_t bytes);

struct ash_tally ash_tally_read(void);

#endif
