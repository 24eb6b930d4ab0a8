#include "allocator.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

const struct allocator allocator_table[] = {
    {"as", "ashlar", "libashlar", "ash_is_active", NULL, NULL},
    {"mi", "mimalloc", "libmimalloc", "mi_malloc", "libmimalloc.so.2", "libmimalloc2.0"},
    {"je", "jemalloc", "libjemalloc", "mallctl", "libjemalloc.so.2", "libjemalloc2"},
    {"tc", "tcmalloc", "libtcmalloc", "tc_malloc", "libtcmalloc_minimal.so.4",
     "libtcmalloc-minimal4"},
    {NULL, "jemalloc", "libjemalloc", "je_mallctl", NULL, NULL},
    {NULL, "rpmalloc", "librpmalloc", "rpmalloc", NULL, NULL},
    {NULL, "snmalloc", "libsnmalloc", "sn_rust_alloc", NULL, NULL},
    {NULL, "scudo", "libscudo", "__scudo_print_stats", NULL, NULL},
    {NULL, "scudo", "libclang_rt.scudo", "__scudo_get_stack_depot_addr", NULL, NULL},
    {NULL, "hoard", "libhoard", "xxmalloc", NULL, NULL},
    {NULL, "hardened_malloc", "libhardened_malloc", "malloc_object_size", NULL, NULL},
    {NULL, "AddressSanitizer", "libasan", "__asan_init", NULL, NULL},
    {NULL, "AddressSanitizer", "libclang_rt.asan", "__asan_report_error", NULL, NULL},
    {NULL, "ThreadSanitizer", "libtsan", "__tsan_init", NULL, NULL},
    {NULL, "valgrind", "vgpreload_", "vgPlain_malloc", NULL, NULL},
    {NULL, "heaptrack", "libheaptrack", "heaptrack_init", NULL, NULL},
    {NULL, "glibc", "libc.so.6", "gnu_get_libc_version", NULL, NULL},
    {NULL, "glibc", "libc-2", "gnu_get_libc_version", NULL, NULL},
    {NULL, "musl", "ld-musl", "__libc_get_version", NULL, NULL},
    {NULL, "musl", "libc.musl", "__libc_get_version", NULL, NULL},
};
const size_t allocator_count = sizeof(allocator_table) / sizeof(allocator_table[0]);

const struct allocator *allocator_named(const char *word) {
    for (size_t i = 0; i < allocator_count; i++) {
        const struct allocator *allocator = &allocator_table[i];
        if (allocator->key != NULL &&
            (strcmp(word, allocator->key) == 0 || strcmp(word, allocator->name) == 0)) {
            return allocator;
        }
    }
    return NULL;
}

const char *allocator_identify_path(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < allocator_count; i++) {
        const char *part = allocator_table[i].file_part;
        if (strncmp(file, part, strlen(part)) == 0) {
            return allocator_table[i].name;
        }
    }
    return NULL;
}

const char *allocator_identify(const struct elf_file *elf, const char *path) {
    for (size_t i = 0; i < allocator_count; i++) {
        if (elf_defines(elf, allocator_table[i].signature)) {
            return allocator_table[i].name;
        }
    }
    return allocator_identify_path(path);
}

char *library_find(const char *soname) {
    static const char *const directories[] = {
        "/usr/lib/" ASH_TOOL_TRIPLET,
        "/lib/" ASH_TOOL_TRIPLET,
        "/usr/local/lib",
        "/usr/local/lib/" ASH_TOOL_TRIPLET,
        "/usr/lib64",
        "/usr/lib",
        "/lib64",
        "/lib",
    };
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        char *path = string_format("%s/%s", directories[i], soname);
        if (access(path, R_OK) == 0) {
            return path;
        }
        free(path);
    }
    return NULL;
}
