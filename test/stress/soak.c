// soak: a mixed local and remote load for --seconds with --threads, every block
// patterned and checked. A thread lives for a moment and is replaced by another,
// which inherits its blocks: to the allocator they are orphans. At the end all
// threads have ended and everything is freed; after one ash_collect() the
// resident set must be back within 4 MiB of what it was at the start.

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "ashlar/ashlar.h"
#include "support.h"

#define BLOCKS 800
#define MAILBOXES 512
#define BYTES_LIMIT ((size_t)24 << 20)
#define LIFE_MS 1500
#define RSS_LIMIT ((size_t)4 << 20)
#define REPORT_MS 30000

// A slot outlives its threads. `manager` starts them one after another.
struct slot {
    struct worker *life;  // the worker of the thread that lives now
    struct block blocks[BLOCKS];
    size_t bytes;
    uint64_t lives;
};

struct soak {
    struct slot *slots;
    struct mailbox *mailboxes;
    struct worker *lives;
    _Atomic bool ending;
    uint64_t end_ms;
};

// What one life mostly does, so that spans fill up under one habit and are
// emptied under another.
struct habit {
    size_t give;      // of 100 operations on a block in use
    size_t resize;    // of 100
    size_t limit;     // largest size
    size_t duration;  // milliseconds
};

static struct habit draw_habit(struct worker *worker) {
    static const size_t limits[] = {64, 512, 2048, (size_t)16 << 10, (size_t)4 << 20};
    return (struct habit){
        .give = random_below(&worker->random, 60),
        .resize = random_below(&worker->random, 20),
        .limit = limits[random_below(&worker->random, sizeof limits / sizeof limits[0])],
        .duration = 20 + random_below(&worker->random, LIFE_MS),
    };
}

static size_t draw_size(struct worker *worker, const struct habit *habit) {
    return random_below(&worker->random, 4) == 0 ? stress_size(&worker->random)
                                                 : sizes_below(&worker->random, habit->limit);
}

static void slot_put(struct worker *worker, struct slot *slot, struct block *block, size_t bytes) {
    if (slot->bytes + bytes > BYTES_LIMIT) {
        bytes %= 128;
    }
    *block = stress_allocate(worker, bytes);
    slot->bytes += bytes;
}

static void slot_clear(struct slot *slot, struct block *block) {
    slot->bytes -= block->bytes;
    block->start = NULL;
}

static void soak_step(struct worker *worker, struct slot *slot, const struct habit *habit) {
    struct soak *soak = worker->shared;
    struct block *block = &slot->blocks[random_below(&worker->random, BLOCKS)];
    struct mailbox *mailbox = stress_pick(worker, soak->mailboxes, MAILBOXES);
    size_t dice = random_below(&worker->random, 100);
    if (block->start == NULL && dice < 40 && mailbox_take(mailbox, block)) {
        slot->bytes += block->bytes;
        stress_check(worker, block, "received");
    } else if (block->start == NULL) {
        slot_put(worker, slot, block, draw_size(worker, habit));
    } else if (dice < habit->give && mailbox_give(mailbox, block)) {
        slot_clear(slot, block);
    } else if (dice < habit->give + habit->resize && slot->bytes < BYTES_LIMIT / 2) {
        slot->bytes -= block->bytes;
        stress_resize(worker, block, 1 + draw_size(worker, habit));
        slot->bytes += block->bytes;
    } else {
        stress_release(worker, block);
        slot_clear(slot, block);
    }
}

static void *life_main(void *argument) {
    struct worker *worker = argument;
    struct soak *soak = worker->shared;
    struct slot *slot = &soak->slots[worker->index];
    struct habit habit = draw_habit(worker);
    uint64_t end_ms = stress_now_ms() + habit.duration;
    // relaxed: a late look at the flag only means a few more operations.
    while (!atomic_load_explicit(&soak->ending, memory_order_relaxed)) {
        for (unsigned i = 0; i < 200; i++) {
            soak_step(worker, slot, &habit);
        }
        if (stress_now_ms() >= end_ms) {
            break;
        }
    }
    return NULL;
}

static void *manager_main(void *argument) {
    struct worker *manager = argument;
    struct soak *soak = manager->shared;
    struct slot *slot = &soak->slots[manager->index];
    while (!atomic_load_explicit(&soak->ending, memory_order_relaxed)) {
        stress_start(slot->life, life_main);
        pthread_join(slot->life->thread, NULL);
        slot->lives++;
    }
    return NULL;
}

static void wait_for_end(struct soak *soak) {
    uint64_t report_ms = stress_now_ms() + REPORT_MS;
    uint64_t now_ms;
    while ((now_ms = stress_now_ms()) < soak->end_ms) {
        struct timespec pause = {.tv_nsec = 50000000};
        nanosleep(&pause, NULL);
        if (now_ms >= report_ms) {
            fprintf(stderr, "soak: %llu s left, resident %.1f MB\n",
                    (unsigned long long)((soak->end_ms - now_ms) / 1000),
                    (double)stress_rss() / 1e6);
            report_ms += REPORT_MS;
        }
    }
    atomic_store_explicit(&soak->ending, true, memory_order_relaxed);
}

static void release_all(struct worker *worker, struct soak *soak) {
    for (unsigned i = 0; i < worker->options->threads; i++) {
        for (size_t k = 0; k < BLOCKS; k++) {
            if (soak->slots[i].blocks[k].start != NULL) {
                stress_release(worker, &soak->slots[i].blocks[k]);
            }
        }
    }
    stress_drain(worker, soak->mailboxes, MAILBOXES);
}

static void touch_pages(void *memory, size_t bytes) {
    volatile unsigned char *bytes_of = memory;
    for (size_t i = 0; i < bytes; i += 4096) {
        bytes_of[i] = 0;
    }
}

static void report(const struct soak *soak, const struct stress_options *options) {
    uint64_t steps = 0;
    uint64_t lives = 0;
    for (unsigned i = 0; i < options->threads; i++) {
        steps += soak->lives[i].journal.step;
        lives += soak->slots[i].lives;
    }
    printf("soak: ok: %llu operations by %llu threads\n", (unsigned long long)steps,
           (unsigned long long)lives);
}

int main(int argc, char **argv) {
    struct stress_options options = {.program = "soak", .seed = 1, .seconds = 5, .threads = 8};
    stress_parse(&options, argc, argv);
    size_t slots_bytes = options.threads * sizeof(struct slot);
    struct soak soak = {
        .slots = own_memory(slots_bytes),
        .mailboxes = stress_mailboxes(MAILBOXES),
        .lives = stress_workers(&options, &soak),
    };
    struct worker *managers = stress_workers(&options, &soak);
    for (unsigned i = 0; i < options.threads; i++) {
        soak.slots[i].life = &soak.lives[i];
    }
    // The test's own tables must be resident before the first measurement.
    touch_pages(&soak.slots[0].blocks, slots_bytes - sizeof(struct worker *));
    touch_pages(soak.mailboxes, MAILBOXES * sizeof(struct mailbox));
    size_t start = stress_rss();
    soak.end_ms = stress_now_ms() + options.seconds * 1000;
    for (unsigned i = 0; i < options.threads; i++) {
        stress_start(&managers[i], manager_main);
    }
    wait_for_end(&soak);
    for (unsigned i = 0; i < options.threads; i++) {
        pthread_join(managers[i].thread, NULL);
    }
    release_all(&soak.lives[0], &soak);
    stress_leak(&soak.lives[0]);
    (void)ash_collect();
    stress_gate_rss(&soak.lives[0], start, RSS_LIMIT);
    report(&soak, &options);
    return 0;
}
