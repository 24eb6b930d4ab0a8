#define _GNU_SOURCE

// The whole library as one translation unit, floor by floor: how releases are
// built. ASH_WITH_OVERRIDE says whether it takes over malloc (libashlar) or only
// offers ash_* (libashlar-api).

#include "base/fmt.c"
#include "base/options.c"
//
#include "platform/identity.c"
#include "platform/lock.c"
#include "platform/os_linux.c"
#include "platform/os_posix.c"
#include "platform/report.c"
#include "platform/thread.c"
//
#include "supply/arena.c"
#include "supply/fit.c"
#include "supply/huge.c"
#include "supply/ledger.c"
#include "supply/meta.c"
#include "supply/purge.c"
#include "supply/region.c"
#include "supply/reserve.c"
#include "supply/run.c"
#include "supply/search.c"
#include "supply/store.c"
//
#include "heap/audit.c"
#include "heap/heap.c"
#include "heap/hold.c"
#include "heap/orphan.c"
#include "heap/realm.c"
#include "heap/refill.c"
#include "heap/registry.c"
#include "heap/release.c"
#include "heap/remote.c"
#include "heap/sizeclass.c"
#include "heap/span.c"
//
#include "api/aligned.c"
#include "api/aligned_at.c"
#include "api/arena.c"
#include "api/boot.c"
#include "api/collect.c"
#include "api/duplicate.c"
#include "api/extended.c"
#include "api/heap.c"
#include "api/helper.c"
#include "api/inplace.c"
#include "api/large.c"
#include "api/late.c"
#include "api/malloc.c"
#include "api/options.c"
#include "api/query.c"
#include "api/realloc.c"
#include "api/stats.c"
#include "api/subproc.c"
#include "api/summary.c"
#include "api/thread.c"
#include "api/zalloc.c"

#if ASH_WITH_OVERRIDE
#include "compat/glibc.c"
//
#include "override/libc_elf.c"
#include "override/operators.c"
#endif
