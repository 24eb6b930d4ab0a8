#include "owner.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocator.h"
#include "elf_file.h"
#include "text.h"

void path_list_add(struct path_list *list, const char *path) {
    list->paths = memory_resize(list->paths, list->count + 1, sizeof(*list->paths));
    list->paths[list->count++] = string_copy(path);
}

bool path_list_has(const struct path_list *list, const char *path) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

void path_list_free(struct path_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
    *list = (struct path_list){0};
}

bool maps_read(pid_t pid, struct path_list *files) {
    struct text maps = {0};
    char *maps_path = string_format("/proc/%d/maps", (int)pid);
    bool read = text_read_file(&maps, maps_path);
    int problem = errno;
    free(maps_path);
    char *rest = maps.bytes;
    for (char *line = rest != NULL ? strsep(&rest, "\n") : NULL; line != NULL;
         line = strsep(&rest, "\n")) {
        char *path = strchr(line, '/');
        if (path == NULL) {
            continue;
        }
        char *deleted = strstr(path, " (deleted)");
        if (deleted != NULL) {
            *deleted = '\0';
        }
        if (!path_list_has(files, path)) {
            path_list_add(files, path);
        }
    }
    text_free(&maps);
    errno = problem;
    return read;
}

// The path as this process can open it, also for one in another container.
static char *path_in_process(pid_t pid, const char *path) {
    char *inside = string_format("/proc/%d/root%s", (int)pid, path);
    if (access(inside, R_OK) == 0) {
        return inside;
    }
    free(inside);
    return string_copy(path);
}

// Facts about a file that defines malloc or does not; programs run in their
// thousands by one build are read once.
struct fact {
    char *path;
    dev_t device;
    ino_t inode;
    struct timespec changed;
    bool exports_malloc;
    const char *allocator;
};

static struct fact *facts;
static size_t fact_count;

static struct fact fact_learn(const char *path, const struct stat *status) {
    struct fact fact = {.path = string_copy(path),
                        .device = status->st_dev,
                        .inode = status->st_ino,
                        .changed = status->st_mtim};
    struct elf_file elf;
    const char *why = NULL;
    bool is_elf = false;
    if (elf_open(&elf, path, &why, &is_elf)) {
        fact.exports_malloc = elf_exports(&elf, "malloc");
        fact.allocator = fact.exports_malloc ? allocator_identify(&elf, path) : NULL;
        elf_close(&elf);
    }
    return fact;
}

static struct fact fact_get(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return (struct fact){0};
    }
    for (size_t i = 0; i < fact_count; i++) {
        if (facts[i].device == status.st_dev && facts[i].inode == status.st_ino &&
            facts[i].changed.tv_sec == status.st_mtim.tv_sec &&
            facts[i].changed.tv_nsec == status.st_mtim.tv_nsec) {
            return facts[i];
        }
    }
    facts = memory_resize(facts, fact_count + 1, sizeof(*facts));
    facts[fact_count] = fact_learn(path, &status);
    return facts[fact_count++];
}

// Without the loader's list: the executable, then the mapped files that
// LD_PRELOAD names, then the rest with the C library last.
static void objects_guess(pid_t pid, const char *program, struct path_list *objects) {
    struct path_list mapped = {0};
    struct text environment = {0};
    char *environment_path = string_format("/proc/%d/environ", (int)pid);
    (void)maps_read(pid, &mapped);
    (void)text_read_file(&environment, environment_path);
    free(environment_path);
    path_list_add(objects, program);
    for (size_t at = 0; at < environment.length; at += strlen(environment.bytes + at) + 1) {
        char *entry = environment.bytes + at;
        if (strncmp(entry, "LD_PRELOAD=", 11) != 0) {
            continue;
        }
        char *copy = string_copy(entry + 11);
        char *rest = copy;
        for (char *word = strsep(&rest, ": "); word != NULL; word = strsep(&rest, ": ")) {
            char *real = realpath(word, NULL);
            if (real != NULL && path_list_has(&mapped, real) && !path_list_has(objects, real)) {
                path_list_add(objects, real);
            }
            free(real);
        }
        free(copy);
    }
    for (int c_library = 0; c_library <= 1; c_library++) {
        for (size_t i = 0; i < mapped.count; i++) {
            bool last = strstr(mapped.paths[i], "/libc.so.6") != NULL;
            if (last == (c_library == 1) && !path_list_has(objects, mapped.paths[i])) {
                path_list_add(objects, mapped.paths[i]);
            }
        }
    }
    text_free(&environment);
    path_list_free(&mapped);
}

// A static program: its own symbols, if strip left them, tell which allocator.
static void owner_of_static(struct owner *owner, const struct elf_file *elf) {
    owner->is_static = true;
    owner->exact = true;
    path_list_add(&owner->objects, owner->program);
    if (elf_defines(elf, "malloc")) {
        owner->path = string_copy(owner->program);
        owner->allocator = NULL;
        for (size_t i = 0; i < allocator_count && owner->allocator == NULL; i++) {
            if (elf_defines(elf, allocator_table[i].signature)) {
                owner->allocator = allocator_table[i].name;
            }
        }
        if (owner->allocator == NULL && elf_defines(elf, "__libc_malloc")) {
            owner->allocator = "glibc";
        }
    }
    if (owner->allocator == NULL) {
        owner->allocator = "unknown";
    }
}

bool owner_find(pid_t pid, struct owner *owner) {
    *owner = (struct owner){.allocator = "none"};
    char program[PATH_MAX];
    char *link = string_format("/proc/%d/exe", (int)pid);
    ssize_t length = readlink(link, program, sizeof(program) - 1);
    if (length < 0) {
        free(link);
        return false;
    }
    program[length] = '\0';
    owner->program = string_copy(program);
    struct elf_file elf;
    const char *why = NULL;
    bool is_elf = false;
    if (!elf_open(&elf, link, &why, &is_elf)) {
        free(link);
        return false;
    }
    free(link);
    if (elf_is_static(&elf)) {
        owner_of_static(owner, &elf);
        elf_close(&elf);
        return true;
    }
    owner->exact = link_map_read(pid, elf.bits, program, &owner->objects);
    elf_close(&elf);
    if (!owner->exact) {
        path_list_free(&owner->objects);
        objects_guess(pid, program, &owner->objects);
    }
    for (size_t i = 0; i < owner->objects.count && owner->path == NULL; i++) {
        char *path = path_in_process(pid, owner->objects.paths[i]);
        struct fact fact = fact_get(path);
        if (fact.exports_malloc) {
            owner->path = string_copy(owner->objects.paths[i]);
            owner->allocator = fact.allocator != NULL ? fact.allocator : "unknown";
        }
        free(path);
    }
    return true;
}

void owner_free(struct owner *owner) {
    free(owner->program);
    free(owner->path);
    path_list_free(&owner->objects);
    *owner = (struct owner){0};
}

bool owner_is(const struct owner *owner, const char *library) {
    struct stat ours;
    struct stat theirs;
    if (owner->path == NULL) {
        return false;
    }
    return strcmp(owner->path, library) == 0 ||
           (stat(owner->path, &theirs) == 0 && stat(library, &ours) == 0 &&
            ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino);
}
