// A program whose trace is known: what it says it does, and nothing else, goes through malloc.
//
//   trace_known            3 threads, 10 blocks each, freed by the main thread
//   trace_known fork       and a child that allocates, which must not be seen
//   trace_known close      and closes every descriptor, as daemons do
//   trace_known many       and so many events that chunks are written on the way

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3
#define BLOCKS 10

static void *blocks[THREADS][BLOCKS];

static void *work(void *argument) {
    void **mine = argument;
    for (size_t i = 0; i < BLOCKS; i++) {
        mine[i] = malloc(1000 + i);
    }
    return NULL;
}

static void use_each_call(void) {
    void *block = malloc(100);
    block = realloc(block, 200);
    free(block);
    free(NULL);
    block = calloc(3, 7);
    void *aligned = aligned_alloc(256, 512);
    free(block);
    free(aligned);
    if (posix_memalign(&aligned, 64, 65) == 0) {
        free(aligned);
    }
    void *one = malloc(2003);
    void *two = malloc(2003);  // two at once, in one thread: what trace_overlap breaks
    free(one);
    free(two);
}

static void allocate_in_child(void) {
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < 100; i++) {
            free(malloc(77));
        }
        exit(0);
    }
    waitpid(child, NULL, 0);
}

static void close_all(void) {
    for (int i = 3; i < 1024; i++) {
        close(i);
    }
    // The number that the recorder may have had belongs to a file of the program now.
    open("/dev/null", O_WRONLY);
}

static void make_many(void) {
    for (size_t i = 0; i < 100000; i++) {
        free(malloc(i % 300));
    }
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    const char *more = argc > 1 ? argv[1] : "";
    use_each_call();
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, blocks[i]);
        pthread_join(threads[i], NULL);
    }
    if (strcmp(more, "fork") == 0) {
        allocate_in_child();
    } else if (strcmp(more, "close") == 0) {
        close_all();
    }
    if (strcmp(more, "close") == 0 || strcmp(more, "many") == 0) {
        make_many();
    }
    for (size_t i = 0; i < THREADS * BLOCKS; i++) {
        free(blocks[i / BLOCKS][i % BLOCKS]);
    }
    return 0;
}
