// What is said of an access to a fence (supply/fence.h) or beside a guarded block.

#ifndef ASH_HEAP_FENCE_REPORT_H
#define ASH_HEAP_FENCE_REPORT_H

// An access to the address has failed. If it was to a fence, or to a guarded block or beside it, a
// line says so. Async-signal-safe (platform/fault.h).
void ash_fence_report_access(const void *address);

#endif
