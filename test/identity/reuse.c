// reuse GENERATIONS [share]: ids come again after their threads have ended, in every C library.
// What the dead left behind must never be local to a newcomer who merely has the same id.
//
// In each generation, threads start, leave a block each, and end. The newcomers of the next one
// free them while all of them live: no two may have the same heap or the same id, each heap must be
// bound to its thread by the kernel's id, and a block is local only if its owner is one's own heap.
// With `share` threads say that they have the first one's heap: must fail.

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "subject.h"
#include "support.h"

enum { THREADS = 8, IDS_MAX = 64 };

// glibc keeps stacks for later threads, and with them the ids. musl asks the system for new ones,
// which may or may not lie where others were.
#ifdef __GLIBC__
enum { IDS_COME_AGAIN = true };
#else
enum { IDS_COME_AGAIN = false };
#endif

// glibc sleeps on a word of a barrier, which has to be aligned to 4 bytes; m68k's ABI alone
// aligns it to 2.
static _Alignas(8) pthread_barrier_t all_here, all_seen;
static void *heaps[THREADS];
static uintptr_t ids[THREADS];
static struct parcel *left[THREADS];

// Ids of earlier generations, to know that some came again: without that, nothing was tested.
static uintptr_t old_ids[IDS_MAX];
static size_t reused, seen;
static bool sharing;

static void check_alone(size_t index) {
    for (size_t i = 0; i < THREADS; i++) {
        expect(i == index || heaps[i] != heaps[index], "two living threads have two heaps");
        expect(i == index || ids[i] != ids[index], "two living threads have two ids");
    }
    expect(identity_heap_tid(heaps[index]) == kernel_tid(), "a heap is bound to its thread");
}

// Had the block been taken for this thread's own, it would be what comes next. It may come next all
// the same, if this thread has adopted its span meanwhile; but then it is this thread's own.
static void check_free(size_t index) {
    struct parcel *parcel = left[(index + 1) % THREADS];
    if (parcel == NULL) {
        return;
    }
    size_t bytes = parcel->bytes;
    parcel_give(parcel);
    void *next = ash_malloc(bytes);
    expect(identity_owner(next) == heaps[index], "what another heap owns is not local");
    ash_free(next);
}

static void *work(void *argument) {
    size_t index = (size_t)(uintptr_t)argument;
    struct random random = {(uint32_t)index + 1};
    heaps[index] = identity_heap();
    ids[index] = ash_thread_id();
    if (sharing) {
        heaps[index] = heaps;
    }
    pthread_barrier_wait(&all_here);
    check_alone(index);
    check_free(index);
    pthread_barrier_wait(&all_seen);
    left[index] = parcel_make(&random, 48 + 16 * index);
    return NULL;
}

static void count_reused(void) {
    for (size_t i = 0; i < THREADS; i++) {
        bool known = false;
        for (size_t j = 0; j < IDS_MAX; j++) {
            known = known || old_ids[j] == ids[i];
        }
        reused += known ? 1 : 0;
    }
    for (size_t i = 0; i < THREADS; i++) {
        old_ids[seen++ % IDS_MAX] = ids[i];
    }
}

int main(int argc, char **argv) {
    unsigned long generations = number(argc, argv, 1, 300);
    sharing = argc > 2 && strcmp(argv[2], "share") == 0;
    deadline(120);
    pthread_barrier_init(&all_here, NULL, THREADS);
    pthread_barrier_init(&all_seen, NULL, THREADS);
    for (unsigned long g = 0; g < generations; g++) {
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++) {
            threads[i] = thread_start(work, (void *)(uintptr_t)i);
        }
        for (size_t i = 0; i < THREADS; i++) {
            thread_join(threads[i]);
        }
        count_reused();
    }
    printf("%lu threads, %zu of them with a used id; %zu heaps\n", generations * THREADS, reused,
           identity_heap_count());
    expect(reused > 0 || !IDS_COME_AGAIN, "ids come again, or this tests nothing");
    expect(identity_heap_count() <= THREADS + 4, "heaps come again as well");
    return 0;
}
