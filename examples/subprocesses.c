// Plug-ins whose memory goes with them: each runs in threads of a sub-process, and whatever they
// have left behind, from plain ash_malloc too, ends with that.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>

static void *plug_in(void *argument) {
    // First of all: a thread that has allocated cannot move.
    if (ash_subproc_add_current_thread(argument) != 0) {
        return NULL;
    }
    for (int at = 0; at < 10000; at++) {
        char *leaked = ash_malloc(100);
        if (leaked == NULL) {
            return NULL;
        }
        leaked[0] = 'x';
    }
    return argument;
}

int main(void) {
    ash_subproc_t *subproc = ash_subproc_new();
    pthread_t thread;
    if (subproc == NULL || pthread_create(&thread, NULL, plug_in, subproc) != 0) {
        return EXIT_FAILURE;
    }
    void *done;
    pthread_join(thread, &done);  // a sub-process ends after its threads

    int error = ash_subproc_destroy(subproc);
    printf("the plug-in has %s; its memory is %s\n", done != NULL ? "run" : "failed",
           error == 0 ? "back" : "still in use");
    return done != NULL && error == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
