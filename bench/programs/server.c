// larson-like: threads serve requests. Each replaces random blocks of 10 to 500
// bytes in its table; after a while it hands the table to a new thread and ends,
// so most blocks are freed by another thread than the one that allocated them.

#include <stdlib.h>

#include "bench.h"

#define SLOTS 1000
#define LIFE_OPS 20000

struct service {
    void *slots[SLOTS];
    struct dice dice;
    size_t ops;
};

static void *serve(void *argument) {
    struct service *service = argument;
    size_t ops = service->ops < LIFE_OPS ? service->ops : LIFE_OPS;
    service->ops -= ops;
    for (size_t i = 0; i < ops; i++) {
        size_t at = dice_below(&service->dice, SLOTS);
        free(service->slots[at]);
        service->slots[at] = must_malloc(10 + dice_below(&service->dice, 491));
        touch(service->slots[at]);
    }
    return NULL;
}

static void fill(struct service *services, size_t count, size_t n) {
    for (size_t i = 0; i < count; i++) {
        services[i].dice.state = 1 + i;
        services[i].ops = n / count;
        for (size_t k = 0; k < SLOTS; k++) {
            services[i].slots[k] = must_malloc(10 + dice_below(&services[i].dice, 491));
        }
    }
}

// Runs one life of every service; tables move on by one place between lives.
static void run_lives(struct service *services, pthread_t *threads, size_t count) {
    for (size_t i = 0; i < count; i++) {
        thread_start(&threads[i], serve, &services[i]);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t k = 0; k < SLOTS; k++) {
        void *first = services[0].slots[k];
        for (size_t i = 0; i + 1 < count; i++) {
            services[i].slots[k] = services[i + 1].slots[k];
        }
        services[count - 1].slots[k] = first;
    }
}

// n replacements in all, row->detail threads.
void program_server(const struct row *row, size_t n) {
    size_t count = row->detail;
    struct service *services = table_create(count * sizeof(struct service));
    pthread_t *threads = table_create(count * sizeof(pthread_t));
    fill(services, count, n);
    struct stopwatch watch;
    stopwatch_start(&watch);
    while (services[0].ops > 0) {
        run_lives(services, threads, count);
    }
    stopwatch_report(&watch, row, n / count * count);
    for (size_t i = 0; i < count * SLOTS; i++) {
        free(services[i / SLOTS].slots[i % SLOTS]);
    }
}
