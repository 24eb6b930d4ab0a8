#include "explore.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "model.h"
#include "race.h"
#include "trace.h"

enum { CHOICES_MAX = 4096, STACK_BYTES = 64 << 10 };

enum status { UNUSED, PARKED, ASLEEP, ENDED };

struct thread {
    void (*run)(void);
    enum status status;
    jmp_buf context;
    // The step it is about to make, or the futex it sleeps on.
    const void *at;
    bool writes, needs_free;
};

enum ending { GOES_ON = 1, DISCARDED, VIOLATED };

static struct thread threads[MODEL_THREADS];
static _Alignas(16) char stacks[MODEL_THREADS][STACK_BYTES];
static ucontext_t beginnings[MODEL_THREADS];
static unsigned current;
static bool recording;
static jmp_buf scheduler;
static const char *violation;

// The choices of this execution up to `chosen`, and what the last one did after that.
static struct { uint16_t taken, options; } choices[CHOICES_MAX];
static unsigned choice_count, chosen;

// Partial executions met before: an open hash table of their hashes.
static uint64_t *met;
static size_t met_count, met_size;

static unsigned steps, step_limit;

static unsigned reached;

void stage_reach(unsigned milestone) {
    reached |= 1u << milestone;
}

void explore_need(bool holds, const char *remedy) {
    if (!holds) {
        fprintf(stderr, "sched: this scenario is larger than the checker: %s\n", remedy);
        exit(2);
    }
}

unsigned explore_choose(unsigned count) {
    if (count == 0) {
        explore_discard();
    }
    if (count == 1) {
        return 0;
    }
    if (chosen == choice_count) {
        explore_need(choice_count < CHOICES_MAX, "raise CHOICES_MAX");
        choices[choice_count].taken = 0;
        choices[choice_count].options = (uint16_t)count;
        choice_count++;
    }
    return choices[chosen++].taken;
}

// Makes the next execution differ in the last choice that has another option.
static bool choose_next(void) {
    while (choice_count > 0 &&
           choices[choice_count - 1].taken + 1 == choices[choice_count - 1].options) {
        choice_count--;
    }
    if (choice_count == 0) {
        return false;
    }
    choices[choice_count - 1].taken++;
    return true;
}

static void met_insert(uint64_t hash) {
    size_t at = (size_t)hash & (met_size - 1);
    while (met[at] != 0) {
        at = (at + 1) & (met_size - 1);
    }
    met[at] = hash;
    met_count++;
}

static void met_grow(void) {
    uint64_t *old = met;
    size_t old_size = met_size;
    met_size = old_size == 0 ? 1 << 16 : old_size * 2;
    met = calloc(met_size, sizeof *met);
    explore_need(met != NULL, "give it more memory");
    met_count = 0;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            met_insert(old[i]);
        }
    }
    free(old);
}

// Whether this partial execution was met before. Notes it.
static bool met_before(uint64_t hash) {
    hash |= 1;
    if (met_count * 2 >= met_size) {
        met_grow();
    }
    for (size_t at = (size_t)hash & (met_size - 1); met[at] != 0; at = (at + 1) & (met_size - 1)) {
        if (met[at] == hash) {
            return true;
        }
    }
    met_insert(hash);
    return false;
}

unsigned explore_thread(void) {
    return current;
}

bool explore_is_recording(void) {
    return recording;
}

bool explore_is_stack(const void *at) {
    return (uintptr_t)at - (uintptr_t)stacks < sizeof stacks;
}

static void give_up_control(void) {
    if (_setjmp(threads[current].context) == 0) {
        _longjmp(scheduler, GOES_ON);
    }
}

void explore_step(const void *at, bool writes, bool needs_free) {
    struct thread *thread = &threads[current];
    if (current == 0) {
        return;  // the stage is alone
    }
    thread->at = at;
    thread->writes = writes;
    thread->needs_free = needs_free;
    give_up_control();
}

void explore_sleep(const void *at) {
    threads[current].at = at;
    threads[current].status = ASLEEP;
    give_up_control();
}

bool explore_wake(const void *at) {
    struct thread *sleepers[MODEL_THREADS];
    unsigned count = 0;
    for (unsigned i = 1; i < MODEL_THREADS; i++) {
        if (threads[i].status == ASLEEP && threads[i].at == at) {
            sleepers[count++] = &threads[i];
        }
    }
    if (count == 0) {
        return false;
    }
    struct thread *woken = sleepers[explore_choose(count)];
    woken->status = PARKED;
    woken->needs_free = false;
    return true;
}

_Noreturn void explore_discard(void) {
    _longjmp(scheduler, DISCARDED);
}

_Noreturn void explore_violate(const char *what) {
    if (!recording) {
        fprintf(stderr, "sched: the scenario cannot be prepared: %s\n", what);
        exit(2);
    }
    violation = what;
    _longjmp(scheduler, VIOLATED);
}

static void thread_main(void) {
    threads[current].run();
    threads[current].status = ENDED;
    _longjmp(scheduler, GOES_ON);
}

