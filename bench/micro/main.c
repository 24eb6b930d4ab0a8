// micro: one row of the benchmark.
//
//   micro ROW [n]       runs it and prints one line of key=value pairs
//   micro --list        name, kind (cpu, wall or memory) and default n of each row
//   micro --allocator   the file that malloc comes from

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct row *const groups[] = {
    rows_pairs, rows_live, rows_sizes, rows_threads, rows_memory, rows_startup, rows_programs,
};

#define GROUPS (sizeof groups / sizeof groups[0])

static void list_rows(void) {
    static const char *const kinds[] = {"cpu", "wall", "memory"};
    for (size_t i = 0; i < GROUPS; i++) {
        for (const struct row *row = groups[i]; row->name != NULL; row++) {
            printf("%s %s %zu\n", row->name, kinds[row->kind], row->n);
        }
    }
}

static const struct row *find_row(const char *name) {
    for (size_t i = 0; i < GROUPS; i++) {
        for (const struct row *row = groups[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    fprintf(stderr, "micro: no row '%s'; micro --list names them\n", name);
    exit(2);
}

static size_t parse_n(const char *text) {
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || n == 0 || n > SIZE_MAX / 2) {
        fprintf(stderr, "micro: n is '%s'; give a whole number above 0\n", text);
        exit(2);
    }
    return (size_t)n;
}

static int print_allocator(void) {
    Dl_info info;
    void *function = dlsym(RTLD_DEFAULT, "malloc");
    if (function == NULL || dladdr(function, &info) == 0 || info.dli_fname == NULL) {
        fprintf(stderr, "micro: cannot tell where malloc comes from\n");
        return 1;
    }
    printf("%s\n", info.dli_fname);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list_rows();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--allocator") == 0) {
        return print_allocator();
    }
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: micro ROW [n] | micro --list | micro --allocator\n");
        return 2;
    }
    const struct row *row = find_row(argv[1]);
    row->run(row, argc == 3 ? parse_n(argv[2]) : row->n);
    return 0;
}
