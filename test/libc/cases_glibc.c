// glibc's questions: mallinfo, mallinfo2, mallopt, malloc_info, malloc_stats and malloc_trim. The
// answers must be about the allocator in use, not about an empty glibc heap behind it.

#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 4000, BLOCK_BYTES = 1000, XML_MAX = 1 << 18, TAG_DEPTH = 32 };

static const size_t MIB = (size_t)1 << 20;
static void *blocks[BLOCKS];
static char text[XML_MAX];

static void take_all(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        memset(blocks[i], 1, BLOCK_BYTES);
    }
}

static void give_all(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
}

// What the program holds, in whichever of the two fields an allocator counts big blocks.
static size_t held(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static const char *mallinfo2_counts_the_blocks(void) {
    size_t before = mallinfo2().uordblks;
    take_all();
    size_t after = mallinfo2().uordblks;
    bool grew = after >= before + (size_t)BLOCKS * BLOCK_BYTES;
    bool sane = after <= before + (size_t)BLOCKS * BLOCK_BYTES * 2;
    give_all();
    return verdict(grew && sane);
}

// Where there are bytes at hand there are blocks, and the other way round.
static const char *mallinfo2_counts_what_it_sums(void) {
    take_all();
    give_all();
    struct mallinfo2 info = mallinfo2();
    return verdict((info.smblks == 0) == (info.fsmblks == 0) && info.fsmblks >= info.smblks);
}

static const char *mallinfo2_falls_when_blocks_are_freed(void) {
    take_all();
    size_t before = mallinfo2().uordblks;
    give_all();
    // A thread's cache of freed blocks may count as in use (glibc counts its own so).
    return verdict(mallinfo2().uordblks + (size_t)BLOCKS * BLOCK_BYTES * 9 / 10 <= before);
}

static const char *mallinfo2_counts_big_blocks(void) {
    size_t before = held();
    void *block = keep(malloc(48 * MIB));
    size_t during = held();
    free(block);
    return verdict(during >= before + 48 * MIB && held() < before + 8 * MIB);
}

static void *take_all_in_thread(void *unused) {
    (void)unused;
    take_all();
    return NULL;
}

static const char *mallinfo2_counts_blocks_of_ended_threads(void) {
    size_t before = mallinfo2().uordblks;
    pthread_t thread;
    pthread_create(&thread, NULL, take_all_in_thread, NULL);
    pthread_join(thread, NULL);
    bool grew = mallinfo2().uordblks >= before + (size_t)BLOCKS * BLOCK_BYTES;
    give_all();
    return verdict(grew);
}

static const char *mallinfo2_arena_covers_what_is_in_use(void) {
    take_all();
    struct mallinfo2 info = mallinfo2();
    give_all();
    return verdict(info.arena >= info.uordblks && info.arena >= info.fordblks);
}

static const char *mallinfo2_keeps_errno(void) {
    mark_errno();
    mallinfo2();
    return verdict(errno == ERRNO_MARK);
}

// mallinfo is deprecated for its int fields, and programs still call it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static const char *mallinfo_agrees_with_mallinfo2(void) {
    take_all();
    struct mallinfo old = mallinfo();
    struct mallinfo2 info = mallinfo2();
    give_all();
    return verdict((size_t)old.uordblks == info.uordblks && (size_t)old.hblkhd == info.hblkhd);
}
#pragma GCC diagnostic pop

static const char *mallopt_text(int option, int value) {
    return mallopt(option, value) == 1 ? "accepted" : "refused";
}

static const char *mallopt_accepts_arena_max(void) {
    return mallopt_text(M_ARENA_MAX, 1);
}

static const char *mallopt_accepts_arena_test(void) {
    return mallopt_text(M_ARENA_TEST, 1);
}

static const char *mallopt_accepts_mmap_threshold(void) {
    return mallopt_text(M_MMAP_THRESHOLD, 1 << 17);
}

