#include "preload.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "say.h"
#include "text.h"

static const char library_name[] = "libashlar.so";

// The directory of this executable, as a new string.
static char *own_directory(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length < 0) {
        return string_copy("/usr/bin");
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return string_copy(path);
}

// The absolute path without resolving links: a link is how one gets around a
// space in the real path.
static char *absolute_path(const char *path) {
    char directory[PATH_MAX];
    if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL) {
        return string_copy(path);
    }
    return string_format("%s/%s", directory, path);
}

static bool search_named(const char *named, const char *by, char **path, char **tried) {
    *path = absolute_path(named);
    if (access(*path, F_OK) == 0) {
        return true;
    }
    *tried = string_format("%s (%s): %s", *path, by, strerror(errno));
    free(*path);
    *path = NULL;
    return false;
}

bool preload_search(const char *given, char **path, char **tried) {
    const char *set = getenv("ASHLAR_LIBRARY");
    if (given != NULL) {
        return search_named(given, "from --lib", path, tried);
    }
    if (set != NULL && set[0] != '\0') {
        return search_named(set, "from ASHLAR_LIBRARY", path, tried);
    }
    char *own = own_directory();
    char *places[] = {
        string_format("%s/../lib/%s", own, library_name),
        string_format("%s/../lib/%s/%s", own, ASH_TOOL_TRIPLET, library_name),
        string_format("%s/%s", ASH_TOOL_LIBDIR, library_name),
    };
    free(own);
    struct text missing = {0};
    *path = NULL;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (*path == NULL && access(places[i], F_OK) == 0) {
            // The directory is resolved for a readable path, the file's own name kept.
            char *slash = strrchr(places[i], '/');
            *slash = '\0';
            char *directory = realpath(places[i], NULL);
            *path = string_format("%s/%s", directory != NULL ? directory : places[i], slash + 1);
            free(directory);
        } else {
            text_addf(&missing, "%s%s", missing.length != 0 ? ", " : "", places[i]);
        }
        free(places[i]);
    }
    *tried = string_copy(text_get(&missing));
    text_free(&missing);
    return *path != NULL;
}

bool preload_usable(const char *path, char **problem, char **fix) {
    struct elf_file elf;
    const char *why = NULL;
    bool is_elf = false;
    if (access(path, R_OK) != 0) {
        *problem = string_format("cannot read the library %s: %s", path, strerror(errno));
        *fix = errno == EACCES ? string_format("chmod a+r %s, or give another with --lib", path)
                               : string_copy("give the path of libashlar.so with --lib");
        return false;
    }
    if (strpbrk(path, " :") != NULL) {
        *problem = string_format("the path \"%s\" has a space or colon, which separate the "
                                 "entries of LD_PRELOAD",
                                 path);
        struct text command = {0};
        text_add(&command, "ln -s ");
        text_add_shell_word(&command, path);
        text_add(&command, " /tmp/libashlar.so, and give that link with --lib");
        *fix = command.bytes;
        return false;
    }
    if (!elf_open(&elf, path, &why, &is_elf)) {
        *problem = string_format("%s cannot be preloaded: %s", path, why);
        *fix = string_copy("give the path of a shared library with --lib");
        return false;
    }
    bool library = elf.native_order ? elf.type == ET_DYN && !elf.is_pie : true;
    elf_close(&elf);
    if (!library) {
        *problem = string_format("%s is a program, not a shared library", path);
        *fix = string_copy("give the path of libashlar.so with --lib");
    }
    return library;
}

bool preload_is_ashlar(const char *path, char **problem, char **fix) {
    struct elf_file elf;
    const char *why = NULL;
    bool is_elf = false;
    if (!elf_open(&elf, path, &why, &is_elf)) {
        *problem = string_format("%s: %s", path, why);
        *fix = string_copy("give the path of libashlar.so with --lib");
        return false;
    }
    bool malloc_there = elf_exports(&elf, "malloc");
    bool ours = elf_exports(&elf, "ash_is_active");
    elf_close(&elf);
    if (malloc_there && ours) {
        return true;
    }
    *problem = string_format("%s is not ashlar: it does not define %s", path,
                             malloc_there ? "ash_is_active" : "malloc");
    *fix = string_copy("build or install ashlar, and give its libashlar.so with --lib");
    return false;
}

bool preload_find(const char *given, char **path) {
    char *tried = NULL;
    char *problem = NULL;
    char *fix = NULL;
    if (!preload_search(given, path, &tried)) {
        say_error("libashlar.so is not there: tried %s", tried);
        say_fix("give its path with --lib, or in ASHLAR_LIBRARY; `ashlar doctor` shows more");
        free(tried);
        return false;
    }
    free(tried);
    if (!preload_usable(*path, &problem, &fix)) {
        say_error("%s", problem);
        say_fix("%s", fix);
        free(problem);
        free(fix);
        free(*path);
        *path = NULL;
        return false;
    }
    return true;
}

char *preload_value(const char *path) {
    const char *users = getenv("LD_PRELOAD");
    if (users == NULL || users[0] == '\0') {
        return string_copy(path);
    }
    return string_format("%s:%s", path, users);
}
