// xmalloc-like: half the threads allocate batches of small blocks and put them on
// one shared stack, the other half take batches off and free them.

#include <stdlib.h>

#include "bench.h"

#define BATCH 120
#define WAITING_LIMIT 64

struct batch {
    struct batch *next;
    void *blocks[BATCH];
};

struct relay {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct batch *top;
    size_t waiting;
    size_t producers;  // still at work
    size_t batches;    // of one producer
};

static void relay_put(struct relay *relay, struct batch *batch) {
    pthread_mutex_lock(&relay->mutex);
    while (relay->waiting >= WAITING_LIMIT) {
        pthread_cond_wait(&relay->changed, &relay->mutex);
    }
    batch->next = relay->top;
    relay->top = batch;
    relay->waiting++;
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->mutex);
}

// NULL when all producers are done and nothing is left.
static struct batch *relay_take(struct relay *relay) {
    pthread_mutex_lock(&relay->mutex);
    while (relay->top == NULL && relay->producers > 0) {
        pthread_cond_wait(&relay->changed, &relay->mutex);
    }
    struct batch *batch = relay->top;
    if (batch != NULL) {
        relay->top = batch->next;
        relay->waiting--;
        pthread_cond_broadcast(&relay->changed);
    }
    pthread_mutex_unlock(&relay->mutex);
    return batch;
}

static void *produce(void *argument) {
    struct relay *relay = argument;
    struct dice dice = {.state = 31};
    for (size_t i = 0; i < relay->batches; i++) {
        struct batch *batch = must_malloc(sizeof(struct batch));
        for (size_t k = 0; k < BATCH; k++) {
            batch->blocks[k] = must_malloc(16 + dice_below(&dice, 160));
            touch(batch->blocks[k]);
        }
        relay_put(relay, batch);
    }
    pthread_mutex_lock(&relay->mutex);
    relay->producers--;
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->mutex);
    return NULL;
}

static void *consume(void *argument) {
    struct batch *batch;
    while ((batch = relay_take(argument)) != NULL) {
        for (size_t k = 0; k < BATCH; k++) {
            free(batch->blocks[k]);
        }
        free(batch);
    }
    return NULL;
}

// n blocks in all, row->detail threads.
void program_relay(const struct row *row, size_t n) {
    size_t pairs = row->detail / 2;
    struct relay relay = {
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .producers = pairs,
        .batches = n / pairs / BATCH > 0 ? n / pairs / BATCH : 1,
    };
    pthread_t *threads = table_create(row->detail * sizeof(pthread_t));
    struct stopwatch watch;
    stopwatch_start(&watch);
    for (size_t i = 0; i < 2 * pairs; i++) {
        thread_start(&threads[i], i % 2 == 0 ? produce : consume, &relay);
    }
    for (size_t i = 0; i < 2 * pairs; i++) {
        pthread_join(threads[i], NULL);
    }
    stopwatch_report(&watch, row, pairs * relay.batches * BATCH);
}