static const char *mallopt_accepts_mmap_max(void) {
    return mallopt_text(M_MMAP_MAX, 0);
}

static const char *mallopt_accepts_trim_threshold(void) {
    return mallopt_text(M_TRIM_THRESHOLD, 1 << 17);
}

static const char *mallopt_accepts_top_pad(void) {
    return mallopt_text(M_TOP_PAD, 0);
}

static const char *mallopt_accepts_check_action(void) {
    return mallopt_text(M_CHECK_ACTION, 3);
}

static const char *mallopt_accepts_perturb(void) {
    return mallopt_text(M_PERTURB, 0);
}

static const char *malloc_works_after_every_mallopt(void) {
    const int options[] = {M_ARENA_MAX, M_MMAP_THRESHOLD, M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        mallopt(options[i], 1 << 16);
        take_all();
        give_all();
    }
    mark_errno();
    return outcome(malloc(veil(5 * MIB)));
}

// Fills text with what malloc_info writes and returns malloc_info's own answer.
static int read_info(void) {
    memset(text, 0, sizeof(text));
    FILE *file = tmpfile();
    if (file == NULL) {
        return -1;
    }
    int error = malloc_info(0, file);
    rewind(file);
    size_t got = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    return got == 0 ? -1 : error;
}

static const char *malloc_info_begins_and_ends_as_in_glibc(void) {
    bool written = read_info() == 0;
    const char *start = "<malloc version=\"1\">";
    const char *end = strstr(text, "</malloc>");
    return verdict(written && strncmp(text, start, strlen(start)) == 0 && end != NULL &&
                   strspn(end + strlen("</malloc>"), "\n") == strlen(end + strlen("</malloc>")));
}

// One tag from *at, which stands behind its '<'. Pushes, pops or leaves the names of open tags.
static bool step_over_tag(const char **at, const char **open, size_t *depth) {
    const char *name = *at;
    const char *end = strpbrk(name, "<>");
    if (end == NULL || *end == '<') {
        return false;
    }
    *at = end + 1;
    if (name[0] == '/') {
        size_t length = (size_t)(end - name - 1);
        return *depth > 0 && strncmp(open[--*depth], name + 1, length) == 0;
    }
    if (end[-1] != '/') {
        if (*depth == TAG_DEPTH) {
            return false;
        }
        open[(*depth)++] = name;
    }
    return true;
}

static const char *malloc_info_is_well_formed(void) {
    const char *open[TAG_DEPTH];
    size_t depth = 0;
    size_t tags = 0;
    bool good = read_info() == 0;
    const char *at = strchr(text, '<');
    while (good && at != NULL) {
        at++;
        good = step_over_tag(&at, open, &depth);
        tags++;
        at = good ? strchr(at, '<') : NULL;
    }
    size_t quotes = 0;
    for (const char *c = text; *c != '\0'; c++) {
        quotes += *c == '"';
    }
    return verdict(good && depth == 0 && tags >= 3 && quotes % 2 == 0);
}

// The number behind the last occurrence of a piece of text, which must end where the number starts.
static size_t number_after(const char *piece) {
    const char *last = NULL;
    for (const char *at = strstr(text, piece); at != NULL; at = strstr(at + 1, piece)) {
        last = at;
    }
    return last == NULL ? 0 : (size_t)strtoull(last + strlen(piece), NULL, 10);
}

// Monitors read the last "system current" element: the memory of all heaps together.
static const char *malloc_info_tells_the_memory_in_use(void) {
    take_all();
    bool written = read_info() == 0;
    size_t system = number_after("<system type=\"current\" size=\"");
    give_all();
    return verdict(written && system >= (size_t)BLOCKS * BLOCK_BYTES && system < 2048 * MIB);
}

static const char *malloc_info_refuses_options(void) {
    return malloc_info(1, stdout) == EINVAL ? "EINVAL" : "accepted";
}

