#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "allocator.h"
#include "elf_file.h"
#include "say.h"

void finding_free(struct finding *finding) {
    free(finding->problem);
    free(finding->fix);
    free(finding->image);
    text_free(&finding->notes);
    *finding = (struct finding){0};
}

// The first problem found is the one that is told.
static void finding_set(struct finding *finding, int status, char *problem, char *fix) {
    if (finding->status != 0) {
        free(problem);
        free(fix);
        return;
    }
    finding->status = status;
    finding->problem = problem;
    finding->fix = fix;
}

static bool is_runnable(const char *path, int *problem) {
    struct stat status;
    if (stat(path, &status) != 0) {
        *problem = errno;
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        *problem = EISDIR;
        return false;
    }
    if (access(path, X_OK) != 0) {
        *problem = errno;
        return false;
    }
    return true;
}

// Tries every directory of PATH; *denied is the first file that is there but
// cannot be executed, as execvp(3) remembers EACCES.
static char *path_search(const char *command, char **denied) {
    const char *path = getenv("PATH");
    char *copy = string_copy(path != NULL ? path : "/usr/local/bin:/bin:/usr/bin");
    char *rest = copy;
    char *found = NULL;
    for (char *part = strsep(&rest, ":"); part != NULL && found == NULL;
         part = strsep(&rest, ":")) {
        int problem = 0;
        char *candidate = string_format("%s/%s", part[0] != '\0' ? part : ".", command);
        if (is_runnable(candidate, &problem)) {
            found = candidate;
        } else if (problem == EACCES && *denied == NULL) {
            *denied = candidate;
        } else {
            free(candidate);
        }
    }
    free(copy);
    return found;
}

int program_resolve(const char *command, char **path, struct finding *finding) {
    int problem = 0;
    if (command[0] == '\0') {
        finding_set(finding, ASH_EXIT_NOT_FOUND, string_copy("the command is empty"),
                    string_copy("name the program to run after `--`"));
        return finding->status;
    }
    if (strchr(command, '/') != NULL) {
        if (is_runnable(command, &problem)) {
            *path = string_copy(command);
            return 0;
        }
    } else {
        char *denied = NULL;
        *path = path_search(command, &denied);
        if (*path != NULL) {
            free(denied);
            return 0;
        }
        problem = denied != NULL ? EACCES : ENOENT;
        free(denied);
    }
    if (problem == EACCES || problem == EISDIR) {
        finding_set(finding, ASH_EXIT_NOT_EXECUTABLE,
                    string_format("cannot execute %s: %s", command, strerror(problem)),
                    problem == EISDIR ? string_copy("name a program, not a directory")
                                      : string_format("chmod +x %s, if it is a program", command));
    } else {
        finding_set(finding, ASH_EXIT_NOT_FOUND,
                    string_format("%s: %s", command,
                                  problem == ENOENT ? "command not found" : strerror(problem)),
                    string_copy("check the spelling and PATH, or give the path of the program"));
    }
    return finding->status;
}

// The kernel honours these rights for ELF files only, never for scripts.
// Whether executing `path` would set AT_SECURE for this user, in which the
// loader ignores LD_PRELOAD; *what says by which right.
static bool is_secure(const char *path, const struct stat *status, const char **what) {
    struct statvfs filesystem;
    bool ignored = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
                   (statvfs(path, &filesystem) == 0 && (filesystem.f_flag & ST_NOSUID) != 0);
    if (ignored) {
        return false;
    }
    if ((status->st_mode & S_ISUID) != 0 && status->st_uid != getuid()) {
        *what = "setuid";
        return true;
    }
    if ((status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
        status->st_gid != getgid()) {
        *what = "setgid";
        return true;
    }
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0) {
        *what = "given file capabilities";
        return true;
    }
    return false;
}

