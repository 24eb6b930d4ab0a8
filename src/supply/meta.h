// Memory for our own bookkeeping: heaps and tables. It only grows; what is given
// out is zero, aligned to a cache line, and never comes back.

#ifndef ASH_SUPPLY_META_H
#define ASH_SUPPLY_META_H

#include <stddef.h>

// NULL when the system has no memory.
void *ash_meta_take(size_t bytes);

// From tier 3 on neither the program nor who has taken it over can end or change such a mapping, if
// the system permits: it will be there as long as the process. Also for other units' tables.
void ash_meta_keep(void *start, size_t bytes);

// Bytes mapped for bookkeeping through this unit.
size_t ash_meta_bytes(void);

// Adds that, and what is mapped in all. Under the locks of the store and of the huge blocks.
struct ash_supply_figures;
void ash_meta_measure(struct ash_supply_figures *figures);

// Around fork.
void ash_meta_fork_prepare(void);
void ash_meta_fork_done(void);

#endif
