// `ashlar check`: a process is looked into; a command or file is judged.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "owner.h"
#include "preload.h"
#include "program.h"
#include "say.h"

static int check_refused(const char *word, int problem) {
    if (problem == ENOENT || problem == ESRCH) {
        say_error("process %s has no program to look at: it ended, or is one of the kernel's own",
                  word);
        say_fix("`ps -e` lists the processes");
    } else {
        say_error("cannot look into process %s: %s", word, strerror(problem));
        say_fix("run this as the user who owns the process, or as root");
    }
    return ASH_EXIT_TOOL;
}

static void show_loaded_but_unused(const struct owner *owner) {
    for (size_t i = 0; i < owner->objects.count; i++) {
        const char *path = owner->objects.paths[i];
        if (strstr(path, "/libashlar") != NULL) {
            printf("  %s is loaded too, but %s\n", path,
                   owner->path != NULL ? "another malloc comes before it" : "defines no malloc");
        }
    }
}

static int check_process(const char *word) {
    struct owner owner;
    pid_t pid = (pid_t)strtol(word, NULL, 10);
    if (!owner_find(pid, &owner)) {
        int problem = errno;
        return check_refused(word, problem);
    }
    bool ours = strcmp(owner.allocator, "ashlar") == 0;
    printf("%s%s%s  process %s (%s)\n", paint_start(stdout, ours ? PAINT_GOOD : PAINT_WARN),
           ours ? "ashlar is in use" : "ashlar is not in use", paint_end(stdout), word,
           owner.program);
    if (owner.is_static) {
        printf("  the program is statically linked; its allocator: %s\n", owner.allocator);
    } else if (owner.path == NULL) {
        printf("  no mapped file defines malloc\n");
    } else {
        printf("  malloc is %s's, from %s\n", owner.allocator, owner.path);
        printf("  known from %s\n", owner.exact ? "the loader's own list, in order of resolution"
                                                : "the mapped files; the loader's list could not "
                                                  "be read, so the order is a guess");
    }
    if (!ours) {
        show_loaded_but_unused(&owner);
        printf("Next: `ashlar check %s` says whether it can run on ashlar.\n", owner.program);
    }
    owner_free(&owner);
    return ours ? ASH_EXIT_YES : ASH_EXIT_NO;
}

static void show_notes(const struct finding *finding) {
    const char *at = text_get(&finding->notes);
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        printf("  note: %.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
}

// A program that takes no preload is "not" (1); one that cannot run keeps the
// status that env(1) gives it.
static int check_program(const char *word, const char *given) {
    struct finding finding = {0};
    char *path = NULL;
    char *library = NULL;
    // A bare word is a command as the shell finds it, else a file of this directory.
    int status = program_resolve(word, &path, &finding);
    if (status == ASH_EXIT_NOT_FOUND && strchr(word, '/') == NULL && access(word, F_OK) == 0) {
        char *here = string_format("./%s", word);
        finding_free(&finding);
        status = program_resolve(here, &path, &finding);
        free(here);
    }
    if (status != 0) {
        say_error("%s", finding.problem);
        say_fix("%s", finding.fix);
        return status;
    }
    if (!preload_find(given, &library)) {
        return ASH_EXIT_TOOL;
    }
    if (!preload_is_ashlar(library, &finding.problem, &finding.fix)) {
        say_error("%s", finding.problem);
        say_fix("%s", finding.fix);
        return ASH_EXIT_TOOL;
    }
    program_judge(path, library, &finding);
    if (finding.status == 0) {
        printf("%sashlar would work%s  %s\n", paint_start(stdout, PAINT_GOOD), paint_end(stdout),
               path);
        if (finding.image != NULL && strcmp(finding.image, path) != 0) {
            printf("  it is a script, run by %s\n", finding.image);
        }
        printf("  library: %s\n", library);
        show_notes(&finding);
        printf("Next: ashlar run -- %s\n", word);
        status = ASH_EXIT_YES;
    } else {
        printf("%sashlar would not work%s  %s\n", paint_start(stdout, PAINT_BAD), paint_end(stdout),
               path);
        printf("  why: %s\n  to fix: %s\n", finding.problem, finding.fix);
        show_notes(&finding);
        status = finding.status == ASH_EXIT_TOOL ? ASH_EXIT_NO : finding.status;
    }
    finding_free(&finding);
    free(path);
    free(library);
    return status;
}

static bool is_number(const char *word) {
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0' && strlen(word) < 10;
}

int check_command(int argc, char **argv) {
    static const struct option options[] = {
        {"lib", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *given = NULL;
    int letter = 0;
    while ((letter = command_option("check", argc, argv, "+:h", options)) != -1) {
        if (letter == 'h') {
            command_show_help(command_named("check"));
            return 0;
        }
        if (letter != 'l') {
            return ASH_EXIT_TOOL;
        }
        given = optarg;
    }
    if (optind + 1 != argc) {
        say_error("check: %s", optind >= argc ? "nothing given" : "one thing at a time");
        say_fix("ashlar check PID, ashlar check CMD, or ashlar check ./FILE");
        return ASH_EXIT_TOOL;
    }
    return is_number(argv[optind]) ? check_process(argv[optind])
                                   : check_program(argv[optind], given);
}