static void judge_rights(const char *path, struct finding *finding) {
    struct stat status;
    const char *what = NULL;
    if (stat(path, &status) != 0) {
        return;
    }
    if (is_secure(path, &status, &what)) {
        finding_set(
            finding, ASH_EXIT_TOOL,
            string_format("%s is %s: the loader ignores LD_PRELOAD in such programs", path, what),
            string_copy("run a copy without that right (cp it: a plain copy loses it), or "
                        "link the program with ashlar (-lashlar)"));
    } else if ((status.st_mode & S_ISUID) != 0) {
        text_addf(&finding->notes,
                  "%s is setuid: a preload has no effect for users other than its owner\n", path);
    } else if (getxattr(path, "security.capability", NULL, 0) > 0) {
        text_addf(&finding->notes,
                  "%s has file capabilities: a preload has no effect for users other than root\n",
                  path);
    }
}

static void judge_architecture(const char *path, const struct elf_file *program,
                               const char *library, struct finding *finding) {
    struct elf_file other;
    const char *why = NULL;
    bool is_elf = false;
    if (library == NULL || !elf_open(&other, library, &why, &is_elf)) {
        return;
    }
    if (other.machine != program->machine || other.bits != program->bits) {
        finding_set(finding, ASH_EXIT_TOOL,
                    string_format("%s is %s (%d-bit), but %s is %s (%d-bit)", path,
                                  elf_machine_name(program->machine), program->bits, library,
                                  elf_machine_name(other.machine), other.bits),
                    string_format("build ashlar for %s and give that library with --lib",
                                  elf_machine_name(program->machine)));
    }
    const char *needed = NULL;
    for (size_t i = 0; (needed = elf_dynamic_string(&other, DT_NEEDED, i)) != NULL; i++) {
        if (strcmp(needed, "libc.so.6") == 0 && program->interp != NULL &&
            strstr(program->interp, "ld-musl") != NULL) {
            finding_set(finding, ASH_EXIT_TOOL,
                        string_format("%s runs on musl, but %s was built for glibc", path, library),
                        string_copy("build ashlar with musl's compiler and give it with --lib"));
        }
    }
    elf_close(&other);
}

// What the program brings along itself.
static void judge_own_malloc(const char *path, const struct elf_file *program,
                             struct finding *finding) {
    if (elf_exports(program, "malloc")) {
        const char *name = allocator_identify(program, path);
        finding_set(finding, ASH_EXIT_TOOL,
                    string_format("%s has its own malloc built in (%s), which comes before every "
                                  "preloaded one",
                                  path, name != NULL ? name : "of an unknown kind"),
                    string_copy("build the program without it (often a configure switch), then run "
                                "it under ashlar"));
        return;
    }
    const char *needed = NULL;
    for (size_t i = 0; (needed = elf_dynamic_string(program, DT_NEEDED, i)) != NULL; i++) {
        const char *name = allocator_identify_path(needed);
        if (name != NULL && strcmp(name, "glibc") != 0 && strcmp(name, "musl") != 0) {
            text_addf(&finding->notes,
                      "%s is linked with %s (%s); a preloaded library comes before it\n", path,
                      needed, name);
        }
    }
}

static void judge_elf(const char *path, const struct elf_file *elf, const char *library,
                      struct finding *finding) {
    free(finding->image);
    finding->image = string_copy(path);
    judge_rights(path, finding);
    if (elf_is_library(elf)) {
        finding_set(finding, ASH_EXIT_NOT_EXECUTABLE,
                    string_format("%s is a shared library, not a program", path),
                    string_copy("name the program that uses it"));
        return;
    }
    judge_architecture(path, elf, library, finding);
    if (!elf->native_order) {
        return;
    }
    if (elf->interp == NULL) {
        finding_set(finding, ASH_EXIT_TOOL,
                    string_format("%s is statically linked (%s): it has no loader that could "
                                  "preload a library",
                                  path, elf->is_pie ? "static-PIE" : "no PT_INTERP"),
                    string_copy("link it with ashlar: put ashlar.o first on the link line, or link "
                                "dynamically"));
        return;
    }
    if (access(elf->interp, X_OK) != 0) {
        finding_set(
            finding, ASH_EXIT_NOT_FOUND,
            string_format("%s cannot start here: its loader %s is missing", path, elf->interp),
            string_copy("install the C library of that architecture"));
    }
    judge_own_malloc(path, elf, finding);
}

