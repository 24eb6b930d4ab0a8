// Found before the compiler's own <stdatomic.h>: every access of the code under test to an atomic
// object goes to the model. The macros name the function and the operand, so that a trace and the
// table of weakened orders can.

#ifndef ASHLAR_SCHED_STDATOMIC_H
#define ASHLAR_SCHED_STDATOMIC_H

#include "access.h"

typedef enum {
    memory_order_relaxed = ACCESS_RELAXED,
    memory_order_acquire = ACCESS_ACQUIRE,
    memory_order_release = ACCESS_RELEASE,
    memory_order_acq_rel = ACCESS_ACQ_REL,
    memory_order_seq_cst = ACCESS_SEQ_CST,
} memory_order;

// The comma makes a value of the object, which has no _Atomic in its type.
#define SHIM_VALUE(at) __typeof__(((void)0, *(at)))
#define SHIM_PLACE(at, operation) \
    (const void *)(uintptr_t)(at), sizeof *(at), (operation), __func__, #at

#define atomic_load_explicit(at, order) \
    ((SHIM_VALUE(at))access_load(SHIM_PLACE(at, "load"), (order)))
#define atomic_store_explicit(at, value, order) \
    access_store(SHIM_PLACE(at, "store"), (uint64_t)(value), (order))
#define atomic_exchange_explicit(at, value, order) \
    ((SHIM_VALUE(at))access_exchange(SHIM_PLACE(at, "exchange"), (uint64_t)(value), (order)))
#define atomic_fetch_add_explicit(at, value, order) \
    access_add(SHIM_PLACE(at, "add"), (uint64_t)(value), (order))
#define atomic_fetch_sub_explicit(at, value, order) \
    access_add(SHIM_PLACE(at, "sub"), 0 - (uint64_t)(value), (order))
#define atomic_compare_exchange_strong_explicit(at, expected, value, order, failed) \
    access_cas(SHIM_PLACE(at, "cas"), (expected), (uint64_t)(value), (order), (failed))
#define atomic_compare_exchange_weak_explicit(at, expected, value, order, failed) \
    access_cas(SHIM_PLACE(at, "cas"), (expected), (uint64_t)(value), (order), (failed))

#endif
