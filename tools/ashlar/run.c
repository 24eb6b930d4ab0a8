// `ashlar run`: everything that could keep the preload from taking effect is
// looked for first, so that a program never runs unchanged in silence.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "preload.h"
#include "program.h"
#include "say.h"
#include "settings.h"

// The library is there, loadable, and ashlar.
static bool library_ready(const char *given, char **library) {
    char *problem = NULL;
    char *fix = NULL;
    if (!preload_find(given, library)) {
        return false;
    }
    if (preload_is_ashlar(*library, &problem, &fix)) {
        return true;
    }
    say_error("%s", problem);
    say_fix("%s", fix);
    free(problem);
    free(fix);
    return false;
}

static int run_program(char **words, const char *given) {
    struct finding finding = {0};
    char *path = NULL;
    char *library = NULL;
    if (program_resolve(words[0], &path, &finding) == 0) {
        if (!library_ready(given, &library)) {
            return ASH_EXIT_TOOL;
        }
        program_judge(path, library, &finding);
    }
    if (finding.status != 0) {
        say_error("%s", finding.problem);
        say_fix("%s", finding.fix);
        return finding.status;
    }
    char *value = preload_value(library);
    if (setenv("LD_PRELOAD", value, 1) != 0) {
        say_error("cannot set LD_PRELOAD: %s", strerror(errno));
        return ASH_EXIT_TOOL;
    }
    free(value);
    execvp(path, words);
    int problem = errno;
    say_error("cannot execute %s: %s", path, strerror(problem));
    return problem == ENOENT ? ASH_EXIT_NOT_FOUND : ASH_EXIT_NOT_EXECUTABLE;
}

int run_command(int argc, char **argv) {
    static const struct option options[] = {
        {"lib", required_argument, NULL, 'l'},
        {"set", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *given = NULL;
    int letter = 0;
    while ((letter = command_option("run", argc, argv, "+:h", options)) != -1) {
        if (letter == 'h') {
            command_show_help(command_named("run"));
            return 0;
        }
        if (letter == 'l') {
            given = optarg;
        } else if (letter != 's' || !settings_apply(optarg)) {
            return ASH_EXIT_TOOL;
        }
    }
    if (optind >= argc) {
        say_error("run: no command given");
        say_fix("ashlar run -- CMD ARGS");
        return ASH_EXIT_TOOL;
    }
    return run_program(argv + optind, given);
}
