#include "contenders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "preload.h"
#include "say.h"

// Whether the comma-separated `list` has the key or the name.
static bool list_has(const char *list, const char *key, const char *name) {
    bool found = false;
    char *copy = string_copy(list != NULL ? list : "");
    char *rest = copy;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        found = found || (key != NULL && strcmp(word, key) == 0) || strcmp(word, name) == 0;
    }
    free(copy);
    return found;
}

static struct contender *contender_add(struct comparison *comparison, const char *name,
                                       char *library) {
    size_t count = comparison->contender_count++;
    comparison->contenders =
        memory_resize(comparison->contenders, count + 1, sizeof(*comparison->contenders));
    struct contender *contender = &comparison->contenders[count];
    *contender = (struct contender){.name = name, .library = library};
    // "libjemalloc.so.2" leads to the file whose name says the most.
    char *whole = library != NULL ? realpath(library, NULL) : NULL;
    const char *slash = whole != NULL ? strrchr(whole, '/') : NULL;
    contender->version =
        library == NULL ? libc_version() : string_copy(slash != NULL ? slash + 1 : library);
    free(whole);
    return contender;
}

static bool name_is_taken(const struct comparison *comparison, const char *name) {
    for (size_t i = 0; i < comparison->contender_count; i++) {
        if (strcmp(comparison->contenders[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool word_unknown(const char *option, const char *word) {
    static const char *const names[] = {"glibc",    "ashlar", "mimalloc", "jemalloc",
                                        "tcmalloc", "mi",     "je",       "tc"};
    const char *nearest = nearest_word(word, names, sizeof(names) / sizeof(names[0]));
    say_error("%s: no allocator is called %s", option, word);
    if (nearest != NULL) {
        say_fix("did you mean %s? Any library can be given as NAME=PATH", nearest);
    } else {
        say_fix("use mi, je or tc, or NAME=PATH of any allocator's library");
    }
    return false;
}

// NAME=PATH of --with.
static bool add_named(struct comparison *comparison, const char *word) {
    const char *equals = strchr(word, '=');
    char *problem = NULL;
    char *fix = NULL;
    char *name = string_format("%.*s", (int)(equals - word), word);
    char *path = realpath(equals + 1, NULL);
    if (name[0] == '\0' || strlen(name) > 16 || name_is_taken(comparison, name)) {
        say_error("--with %s: the name is empty, longer than 16 letters, or taken", word);
        say_fix("write for example --with old=/opt/old/libashlar.so");
        return false;
    }
    if (path == NULL || !preload_usable(path, &problem, &fix)) {
        say_error("--with %s: %s", word, problem != NULL ? problem : "there is no such file");
        say_fix("%s", fix != NULL ? fix : "give the path of the allocator's shared library");
        return false;
    }
    (void)contender_add(comparison, name, path);
    return true;
}

static bool add_known(struct comparison *comparison, const char *word) {
    const struct allocator *allocator = allocator_named(word);
    if (allocator == NULL || name_is_taken(comparison, allocator->name)) {
        return allocator != NULL || word_unknown("--with", word);
    }
    char *path = library_find(allocator->soname);
    if (path == NULL) {
        say_error("--with %s: %s is not installed", word, allocator->soname);
        say_fix("apt-get install %s, or give it as %s=PATH", allocator->package, allocator->name);
        return false;
    }
    (void)contender_add(comparison, allocator->name, path);
    return true;
}

static bool add_listed(struct comparison *comparison, const char *with) {
    bool good = true;
    char *copy = string_copy(with);
    char *rest = copy;
    for (char *word = strsep(&rest, ","); word != NULL && good; word = strsep(&rest, ",")) {
        if (strchr(word, '=') != NULL) {
            good = add_named(comparison, word);
        } else if (word[0] != '\0' && strcmp(word, "glibc") != 0 && strcmp(word, "as") != 0 &&
                   strcmp(word, "ashlar") != 0) {
            good = add_known(comparison, word);
        }
    }
    free(copy);
    return good;
}

static void add_installed(struct comparison *comparison, const char *without) {
    for (size_t i = 0; i < allocator_count; i++) {
        const struct allocator *allocator = &allocator_table[i];
        if (allocator->soname == NULL || list_has(without, allocator->key, allocator->name)) {
            continue;
        }
        char *path = library_find(allocator->soname);
        if (path != NULL) {
            (void)contender_add(comparison, allocator->name, path);
        }
    }
}

static bool without_known(const char *without) {
    bool good = true;
    char *copy = string_copy(without != NULL ? without : "");
    char *rest = copy;
    for (char *word = strsep(&rest, ","); word != NULL && good; word = strsep(&rest, ",")) {
        good = word[0] == '\0' || strcmp(word, "glibc") == 0 || allocator_named(word) != NULL ||
               word_unknown("--without", word);
    }
    free(copy);
    return good;
}

bool contenders_choose(struct comparison *comparison, const struct contender_choice *choice) {
    if (!without_known(choice->without)) {
        return false;
    }
    bool with_glibc = !list_has(choice->without, NULL, "glibc");
    bool with_ours = !list_has(choice->without, "as", "ashlar");
    if (with_glibc) {
        (void)contender_add(comparison, "glibc", NULL);
    }
    if (with_ours) {
        char *library = NULL;
        if (!preload_find(choice->library, &library)) {
            return false;
        }
        (void)contender_add(comparison, "ashlar", library);
    }
    if (choice->with != NULL && !add_listed(comparison, choice->with)) {
        return false;
    }
    if (choice->with == NULL) {
        add_installed(comparison, choice->without);
    }
    if (comparison->contender_count == 0) {
        say_error("compare: no allocator is left");
        say_fix("leave out fewer with --without");
        return false;
    }
    // The array is final now, so pointers into it hold.
    comparison->reference = with_glibc ? &comparison->contenders[0] : NULL;
    comparison->ours = with_ours ? &comparison->contenders[with_glibc ? 1 : 0] : NULL;
    return true;
}
