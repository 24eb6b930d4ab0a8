// What the stress programs share: options, threads, patterned blocks, and the
// resident set of the process.

#ifndef ASHLAR_TEST_STRESS_SUPPORT_H
#define ASHLAR_TEST_STRESS_SUPPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal.h"
#include "mailbox.h"
#include "order.h"
#include "pattern.h"
#include "random.h"
#include "sizes.h"

// The resident set counts only where no sanitizer keeps shadow memory in it, and no emulator
// what it needs for each thread that ever ran (qemu-user: 280 KiB).
#if defined(STRESS_UNDER_EMULATOR)
#define STRESS_RSS_COUNTS 0
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRESS_RSS_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRESS_RSS_COUNTS 0
#else
#define STRESS_RSS_COUNTS 1
#endif
#else
#define STRESS_RSS_COUNTS 1
#endif

struct stress_options {
    const char *program;
    uint64_t seed;
    uint64_t steps;    // operations of one thread, or rounds: each program says
    uint64_t seconds;  // at least so long: soak, walk, heaps
    unsigned threads;
    size_t leak_blocks;  // planted fault: so many blocks of 1 KiB are never freed
    bool tear;           // planted fault: now and then a block is damaged
};

// One thread's view. `shared` is the program's own, the same for all threads.
struct worker {
    struct journal journal;
    struct random random;
    pthread_t thread;
    const struct stress_options *options;
    void *shared;
    unsigned index;
};

typedef void *stress_function(void *worker);

// Overrides the defaults in `*options` by the arguments; bad ones end the process.
void stress_parse(struct stress_options *options, int argc, char **argv);

// Zeroed workers for options->threads threads, seeded apart.
struct worker *stress_workers(const struct stress_options *options, void *shared);
void stress_start(struct worker *worker, stress_function *function);
void stress_run(struct worker *workers, stress_function *function);

// Allocates and fills; a failed allocation ends the process.
struct block stress_allocate(struct worker *worker, size_t bytes);
// Fills a block that came another way; `start` and `bytes` are set.
void stress_fill(struct worker *worker, struct block *block);
// Ends the process with a report if the contents changed.
void stress_check(struct worker *worker, const struct block *block, const char *where);
// Checks and frees.
void stress_release(struct worker *worker, const struct block *block);
// Checks, reallocates, checks the kept part and fills anew. `bytes` is not 0.
void stress_resize(struct worker *worker, struct block *block, size_t bytes);

// Mostly small sizes, some to 64 KiB, few to 1 MiB.
size_t stress_size(struct random *random);

// A table of `count` empty mailboxes, in memory of its own.
struct mailbox *stress_mailboxes(size_t count);
struct mailbox *stress_pick(struct worker *worker, struct mailbox *mailboxes, size_t count);
// Checks and frees whatever is left in them.
void stress_drain(struct worker *worker, struct mailbox *mailboxes, size_t count);

// Milliseconds of a clock that only goes forward.
uint64_t stress_now_ms(void);

// The bytes resident, from the kernel's exact count.
size_t stress_rss(void);

// Ends the process with a report if the resident set is more than `limit` above
// `start`, in bytes.
void stress_gate_rss(const struct worker *worker, size_t start, size_t limit);

// Allocates options->leak_blocks blocks, writes them and forgets them.
void stress_leak(struct worker *worker);

#endif
