// What can be set from outside, as plain data. api/options.c parses it at boot;
// the lower floors are handed a pointer and only read.

#ifndef ASH_BASE_OPTIONS_H
#define ASH_BASE_OPTIONS_H

#include <stdint.h>

struct ash_options {
    uint32_t purge_delay_ms;  // free pages go back to the system after this long unused
    uint32_t helper_thread;   // 1: a thread of our own gives pages back when the others sleep
    uint32_t huge_pages;      // 1: ask for huge pages once the heap is large and dense
};

// Constant once boot has ended.
extern struct ash_options ash_options;

#endif
