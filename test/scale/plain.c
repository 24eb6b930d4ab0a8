// In scale_time nothing but locks is counted.

#include "count.h"

bool count_is_traced(void) {
    return false;
}

void count_name_heaps(void) {}

void count_print_hot(void) {}

void count_round(void) {}
