// `ashlar __probe`, which doctor runs with the library preloaded: asks the
// process's own symbols, as any program would resolve them.

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ashlar/ashlar.h"
#include "command.h"
#include "say.h"

// One line: how threads are told apart, and what the library found when it checked.
static void probe_identity(void) {
    void (*ask)(struct ash_thread_identity *, size_t) = NULL;
    void *symbol = dlsym(RTLD_DEFAULT, "ash_thread_identity");
    memcpy(&ask, &symbol, sizeof(symbol));
    if (ask == NULL) {
        return;
    }
    struct ash_thread_identity now = {0};
    ask(&now, sizeof(now));
    bool sound = strcmp(now.slot, now.slot_now) == 0 && strcmp(now.id, now.id_now) == 0;
    printf("%s slot %s (%s), id %s", sound ? "sound" : "downgraded", now.slot_now, now.chosen,
           now.id_now);
    if (!sound) {
        printf("; built for slot %s and id %s, and found %zu foreign heaps and %zu changed ids",
               now.slot, now.id, now.foreign, now.changed);
    }
    printf("\n");
}

int probe_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    bool (*is_active)(void) = NULL;
    int (*version)(void) = NULL;
    void *symbol = dlsym(RTLD_DEFAULT, "ash_is_active");
    memcpy(&is_active, &symbol, sizeof(symbol));
    symbol = dlsym(RTLD_DEFAULT, "ash_version");
    memcpy(&version, &symbol, sizeof(symbol));
    if (is_active == NULL || version == NULL) {
        printf("absent\n");
        return ASH_EXIT_NO;
    }
    int number = version();
    bool active = is_active();
    printf("%s %d.%d.%d\n", active ? "active" : "inactive", number / 10000, number / 100 % 100,
           number % 100);
    probe_identity();
    return active ? ASH_EXIT_YES : ASH_EXIT_NO;
}
