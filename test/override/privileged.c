// privileged [plain]: a process with rights that its user does not have (AT_SECURE) takes no option
// from the environment, which sets ASHLAR_PURGE_DELAY to 123 ms here.
//
// With `plain` the process has no such rights, and has to notice that it reads the option.

#include "common.h"

#include <ashlar/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { SKIPPED = 77, SET_MS = 123 };

int main(int argc, char **argv) {
    require_ashlar();
    const char *variable = getenv("ASHLAR_PURGE_DELAY");
    expect(variable != NULL && strcmp(variable, "123ms") == 0, "ASHLAR_PURGE_DELAY is 123ms");
    bool plain = argc == 2 && strcmp(argv[1], "plain") == 0;
    if (getauxval(AT_SECURE) == 0 && !plain) {
        puts("the system gives a program no rights of its owner here (nosuid, no_new_privs)");
        return SKIPPED;
    }
    expect(ash_option_get(ASH_OPTION_PURGE_DELAY) != SET_MS, "the environment is not believed");
    expect(exercise(41, 2000), "a privileged process allocates");
    return 0;
}
