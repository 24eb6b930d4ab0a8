// Allocates, and prints each option's name, value and source. With an argument it first sets
// the options named, as NAME=VALUE, and prints what it is told.

#include <stdio.h>
#include <string.h>

#include <ashlar/ashlar.h>
#include <ashlar/options.h>

static void set(const char *argument) {
    char name[100], message[200];
    size_t length = strcspn(argument, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, argument);
    int error = ash_option_set_text(name, argument + length + 1, message, sizeof message);
    if (error != 0) {
        printf("%s\n", message);
    }
}

int main(int argc, char **argv) {
    ash_free(ash_malloc(100));
    for (int i = 1; i < argc; i++) {
        set(argv[i]);
    }
    for (unsigned i = 0; i < ASH_OPTION_COUNT; i++) {
        struct ash_option_details info;
        if (ash_option_info((enum ash_option)i, &info, sizeof info) != 0) {
            return 1;
        }
        printf("%s=%lld (%s)\n", info.name, (long long)info.value, info.source);
    }
    return 0;
}
