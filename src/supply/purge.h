// When free slices go back to the system: after some time unused, and sooner when
// more lies idle than the program's size excuses. A queue of units, the longest
// unused first. Everything here is under the store's lock.
//
// A unit's time starts again whenever slices of it become free, so a unit in use
// is not purged at all.

#ifndef ASH_SUPPLY_PURGE_H
#define ASH_SUPPLY_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Puts the unit at the end of the queue.
void ash_purge_queue(uint32_t unit, uint64_t now_ms);

// Takes the unit out, if it is in the queue.
void ash_purge_unqueue(uint32_t unit);

// The unit to purge now, or UINT32_MAX. `used_bytes` and `dirty_bytes` decide how
// long may be waited; `all` waits for nothing.
uint32_t ash_purge_due(uint64_t now_ms, size_t used_bytes, size_t dirty_bytes, bool all);

#endif
