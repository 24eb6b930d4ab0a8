// A program's own defaults.

#include <ashlar/options.h>

const char ash_options_default[] = "purge_delay=3s,huge_pages=off,helper_thread_min=oops";
