// Functions of the C library that allocate for the caller: what they return is free's business.

#define _GNU_SOURCE
#include "cases.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

// The block belongs to the process's malloc if malloc_usable_size knows it.
static bool owned(void *block, size_t bytes) {
    bool known = keep(block) != NULL && malloc_usable_size(block) >= bytes;
    free(block);
    return known;
}

static const char *strdup_gives_a_block(void) {
    char *copy = strdup("sixteen bytes ..");
    bool same = copy != NULL && strcmp(copy, "sixteen bytes ..") == 0;
    return verdict(same && owned(copy, 17));
}

static const char *strndup_gives_a_block(void) {
    char *copy = strndup("sixteen bytes ..", 7);
    bool same = copy != NULL && strcmp(copy, "sixteen") == 0;
    return verdict(same && owned(copy, 8));
}

static const char *wcsdup_gives_a_block(void) {
    wchar_t *copy = wcsdup(L"wide");
    bool same = copy != NULL && wcscmp(copy, L"wide") == 0;
    return verdict(same && owned(copy, 5 * sizeof(wchar_t)));
}

static const char *realpath_gives_a_block(void) {
    char *path = realpath("/proc/../.", NULL);
    bool same = path != NULL && strcmp(path, "/") == 0;
    return verdict(same && owned(path, 2));
}

static const char *getcwd_gives_a_block(void) {
    char *path = chdir("/") == 0 ? getcwd(NULL, 0) : NULL;
    bool same = path != NULL && strcmp(path, "/") == 0;
    return verdict(same && owned(path, 2));
}

static const char *asprintf_gives_a_block(void) {
    char *made = NULL;
    int length = asprintf(&made, "%0500d", 7);
    return verdict(length == 500 && made[499] == '7' && owned(made, 501));
}

static const char *getline_grows_its_block(void) {
    FILE *file = tmpfile();
    for (int i = 0; i < 200000; i++) {
        fputc('x', file);
    }
    fputs("\nshort\n", file);
    rewind(file);
    char *line = malloc(1);
    size_t capacity = 1;
    bool good = getline(&line, &capacity, file) == 200001 && capacity > 200001;
    good = good && getline(&line, &capacity, file) == 6 && strcmp(line, "short\n") == 0;
    fclose(file);
    return verdict(good && owned(line, capacity));
}

static const char *open_memstream_gives_a_block(void) {
    char *made = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&made, &length);
    for (int i = 0; i < 50000; i++) {
        fprintf(stream, "%d,", i);
    }
    fclose(stream);
    bool good = length == strlen(made) && strncmp(made, "0,1,2,", 6) == 0;
    return verdict(good && owned(made, length));
}

static const char *scandir_gives_blocks(void) {
    struct dirent **names = NULL;
    int count = scandir("/", &names, NULL, alphasort);
    bool good = count > 2;
    for (int i = 0; i < count; i++) {
        good = owned(names[i], 1) && good;
    }
    return verdict(good && owned(names, 2 * sizeof(names[0])));
}

static const char *setvbuf_takes_a_block(void) {
    FILE *file = tmpfile();
    char *buffer = malloc(1 << 16);
    bool good = setvbuf(file, buffer, _IOFBF, 1 << 16) == 0;
    good = good && fprintf(file, "%*d", 100000, 1) == 100000;
    good = fclose(file) == 0 && good;
    return verdict(good && owned(buffer, 1 << 16));
}

static int compare_longs(const void *left, const void *right) {
    long a = *(const long *)left;
    long b = *(const long *)right;
    return (a > b) - (a < b);
}

// qsort takes a scratch block of the array's size from malloc.
static const char *qsort_sorts_a_large_array(void) {
    enum { COUNT = 100000 };
    long *values = malloc(COUNT * sizeof(long));
    unsigned state = 99;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = (long)next_random(&state);
    }
    qsort(values, COUNT, sizeof(long), compare_longs);
    bool sorted = true;
    for (size_t i = 1; i < COUNT; i++) {
        sorted = sorted && values[i - 1] <= values[i];
    }
    return verdict(sorted && owned(values, COUNT * sizeof(long)));
}

static const char *setenv_and_getenv_keep_many_values(void) {
    char name[32];
    char value[300];
    bool good = true;
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "ENV_%d", i);
        snprintf(value, sizeof(value), "%0*d", 1 + i % 250, i % 7);
        good = good && setenv(name, value, 1) == 0 && strcmp(getenv(name), value) == 0;
    }
    return verdict(good && clearenv() == 0);
}

static const struct libc_case cases[] = {
    CASE(strdup_gives_a_block, "holds"),      CASE(strndup_gives_a_block, "holds"),
    CASE(wcsdup_gives_a_block, "holds"),      CASE(realpath_gives_a_block, "holds"),
    CASE(getcwd_gives_a_block, "holds"),      CASE(asprintf_gives_a_block, "holds"),
    CASE(getline_grows_its_block, "holds"),   CASE(open_memstream_gives_a_block, "holds"),
    CASE(scandir_gives_blocks, "holds"),      CASE(setvbuf_takes_a_block, "holds"),
    CASE(qsort_sorts_a_large_array, "holds"), CASE(setenv_and_getenv_keep_many_values, "holds"),
};

const struct case_group group_text = GROUP(cases);
