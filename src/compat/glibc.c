// glibc's own questions about the heap, answered from ashlar's figures, so that
// monitors do not read an arena that nobody uses. mallinfo(3), mallopt(3),
// malloc_info(3), malloc_stats(3), malloc_trim(3).

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>

#include "api/stats.h"
#include "api/summary.h"
#include "ashlar/ashlar.h"
#include "base/compiler.h"

// musl has none of these; a program that was built for glibc may still ask.
#ifndef __GLIBC__
struct mallinfo {
    int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct mallinfo mallinfo(void);
int mallopt(int parameter, int value);
int malloc_info(int options, FILE *stream);
void malloc_stats(void);
int malloc_trim(size_t pad);
#endif

// glibc has the wide form since 2.33.
#if !defined(__GLIBC__) || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 33)
struct mallinfo2 {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
struct mallinfo2 mallinfo2(void);
#endif

// Never below 0, although the figures are taken one after the other.
static size_t glibc_rest(size_t whole, size_t part) {
    return whole > part ? whole - part : 0;
}

// arena: what the region holds active; hblkhd: mappings of their own; uordblks and
// fordblks: in use and free, of both; ordblks and smblks: how many free blocks of spans there are,
// and how many of threads; fsmblks: the bytes of the latter; keepcost: what malloc_trim could give
// back.
ASH_EXPORT struct mallinfo2 mallinfo2(void) {
    struct ash_figures f = ash_figures_take();
    struct mallinfo2 info = {0};
    info.arena = f.active;
    info.ordblks = f.free_count;
    info.smblks = f.ready_count;
    info.hblks = f.huge_count;
    info.hblkhd = f.huge;
    info.uordblks = f.allocated;
    info.fordblks = glibc_rest(f.active + f.huge, f.allocated);
    info.fsmblks = f.ready;
    info.keepcost = f.dirty;
    return info;
}

static int glibc_int(size_t value) {
    return value > INT_MAX ? INT_MAX : (int)value;
}

// The old form has ints; what does not fit is INT_MAX, where glibc's wraps.
ASH_EXPORT struct mallinfo mallinfo(void) {
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo info = {0};
    info.arena = glibc_int(wide.arena);
    info.ordblks = glibc_int(wide.ordblks);
    info.smblks = glibc_int(wide.smblks);
    info.hblks = glibc_int(wide.hblks);
    info.hblkhd = glibc_int(wide.hblkhd);
    info.uordblks = glibc_int(wide.uordblks);
    info.fordblks = glibc_int(wide.fordblks);
    info.fsmblks = glibc_int(wide.fsmblks);
    info.keepcost = glibc_int(wide.keepcost);
    return info;
}

// Every parameter is glibc's advice to glibc's arenas: accepted, without effect.
ASH_EXPORT int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

ASH_EXPORT int malloc_info(int options, FILE *stream) {
    if (options != 0) {
        return EINVAL;
    }
    struct ash_figures f = ash_figures_take();
    size_t system = f.active + f.huge;
    size_t rest = glibc_rest(system, f.allocated + f.ready);
    int wrote = fprintf(stream,
                        "<malloc version=\"1\">\n"
                        "<heap nr=\"0\">\n"
                        "<sizes>\n"
                        "</sizes>\n"
                        "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n"
                        "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
                        "<system type=\"current\" size=\"%zu\"/>\n"
                        "<system type=\"max\" size=\"%zu\"/>\n"
                        "</heap>\n"
                        "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n"
                        "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
                        "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
                        "<system type=\"current\" size=\"%zu\"/>\n"
                        "<system type=\"max\" size=\"%zu\"/>\n"
                        "</malloc>\n",
                        f.ready_count, f.ready, f.free_count, rest, system, system, f.ready_count,
                        f.ready, f.free_count, rest, f.huge_count, f.huge, system, system);
    return wrote < 0 ? -1 : 0;
}

ASH_EXPORT void malloc_stats(void) {
    ash_summary_write();
}

ASH_EXPORT int malloc_trim(size_t pad) {
    (void)pad;
    return ash_collect() ? 1 : 0;
}
