// The heap slot: where a thread keeps the pointer to its heap. One file for each rung of
// the ladder (platform/rungs.h), all with the same two functions:
//
//   ash_thread_heap()          the calling thread's heap, or NULL
//   ash_thread_set_heap(heap)  puts it there
//
// NULL means "not yet", or "lost". It only ever leads to the slow path, which finds the
// thread's heap again by the kernel's thread id. So nothing here has to be trusted. A
// thread whose last exit handler has run holds &ash_heap_done, a heap that owns nothing.

#ifndef ASH_PLATFORM_THREAD_H
#define ASH_PLATFORM_THREAD_H

#include "base/compiler.h"
#include "platform/rungs.h"

struct ash_heap;

#if ASH_SLOT == ASH_SLOT_TLS || ASH_SLOT == ASH_SLOT_DYNAMIC || ASH_SLOT == ASH_SLOT_STATIC
#include "platform/slot_variable.h"
#elif ASH_SLOT == ASH_SLOT_KEY
#include "platform/slot_key.h"
#elif ASH_SLOT == ASH_SLOT_MAP
#include "platform/slot_map.h"
#else
#error "no heap slot for this system yet: build with -DASH_SLOT=ASH_SLOT_KEY"
#endif

#endif
