// The ashlar command: picks the command, or names the nearest one.

#include <stdio.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "command.h"
#include "say.h"

static int show_version(void) {
    printf("ashlar %d.%d.%d\n", ASH_VERSION_MAJOR, ASH_VERSION_MINOR, ASH_VERSION_PATCH);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        help_command(1, argv);
        return ASH_EXIT_TOOL;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return help_command(1, argv);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        return show_version();
    }
    if (strcmp(word, "__probe") == 0) {
        return probe_command(argc - 1, argv + 1);
    }
    const struct command *command = command_named(word);
    if (command == NULL) {
        return command_unknown(word);
    }
    return command->run(argc - 1, argv + 1);
}