static const char *malloc_stats_writes_to_stderr(void) {
    FILE *file = tmpfile();
    if (file == NULL || dup2(fileno(file), STDERR_FILENO) < 0) {
        return "no file";
    }
    malloc_stats();
    fflush(stderr);
    memset(text, 0, sizeof(text));
    ssize_t got = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);
    return verdict(got > 40 && strpbrk(text, "123456789") != NULL);
}

static const char *malloc_trim_is_one_after_a_release(void) {
    static void *big[1000];
    for (size_t i = 0; i < 1000; i++) {
        big[i] = malloc(40000);
        memset(big[i], 1, 40000);
    }
    // The last block stays, so that the memory below it is not given back by free itself.
    for (size_t i = 0; i + 1 < 1000; i++) {
        free(big[i]);
    }
    int given = malloc_trim(0);
    free(big[999]);
    return verdict(given == 1);
}

static const char *malloc_trim_lowers_the_resident_memory(void) {
    static void *small[400000];
    size_t before = resident_bytes();
    for (size_t i = 0; i < 400000; i++) {
        small[i] = malloc(100);
        memset(small[i], 1, 100);
    }
    size_t full = resident_bytes();
    for (size_t i = 0; i + 1 < 400000; i++) {
        free(small[i]);
    }
    malloc_trim(0);
    size_t after = resident_bytes();
    // The table of pointers itself stays resident: 3.2 MB.
    return verdict(full >= before + 38 * MIB && after <= before + 10 * MIB);
}

static const char *malloc_trim_keeps_live_blocks(void) {
    take_all();
    for (unsigned i = 0; i < BLOCKS; i++) {
        pattern_fill(blocks[i], BLOCK_BYTES, i);
    }
    for (unsigned i = 0; i < BLOCKS; i += 2) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    malloc_trim(0);
    bool kept = true;
    for (unsigned i = 1; i < BLOCKS; i += 2) {
        kept = kept && pattern_kept(blocks[i], BLOCK_BYTES, i);
    }
    give_all();
    return verdict(kept);
}

static const struct libc_case cases[] = {
    CASE(mallinfo2_counts_the_blocks, "holds"),
    CASE(mallinfo2_counts_what_it_sums, "holds"),
    CASE(mallinfo2_falls_when_blocks_are_freed, "holds"),
    CASE(mallinfo2_counts_big_blocks, "holds"),
    CASE(mallinfo2_counts_blocks_of_ended_threads, "holds"),
    CASE(mallinfo2_arena_covers_what_is_in_use, "holds"),
    CASE(mallinfo2_keeps_errno, "holds"),
    CASE(mallinfo_agrees_with_mallinfo2, "holds"),
    CASE(mallopt_accepts_arena_max, "accepted"),
    CASE(mallopt_accepts_arena_test, "accepted"),
    CASE(mallopt_accepts_mmap_threshold, "accepted"),
    CASE(mallopt_accepts_mmap_max, "accepted"),
    CASE(mallopt_accepts_trim_threshold, "accepted"),
    CASE(mallopt_accepts_top_pad, "accepted"),
    CASE(mallopt_accepts_check_action, "accepted"),
    CASE(mallopt_accepts_perturb, "accepted"),
    CASE(malloc_works_after_every_mallopt, "block, errno kept"),
    CASE(malloc_info_begins_and_ends_as_in_glibc, "holds"),
    CASE(malloc_info_is_well_formed, "holds"),
    CASE(malloc_info_tells_the_memory_in_use, "holds"),
    CASE(malloc_info_refuses_options, "EINVAL"),
    CASE(malloc_stats_writes_to_stderr, "holds"),
    CASE(malloc_trim_is_one_after_a_release, "holds"),
    CASE(malloc_trim_lowers_the_resident_memory, "holds"),
    CASE(malloc_trim_keeps_live_blocks, "holds"),
};

const struct case_group group_glibc = GROUP(cases);