static void judge_depth(const char *path, const char *library, int depth, struct finding *finding);

// `#!/usr/bin/env [-S] [-i] [A=b] python3`: the program that env will look up.
static void judge_env_words(const char *script, char *words, const char *library, int depth,
                            struct finding *finding) {
    char *rest = words;
    for (char *word = strsep(&rest, " \t"); word != NULL; word = strsep(&rest, " \t")) {
        char *path = NULL;
        if (strcmp(word, "-i") == 0 || strcmp(word, "--ignore-environment") == 0 ||
            strcmp(word, "-") == 0) {
            finding_set(finding, ASH_EXIT_TOOL,
                        string_format("the first line of %s empties the environment (env -i), and "
                                      "LD_PRELOAD with it",
                                      script),
                        string_copy("run its interpreter directly: ashlar run -- INTERPRETER "
                                    "SCRIPT"));
            return;
        }
        if (word[0] == '\0' || word[0] == '-' || strchr(word, '=') != NULL) {
            continue;
        }
        if (program_resolve(word, &path, finding) == 0) {
            judge_depth(path, library, depth + 1, finding);
        }
        free(path);
        return;
    }
}

// A script without `#!` is run by /bin/sh, as execvp(3) does.
static void judge_script(const char *path, const char *library, int depth,
                         struct finding *finding) {
    char line[512] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, line, sizeof(line) - 1) : -1;
    if (file >= 0) {
        close(file);
    }
    if (length < 0) {
        text_addf(&finding->notes, "%s cannot be read, so its kind is not known\n", path);
        judge_rights(path, finding);
        return;
    }
    line[length] = '\0';
    if (strncmp(line, "#!", 2) != 0) {
        judge_depth("/bin/sh", library, depth + 1, finding);
        return;
    }
    line[strcspn(line, "\r\n")] = '\0';
    char *interpreter = line + 2 + strspn(line + 2, " \t");
    char *arguments = interpreter + strcspn(interpreter, " \t");
    if (*arguments != '\0') {
        *arguments++ = '\0';
    }
    int problem = 0;
    if (!is_runnable(interpreter, &problem)) {
        finding_set(finding, problem == ENOENT ? ASH_EXIT_NOT_FOUND : ASH_EXIT_NOT_EXECUTABLE,
                    string_format("%s is a script whose interpreter %s cannot run: %s", path,
                                  interpreter, strerror(problem)),
                    string_copy("correct the script's first line, or install the interpreter"));
        return;
    }
    judge_depth(interpreter, library, depth + 1, finding);
    const char *slash = strrchr(interpreter, '/');
    if (finding->status == 0 && slash != NULL && strcmp(slash, "/env") == 0) {
        judge_env_words(path, arguments, library, depth, finding);
    }
}

static void judge_depth(const char *path, const char *library, int depth, struct finding *finding) {
    enum { DEEPEST = 5 };
    struct elf_file elf;
    const char *why = NULL;
    bool is_elf = false;
    if (depth > DEEPEST) {
        finding_set(finding, ASH_EXIT_NOT_EXECUTABLE,
                    string_format("%s: too many interpreters of interpreters", path),
                    string_copy("run the last interpreter directly"));
        return;
    }
    if (elf_open(&elf, path, &why, &is_elf)) {
        judge_elf(path, &elf, library, finding);
        elf_close(&elf);
    } else if (is_elf) {
        finding_set(finding, ASH_EXIT_NOT_EXECUTABLE, string_format("%s: %s", path, why),
                    string_copy("the file is damaged; install it again"));
    } else {
        judge_script(path, library, depth, finding);
    }
}

void program_judge(const char *path, const char *library, struct finding *finding) {
    judge_depth(path, library, 0, finding);
}
