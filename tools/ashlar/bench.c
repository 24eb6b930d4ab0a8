// `ashlar bench`: finds the benchmark that was built or installed with this command, and
// hands over to its runner.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "preload.h"
#include "say.h"
#include "text.h"

// Below the folder above this executable's, in a build as in an installed tree.
#define RUNNER "share/ashlar/bench/run.py"
#define PROGRAMS "libexec/ashlar/bench"

enum { MOST_WORDS = 256 };

// The runner's command line.
struct words {
    const char *at[MOST_WORDS + 1];
    size_t count;
};

static bool word_add(struct words *words, const char *word) {
    if (words->count == MOST_WORDS) {
        say_error("bench: more than %d words", (int)MOST_WORDS);
        say_fix("name groups or patterns of rows, as in \"batch*\"");
        return false;
    }
    words->at[words->count++] = word;
    return true;
}

// The folder above the one of this executable, a new string; NULL if it cannot be told.
static char *tree_root(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    for (int i = 0; i < 2 && length > 0; i++) {
        path[length] = '\0';
        char *slash = strrchr(path, '/');
        length = slash == NULL ? 0 : slash - path;
    }
    if (length <= 0) {
        return NULL;
    }
    path[length] = '\0';
    return string_copy(path);
}

static bool is_there(const char *path, const char *what) {
    if (access(path, R_OK) == 0) {
        return true;
    }
    say_error("bench: %s is not there: %s", what, path);
    say_fix("build with the tests (cmake --preset release && cmake --build --preset release) and "
            "use that build's ashlar, or install that build");
    return false;
}

// The rows as the runner wants them: one word, with commas.
static char *rows_joined(int count, char **rows) {
    struct text joined = {0};
    for (int i = 0; i < count; i++) {
        text_addf(&joined, "%s%s", i > 0 ? "," : "", rows[i]);
    }
    return string_copy(text_get(&joined));
}

static bool start_words(struct words *words, const char *library) {
    char *root = tree_root();
    if (root == NULL) {
        say_error("bench: cannot tell where this command is");
        say_fix("mount /proc, or call bench/run.py yourself");
        return false;
    }
    char *runner = string_format("%s/%s", root, RUNNER);
    char *programs = string_format("%s/%s", root, PROGRAMS);
    char *micro = string_format("%s/micro", programs);
    bool found = is_there(runner, "the runner") && is_there(micro, "the program of rows");
    char *path = NULL;
    return found && preload_find(library, &path) && word_add(words, "python3") &&
           word_add(words, runner) && word_add(words, "--build") && word_add(words, programs) &&
           word_add(words, "--library") && word_add(words, path) && word_add(words, "--out") &&
           word_add(words, "ashlar-bench");
}

static bool rows_add(struct words *words, int count, char **rows, bool list) {
    if (list) {
        return word_add(words, "--list");
    }
    if (count == 0) {
        return word_add(words, "--quick");
    }
    return word_add(words, "--rows") && word_add(words, rows_joined(count, rows));
}

static int runner_start(struct words *words) {
    char *arguments[MOST_WORDS + 1];
    for (size_t i = 0; i < words->count; i++) {
        arguments[i] = string_copy(words->at[i]);
    }
    arguments[words->count] = NULL;
    execvp(arguments[0], arguments);
    say_error("bench: cannot start python3: %s", strerror(errno));
    say_fix("install Python 3.11 or later (apt-get install python3)");
    return ASH_EXIT_TOOL;
}

int bench_command(int argc, char **argv) {
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'n'},
        {"with", required_argument, NULL, 'w'},
        {"lib", required_argument, NULL, 'l'},
        {"out", required_argument, NULL, 'o'},
        {"list", no_argument, NULL, 'L'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct words more = {.count = 0};
    const char *library = NULL;
    bool list = false;
    bool fits = true;
    int letter = 0;
    while ((letter = command_option("bench", argc, argv, "+:n:h", options)) != -1 && fits) {
        if (letter == 'h') {
            command_show_help(command_named("bench"));
            return 0;
        }
        if (letter == 'n') {
            fits = command_number("--rounds", optarg, 1, 1000) > 0 && word_add(&more, "--rounds") &&
                   word_add(&more, optarg);
        } else if (letter == 'w') {
            fits = word_add(&more, "--with") && word_add(&more, optarg);
        } else if (letter == 'o') {
            fits = word_add(&more, "--out") && word_add(&more, optarg);
        } else if (letter == 'l') {
            library = optarg;
        } else if (letter == 'L') {
            list = true;
        } else {
            return ASH_EXIT_TOOL;
        }
    }
    struct words words = {.count = 0};
    if (!fits || !start_words(&words, library) ||
        !rows_add(&words, argc - optind, argv + optind, list)) {
        return ASH_EXIT_TOOL;
    }
    for (size_t i = 0; i < more.count; i++) {
        if (!word_add(&words, more.at[i])) {
            return ASH_EXIT_TOOL;
        }
    }
    return runner_start(&words);
}
