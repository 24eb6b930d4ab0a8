// Prints the options that environment.py asks for: name, value, size, the value of ashlar's option.

#include <stdio.h>

#include <ashlar/compat/mimalloc.h>
#include <ashlar/options.h>

static void show(const char *name, mi_option_t option, int64_t ours) {
    printf("%s %ld %zu %lld\n", name, mi_option_get(option), mi_option_get_size(option),
           (long long)ours);
}

int main(void) {
    show("purge_delay", mi_option_purge_delay, ash_option_get(ASH_OPTION_PURGE_DELAY));
    show("allow_thp", mi_option_allow_thp, ash_option_get(ASH_OPTION_HUGE_PAGES));
    show("arena_reserve", mi_option_arena_reserve, 0);
    show("reserve_os_memory", mi_option_reserve_os_memory, 0);
    show("os_tag", mi_option_os_tag, 0);
    return 0;
}
