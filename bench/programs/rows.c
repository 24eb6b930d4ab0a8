#include "bench.h"

// Small programs with the habits of the field's benchmark programs; detail is the
// number of threads.
const struct row rows_programs[] = {
    {"cfrac-like", ROW_CPU, 24, program_factor, 1, 0},
    {"larson-like-2", ROW_WALL, 20000000, program_server, 2, 0},
    {"larson-like-8", ROW_WALL, 20000000, program_server, 8, 0},
    {"mstress-like-2", ROW_WALL, 120, program_handover, 2, 0},
    {"mstress-like-8", ROW_WALL, 120, program_handover, 8, 0},
    {"xmalloc-like-2", ROW_WALL, 6000000, program_relay, 2, 0},
    {"xmalloc-like-8", ROW_WALL, 6000000, program_relay, 8, 0},
    {NULL, ROW_CPU, 0, NULL, 0, 0},
};