// Runs a thread until its next step, or from its beginning.
static enum ending thread_continue(unsigned number, bool begins) {
    current = number;
    int ending = _setjmp(scheduler);
    if (ending == 0) {
        if (begins) {
            setcontext(&beginnings[number]);
        }
        _longjmp(threads[number].context, 1);
    }
    return (enum ending)ending;
}

static enum ending thread_begin(unsigned number, void (*run)(void)) {
    ucontext_t *beginning = &beginnings[number];
    threads[number].run = run;
    threads[number].status = PARKED;
    getcontext(beginning);
    beginning->uc_stack.ss_sp = stacks[number];
    beginning->uc_stack.ss_size = STACK_BYTES;
    beginning->uc_link = NULL;
    makecontext(beginning, thread_main, 0);
    return thread_continue(number, true);
}

static bool can_step(const struct thread *thread) {
    return thread->status == PARKED &&
           (!thread->needs_free || model_last_value(model_location(thread->at, 0)) == 0);
}

// The state is known by what was read and written, and by who sleeps.
static uint64_t state_hash(void) {
    uint64_t sleepers = 0;
    for (unsigned i = 1; i < MODEL_THREADS; i++) {
        sleepers |= (uint64_t)(threads[i].status == ASLEEP) << i;
    }
    return model_hash() + sleepers * UINT64_C(0x2545f4914f6cdd1d);
}

struct step {
    unsigned thread;
    const void *at;
    bool writes;
};

// The other order of the two leads to the same place.
static bool is_swapped(const struct step *last, unsigned number) {
    const struct thread *thread = &threads[number];
    bool depends = last->at == thread->at && (last->writes || thread->writes);
    return number < last->thread && !depends;
}

// Who makes the next step; 0 if none is left to.
static unsigned schedule(const struct step *last) {
    unsigned options[MODEL_THREADS];
    unsigned count = 0, left = 0, able = 0;
    for (unsigned i = 1; i < MODEL_THREADS; i++) {
        left += threads[i].status == PARKED || threads[i].status == ASLEEP;
        if (can_step(&threads[i])) {
            able++;
            if (!is_swapped(last, i)) {
                options[count++] = i;
            }
        }
    }
    if (left == 0) {
        return 0;
    }
    if (able == 0) {
        violation = "no thread can go on: one sleeps or waits for a lock for ever";
        return MODEL_THREADS;
    }
    return options[explore_choose(count)];
}

static enum ending run_threads(const struct stage_scenario *scenario) {
    enum ending ending = GOES_ON;
    for (unsigned i = 0; i < STAGE_THREADS && ending == GOES_ON; i++) {
        threads[i + 1].status = UNUSED;
        if (scenario->threads[i] != NULL) {
            ending = thread_begin(i + 1, scenario->threads[i]);
        }
    }
    struct step last = {0, NULL, false};
    while (ending == GOES_ON) {
        if (chosen == choice_count && met_before(state_hash())) {
            return DISCARDED;
        }
        // A jump to the scheduler from within: there is nothing left to choose.
        if (_setjmp(scheduler) != 0) {
            return DISCARDED;
        }
        unsigned next = schedule(&last);
        if (next == 0) {
            break;
        }
        if (next == MODEL_THREADS) {
            return VIOLATED;
        }
        if (++steps > step_limit) {
            return DISCARDED;
        }
        last = (struct step){next, threads[next].at, threads[next].writes};
        ending = thread_continue(next, false);
    }
    return ending;
}

static enum ending run_once(const struct stage_scenario *scenario) {
    model_reset();
    trace_reset();
    steps = 0;
    chosen = 0;
    recording = true;
    enum ending ending = run_threads(scenario);
    if (ending == GOES_ON) {
        model_join();
        ending = thread_begin(0, scenario->finish);
    }
    recording = false;
    race_rewind();
    return ending;
}

static void forget_all(void) {
    choice_count = 0;
    met_count = 0;
    if (met_size != 0) {
        memset(met, 0, met_size * sizeof *met);
    }
}

// Until the first violation, or to the end.
static void explore_all(const struct stage_scenario *scenario, unsigned long limit,
                        struct explore_result *result) {
    forget_all();
    result->violated = false;
    do {
        if (result->runs++ == limit) {
            result->complete = false;
            return;
        }
        enum ending ending = run_once(scenario);
        result->ended += ending == GOES_ON;
        if (ending == VIOLATED) {
            result->violated = true;
            return;
        }
    } while (choose_next());
}

struct explore_result explore_run(const struct stage_scenario *scenario, unsigned long limit) {
    struct explore_result result = {.complete = true};
    recording = false;
    current = 0;
    reached = 0;
    scenario->prepare();
    step_limit = UINT32_MAX;
    explore_all(scenario, limit, &result);
    result.states = met_count;
    result.reached = reached;
    struct explore_result shorter = result;
    while (shorter.violated) {
        result.violated = true;
        result.steps = steps;
        trace_keep(violation);
        step_limit = steps - 1;
        shorter.runs = 0;
        explore_all(scenario, limit, &shorter);
    }
    return result;
}
