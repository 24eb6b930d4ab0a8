// replay: what is in a trace, and the trace again under this process's allocator.

#include <stdio.h>
#include <string.h>

#include "replay.h"

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "info") == 0) {
        return replay_info(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "prepare") == 0) {
        return replay_prepare(argv[2], argv[3]);
    }
    if (argc == 3 && strcmp(argv[1], "run") == 0) {
        return replay_run(argv[2]);
    }
    fprintf(stderr, "usage: replay info TRACE | replay prepare TRACE PLAN | replay run PLAN\n");
    return 2;
}
