// `ashlar __probe`, which doctor runs with the library preloaded: asks the
// process's own symbols, as any program would resolve them.

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "say.h"

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
    return active ? ASH_EXIT_YES : ASH_EXIT_NO;
}
