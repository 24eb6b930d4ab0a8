#include "support.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ashlar/ashlar.h"

#define TEAR_PERIOD 400

static void usage(const char *program, const char *problem, const char *value) {
    fprintf(stderr,
            "%s: %s: %s\n"
            "usage: %s [--seed N] [--steps N] [--seconds N] [--threads 1..1024]\n"
            "       [--leak-blocks N] [--tear]     the last two are planted faults\n",
            program, problem, value, program);
    exit(2);
}

static uint64_t number(const char *program, const char *name, uint64_t least, uint64_t most) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(optarg, &end, 10);
    if (errno != 0 || end == optarg || *end != '\0' || *optarg == '-' || value < least ||
        value > most) {
        usage(program, name, optarg);
    }
    return value;
}

void stress_parse(struct stress_options *options, int argc, char **argv) {
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},
        {"steps", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 'd'},
        {"threads", required_argument, NULL, 't'},
        {"tear", no_argument, NULL, 'x'},
        {"leak-blocks", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    const char *program = options->program;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 's') {
            options->seed = number(program, "--seed is not a number", 0, UINT64_MAX);
        } else if (option == 'n') {
            options->steps = number(program, "--steps is not a number", 1, UINT64_MAX);
        } else if (option == 'd') {
            options->seconds = number(program, "--seconds is out of range", 1, 1000000);
        } else if (option == 't') {
            options->threads = (unsigned)number(program, "--threads is out of range", 1, 1024);
        } else if (option == 'l') {
            options->leak_blocks =
                (size_t)number(program, "--leak-blocks is out of range", 0, 1000000);
        } else if (option == 'x') {
            options->tear = true;
        } else {
            usage(program, "unknown option", argv[optind - 1]);
        }
    }
    if (optind < argc) {
        usage(program, "unexpected argument", argv[optind]);
    }
}

struct worker *stress_workers(const struct stress_options *options, void *shared) {
    struct worker *workers = own_memory(options->threads * sizeof(struct worker));
    for (unsigned i = 0; i < options->threads; i++) {
        workers[i].journal =
            (struct journal){.program = options->program, .seed = options->seed, .thread = i};
        workers[i].random.state = random_mix(options->seed + ((uint64_t)i << 32));
        workers[i].options = options;
        workers[i].shared = shared;
        workers[i].index = i;
    }
    return workers;
}

void stress_start(struct worker *worker, stress_function *function) {
    int error = pthread_create(&worker->thread, NULL, function, worker);
    if (error != 0) {
        fprintf(stderr, "%s: no thread: %s; try fewer --threads\n", worker->options->program,
                strerror(error));
        exit(2);
    }
}

void stress_run(struct worker *workers, stress_function *function) {
    unsigned threads = workers[0].options->threads;
    for (unsigned i = 0; i < threads; i++) {
        stress_start(&workers[i], function);
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

void stress_fill(struct worker *worker, struct block *block) {
    block->usable = ash_usable_size(block->start);
    block->seed = random_next(&worker->random);
    if (block->usable < block->bytes || (uintptr_t)block->start % ASH_MIN_ALIGN != 0) {
        journal_fail(&worker->journal, "block %p has %zu usable bytes for %zu, or is misaligned",
                     (void *)block->start, block->usable, block->bytes);
    }
    pattern_fill(block);
    if (worker->options->tear && block->usable > 0 &&
        random_below(&worker->random, TEAR_PERIOD) == 0) {
        block->start[0] ^= 1;
    }
}

struct block stress_allocate(struct worker *worker, size_t bytes) {
    worker->journal.step++;
    journal_note(&worker->journal, "malloc", NULL, bytes, 0);
    struct block block = {.start = ash_malloc(bytes), .bytes = bytes};
    if (block.start == NULL) {
        journal_fail(&worker->journal, "malloc: NULL (errno %d) for %zu bytes", errno, bytes);
    }
    stress_fill(worker, &block);
    return block;
}

static void check_part(struct worker *worker, const struct block *block, const unsigned char *start,
                       size_t bytes, const char *where) {
    size_t wrong = pattern_check(block, start, bytes);
    if (wrong != PATTERN_INTACT) {
        journal_fail(&worker->journal,
                     "%s: contents of block %p (%zu bytes, %zu usable) changed at offset %zu",
                     where, (const void *)start, block->bytes, block->usable, wrong);
    }
}

void stress_check(struct worker *worker, const struct block *block, const char *where) {
    check_part(worker, block, block->start, block->usable, where);
}

void stress_release(struct worker *worker, const struct block *block) {
    worker->journal.step++;
    journal_note(&worker->journal, "free", block->start, block->bytes, 0);
    stress_check(worker, block, "before free");
    ash_free(block->start);
}

void stress_resize(struct worker *worker, struct block *block, size_t bytes) {
    worker->journal.step++;
    journal_note(&worker->journal, "realloc", block->start, bytes, block->bytes);
    stress_check(worker, block, "before realloc");
    struct block old = *block;
    block->start = ash_realloc(old.start, bytes);
    if (block->start == NULL) {
        journal_fail(&worker->journal, "realloc: NULL (errno %d) for %zu bytes", errno, bytes);
    }
    size_t kept = old.bytes < bytes ? old.bytes : bytes;
    check_part(worker, &old, block->start, kept, "after realloc");
    block->bytes = bytes;
    stress_fill(worker, block);
}

size_t stress_size(struct random *random) {
    size_t dice = random_below(random, 1000);
    if (dice < 5) {
        return sizes_below(random, (size_t)1 << 20);
    }
    return dice < 80 ? sizes_below(random, (size_t)64 << 10) : sizes_below(random, 2048);
}

struct mailbox *stress_mailboxes(size_t count) {
    return own_memory(count * sizeof(struct mailbox));
}

struct mailbox *stress_pick(struct worker *worker, struct mailbox *mailboxes, size_t count) {
    return &mailboxes[random_below(&worker->random, count)];
}

void stress_drain(struct worker *worker, struct mailbox *mailboxes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct block block;
        if (mailbox_take(&mailboxes[i], &block)) {
            stress_release(worker, &block);
        }
    }
}

uint64_t stress_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// statm is only approximate (the kernel keeps counts by CPU); smaps_rollup walks
// the page tables.
size_t stress_rss(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    if (file == NULL) {
        fprintf(stderr, "no /proc/self/smaps_rollup; mount /proc to check the resident set\n");
        exit(2);
    }
    char line[256];
    unsigned long kib = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %lu kB", &kib) == 1) {
            break;
        }
    }
    fclose(file);
    return (size_t)kib * 1024;
}

void stress_gate_rss(const struct worker *worker, size_t start, size_t limit) {
    size_t end = stress_rss();
    printf("%s: resident %.1f MB at the start, %.1f MB at the end%s\n", worker->options->program,
           (double)start / 1e6, (double)end / 1e6,
           STRESS_RSS_COUNTS ? "" : " (not gated under a sanitizer or an emulator)");
    if (STRESS_RSS_COUNTS && end > start + limit) {
        journal_fail(&worker->journal, "RSS gate: %zu bytes above the start, %zu allowed",
                     end - start, limit);
    }
}

void stress_leak(struct worker *worker) {
    for (size_t i = 0; i < worker->options->leak_blocks; i++) {
        (void)stress_allocate(worker, 1024);
    }
}
