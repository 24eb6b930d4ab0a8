// model: random operations against a trivially correct model of an allocator.
//
//   model [--seed N] [--steps N] [--threads T] [--live N] [--plant NAME]
//
// Exit status 0: everything agreed. 1: a disagreement, described on standard
// error with the seed that repeats it. 2: bad arguments.

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "model.h"
#include "subject.h"

#define THREADS_LIMIT 256
#define MAILBOXES_PER_THREAD 16

struct worker {
    struct model model;
    pthread_t thread;
    uint64_t steps;
};

static void usage(const char *problem, const char *value) {
    fprintf(stderr,
            "model: %s: %s\n"
            "usage: model [--seed N] [--steps N] [--threads 1..%d] [--live 16..1000000]\n"
            "             [--plant NAME]   NAME is one of: %s\n",
            problem, value, THREADS_LIMIT, subject_plants());
    exit(2);
}

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value < least ||
        value > most) {
        usage(name, text);
    }
    return value;
}

static void parse(struct model_options *options, int argc, char **argv) {
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},    {"steps", required_argument, NULL, 'n'},
        {"threads", required_argument, NULL, 't'}, {"live", required_argument, NULL, 'l'},
        {"plant", required_argument, NULL, 'p'},   {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 's') {
            options->seed = number("--seed is not a number", optarg, 0, UINT64_MAX);
        } else if (option == 'n') {
            options->steps = number("--steps is not a number", optarg, 1, UINT64_MAX);
        } else if (option == 't') {
            options->threads =
                (unsigned)number("--threads is out of range", optarg, 1, THREADS_LIMIT);
        } else if (option == 'l') {
            options->live = (size_t)number("--live is out of range", optarg, 16, 1000000);
        } else if (option != 'p') {
            usage("unknown option", argv[optind - 1]);
        } else if (!subject_plant(optarg)) {
            usage("--plant is unknown", optarg);
        }
    }
    if (optind < argc) {
        usage("unexpected argument", argv[optind]);
    }
}

static void *worker_main(void *argument) {
    struct worker *worker = argument;
    model_run(&worker->model, worker->steps);
    return NULL;
}

static void start_workers(struct worker *workers, const struct model_options *options) {
    for (unsigned i = 0; i < options->threads; i++) {
        int error = pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "model: no thread %u (%s); try fewer --threads\n", i, strerror(error));
            exit(2);
        }
    }
}

// No two threads may hold overlapping blocks: seen only once all stand still.
static void check_across(struct worker *workers, const struct model_options *options) {
    struct order all;
    order_create(&all, options->threads * options->live);
    for (unsigned i = 0; i < options->threads; i++) {
        struct order *mine = &workers[i].model.order;
        for (size_t k = 0; k < mine->count; k++) {
            struct interval other;
            if (!order_add(&all, mine->intervals[k].start, mine->intervals[k].end, &other)) {
                journal_fail(&workers[i].model.journal, "block %p overlaps another thread's %p",
                             (void *)mine->intervals[k].start, (void *)other.start);
            }
        }
    }
    order_destroy(&all);
}

static void drain_mailboxes(struct model *model) {
    for (size_t i = 0; i < model->mailbox_count; i++) {
        struct block block;
        if (mailbox_take(&model->mailboxes[i], &block)) {
            if (pattern_check(&block, block.start, block.usable) != PATTERN_INTACT) {
                journal_fail(&model->journal, "contents of mailed block %p changed",
                             (void *)block.start);
            }
            subject_free(block.start);
        }
    }
}

int main(int argc, char **argv) {
    struct model_options options = {.seed = 1, .steps = 100000, .threads = 1, .live = 2000};
    parse(&options, argc, argv);
    bool alone = options.threads == 1;
    size_t mailbox_count = alone ? 0 : options.threads * (size_t)MAILBOXES_PER_THREAD;
    struct mailbox *mailboxes = alone ? NULL : own_memory(mailbox_count * sizeof(struct mailbox));
    struct worker *workers = own_memory(options.threads * sizeof(struct worker));
    for (unsigned i = 0; i < options.threads; i++) {
        model_create(&workers[i].model, &options, i, mailboxes, mailbox_count);
        workers[i].steps = options.steps;
    }
    if (alone) {
        worker_main(&workers[0]);
    } else {
        start_workers(workers, &options);
        for (unsigned i = 0; i < options.threads; i++) {
            pthread_join(workers[i].thread, NULL);
        }
        check_across(workers, &options);
    }
    drain_mailboxes(&workers[0].model);
    for (unsigned i = 0; i < options.threads; i++) {
        model_drain(&workers[i].model);
        model_destroy(&workers[i].model);
    }
    (void)ash_collect();
    printf("model: ok: seed %llu, %u threads, %llu steps each\n", (unsigned long long)options.seed,
           options.threads, (unsigned long long)options.steps);
    return 0;
}
