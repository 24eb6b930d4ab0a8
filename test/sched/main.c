// Runs the scenarios of one program. `--help` says how.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "explore.h"
#include "stage.h"
#include "trace.h"

static const char usage[] =
    "usage: %s [--list] [--sites] [--limit EXECUTIONS] [--weaken SITE ORDER] [SCENARIO...]\n"
    "\n"
    "Enumerates the executions of the scenarios (all, if none is named) and prints the shortest\n"
    "violation found. The exit status is 0 if there is none and all executions were seen, 1 if\n"
    "there is one, 2 if the question was not understood or is too large.\n"
    "\n"
    "  --list     the scenarios\n"
    "  --sites    afterwards, the accesses met whose order is above relaxed\n"
    "  --limit    give up after so many executions (default: 20 million)\n"
    "  --weaken   use another order there: relaxed, acquire, release or acq_rel\n";

static unsigned long limit = 20000000;
static bool wants_sites, weakens;

_Noreturn void stage_fail(const char *text) {
    explore_violate(text);
}

void stage_claim_text(bool holds, const char *text) {
    if (!holds) {
        explore_violate(text);
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum verdict { HOLDS, VIOLATED, NOT_FINISHED, POINTLESS };

static enum verdict verdict_on(const struct stage_scenario *scenario,
                               const struct explore_result *result) {
    if (result->violated) {
        return VIOLATED;
    }
    if (!result->complete) {
        return NOT_FINISHED;
    }
    return result->reached == (1u << scenario->milestones) - 1 ? HOLDS : POINTLESS;
}

static int run(const struct stage_scenario *scenario) {
    static const char *const words[] = {"holds", "VIOLATED", "NOT FINISHED", "MISSES A MILESTONE"};
    double started = seconds();
    struct explore_result result = explore_run(scenario, limit);
    enum verdict verdict = verdict_on(scenario, &result);
    printf("%s: %s: %s; %lu complete executions, %zu partial ones, %lu runs, %.1f s\n",
           scenario->name, scenario->shows, words[verdict], result.ended, result.states,
           result.runs, seconds() - started);
    if (verdict == VIOLATED) {
        trace_print();
    }
    if (wants_sites) {
        trace_print_sites();
    }
    if (weakens && !trace_weakened_was_met()) {
        fprintf(stderr, "sched: the weakened access was not met; --sites prints those that are\n");
        return 2;
    }
    return verdict == HOLDS ? 0 : verdict == VIOLATED ? 1 : 2;
}

// A process for each: what one prepares would be in the next one's way.
static int run_apart(const struct stage_scenario *scenario) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        exit(run(scenario));
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        fprintf(stderr, "sched: %s did not end by itself\n", scenario->name);
        return 2;
    }
    return WEXITSTATUS(status);
}

static int run_named(const char *name) {
    for (const struct stage_scenario *s = stage_scenarios; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return run_apart(s);
        }
    }
    fprintf(stderr, "sched: there is no scenario %s; --list prints them\n", name);
    return 2;
}

static int list(void) {
    for (const struct stage_scenario *s = stage_scenarios; s->name != NULL; s++) {
        printf("%s: %s\n", s->name, s->shows);
    }
    return 0;
}

static int worse(int one, int other) {
    return one > other ? one : other;
}

static int misunderstood(const char *program) {
    fprintf(stderr, usage, program);
    return 2;
}

int main(int argc, char **argv) {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            return list();
        }
        if (strcmp(argv[i], "--sites") == 0) {
            wants_sites = true;
        } else if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc) {
            limit = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--weaken") == 0 && i + 2 < argc &&
                   trace_weaken(argv[i + 1], argv[i + 2])) {
            weakens = true;
            i += 2;
        } else {
            return misunderstood(argv[0]);
        }
    }
    int status = 0;
    for (const struct stage_scenario *s = stage_scenarios; i == argc && s->name != NULL; s++) {
        status = worse(status, run_apart(s));
    }
    for (; i < argc; i++) {
        status = worse(status, run_named(argv[i]));
    }
    return status;
}
