#include "trace.h"

#include <stdio.h>
#include <string.h>

#include "access.h"
#include "explore.h"
#include "stage.h"

enum { SITES_MAX = 256, STEPS_MAX = 1024, NAMES_MAX = 256, TEXT_BYTES = 200 };

static const char *const order_names[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};

struct site {
    const char *function, *operation, *operand;  // by address: the strings are the compiler's
    unsigned same;                               // the first site with the same text
    int order, weaker;
    bool met, is_weakened;
};

struct line {
    unsigned thread, site;
    struct model_access access;
    struct model_outcome outcome;
    const void *at;
    const char *said;  // instead of all that
};

struct name {
    const char *at;
    size_t bytes;
    const char *text;
    int number;
};

static struct site sites[SITES_MAX];
static unsigned site_count;
static struct name names[NAMES_MAX];
static unsigned name_count;
static struct line lines[STEPS_MAX], kept[STEPS_MAX];
static unsigned line_count, kept_count;
static char race_text[TEXT_BYTES], kept_violation[TEXT_BYTES];
static char weakened_site[TEXT_BYTES];
static int weakened_order = -1;

static void site_text(const struct site *site, char *text, size_t bytes) {
    const char *operand = site->operand[0] == '&' ? site->operand + 1 : site->operand;
    snprintf(text, bytes, "%s %s %s", site->function, site->operation, operand);
}

static unsigned first_like(unsigned number) {
    char mine[TEXT_BYTES], other[TEXT_BYTES];
    site_text(&sites[number], mine, sizeof mine);
    sites[number].is_weakened = weakened_order >= 0 && strcmp(mine, weakened_site) == 0;
    for (unsigned i = 0; i < number; i++) {
        site_text(&sites[i], other, sizeof other);
        if (strcmp(mine, other) == 0) {
            return i;
        }
    }
    return number;
}

unsigned trace_site(const char *function, const char *operation, const char *operand) {
    for (unsigned i = 0; i < site_count; i++) {
        struct site *site = &sites[i];
        if (site->function == function && site->operand == operand &&
            site->operation == operation) {
            return site->same;
        }
    }
    explore_need(site_count < SITES_MAX, "raise SITES_MAX");
    unsigned number = site_count++;
    sites[number] = (struct site){.function = function, .operation = operation, .operand = operand};
    sites[number].same = first_like(number);
    return sites[number].same;
}

int trace_order(unsigned site, int order) {
    sites[site].order = order;
    sites[site].met = true;
    return sites[site].is_weakened ? weakened_order : order;
}

bool trace_weaken(const char *site, const char *order) {
    for (int i = 0; i < ACCESS_SEQ_CST; i++) {
        if (strcmp(order, order_names[i]) == 0) {
            weakened_order = i;
        }
    }
    snprintf(weakened_site, sizeof weakened_site, "%s", site);
    return weakened_order >= 0;
}

bool trace_weakened_was_met(void) {
    for (unsigned i = 0; i < site_count; i++) {
        if (sites[i].is_weakened && sites[i].met) {
            return true;
        }
    }
    return false;
}

void trace_print_sites(void) {
    for (unsigned i = 0; i < site_count; i++) {
        char text[TEXT_BYTES];
        site_text(&sites[i], text, sizeof text);
        if (sites[i].same == i && sites[i].met && sites[i].order != ACCESS_RELAXED) {
            printf("site: %s | %s\n", text, order_names[sites[i].order]);
        }
    }
}

void stage_name(const void *at, size_t bytes, const char *name, int number) {
    explore_need(name_count < NAMES_MAX, "raise NAMES_MAX");
    names[name_count++] = (struct name){at, bytes, name, number};
}

static void print_place(char *text, size_t bytes, const void *at) {
    for (unsigned i = 0; i < name_count; i++) {
        const struct name *name = &names[i];
        size_t offset = (size_t)((const char *)at - name->at);
        if ((const char *)at >= name->at && offset < name->bytes) {
            size_t used = (size_t)snprintf(text, bytes, name->text, name->number);
            if (offset != 0 && used < bytes) {
                snprintf(text + used, bytes - used, " + %zu", offset);
            }
            return;
        }
    }
    snprintf(text, bytes, "%p", at);
}

void trace_reset(void) {
    line_count = 0;
}

static struct line *next_line(unsigned thread) {
    explore_need(line_count < STEPS_MAX, "raise STEPS_MAX");
    struct line *line = &lines[line_count++];
    line->thread = thread;
    line->said = NULL;
    return line;
}

void trace_step(unsigned site, const struct model_access *access,
                const struct model_outcome *outcome, const void *at) {
    struct line *line = next_line(access->thread);
    line->site = site;
    line->access = *access;
    line->outcome = *outcome;
    line->at = at;
}

void trace_say(unsigned thread, const char *what, const void *at) {
    struct line *line = next_line(thread);
    line->said = what;
    line->at = at;
}

_Noreturn void trace_race(const void *at, const void *code, unsigned other, bool other_writes,
                          bool writes) {
    char place[TEXT_BYTES / 2];
    print_place(place, sizeof place, at);
    snprintf(race_text, sizeof race_text, "data race on %s: T%u %s it (code at %p), T%u had %s it",
             place, explore_thread(), writes ? "writes" : "reads", code, other,
             other_writes ? "written" : "read");
    explore_violate(race_text);
}

void trace_keep(const char *violation) {
    memcpy(kept, lines, line_count * sizeof *lines);
    kept_count = line_count;
    snprintf(kept_violation, sizeof kept_violation, "%s", violation);
}

static void print_line(const struct line *line) {
    char place[TEXT_BYTES];
    print_place(place, sizeof place, line->at);
    printf("    %.*sT%u ", (int)(line->thread * 2), "          ", line->thread);
    if (line->said != NULL) {
        printf("%s (%s)\n", line->said, place);
        return;
    }
    const struct site *site = &sites[line->site];
    const struct model_outcome *outcome = &line->outcome;
    printf("%s: %s %s %s", site->function, order_names[line->access.order], site->operation, place);
    if (line->access.kind != MODEL_STORE) {
        printf(", reads %#jx", (uintmax_t)outcome->read);
        if (outcome->from_event != 0) {
            printf(" of T%u", outcome->from_thread);
        }
        printf("%s%s", outcome->stale ? " (not the latest)" : "",
               outcome->succeeded ? "" : ", fails");
    }
    if (line->access.kind != MODEL_LOAD && outcome->succeeded) {
        printf(", writes %#jx", (uintmax_t)outcome->wrote);
    }
    printf("\n");
}

void trace_print(void) {
    for (unsigned i = 0; i < kept_count; i++) {
        print_line(&kept[i]);
    }
    printf("    violation: %s\n", kept_violation);
}
