// scale_count, scale_time: one workload with a number of threads; prints a JSON object.
//
// scale_count: threads take turns of a few steps each, one after the other in a circle. So each
// line that threads share moves as it would if all ran at once, and a run is the same each time.
// scale_time: all threads run freely for a while.

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "count.h"
#include "planted.h"
#include "work.h"

enum { THREADS_MAX = 16384, WARM_STEPS = 20, STACK_BYTES = 256 * 1024 };
enum { WARM_NS = 5000000, PAUSE_NS = 20000000 };

static struct {
    const struct workload *work;
    unsigned threads;
    unsigned warm, turns;  // of scale_count: turns before it counts, and then
    unsigned quantum;      // steps of a turn while it counts
    unsigned ms;           // of scale_time
} run = {NULL, 1, 100, 500, 1, 500};

static struct seat {
    struct worker worker;
    sem_t turn;
    pthread_t thread;
    uint64_t start_ns, end_ns;
    long switches;  // the kernel took its processor away so often
} * seats;

static struct work_ring *rings;
static struct work_table *tables;
static _Atomic(struct work_table *) *mailboxes;
static pthread_barrier_t begin;
static uint64_t begin_ns;

static void die(const char *what) {
    fprintf(stderr, "scale: %s\n", what);
    exit(2);
}

// Zero pages, outside of every heap.
static void *map(size_t bytes) {
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
        die("no memory for the workers");
    }
    return got;
}

static void step(struct worker *worker) {
    planted_step();
    run.work->step(worker);
    worker->steps++;
}

// Taking turns --------------------------------------------------------------------------

// By the first one, when all have had their first turns.
static void begin_to_count(void) {
    count_name_heaps();
    count_of(0)->steady = true;
}

static void take_turn(struct seat *seat, unsigned turn) {
    while (sem_wait(&seat->turn) != 0) {
    }
    struct worker *worker = &seat->worker;
    unsigned steps = turn < run.warm ? WARM_STEPS : run.quantum;
    if (worker->index == 0) {
        count_round();
    }
    if (turn == run.warm && worker->index == 0) {
        begin_to_count();
    }
    struct count_thread *count = count_self();
    if (turn == run.warm) {
        worker->blocks = worker->bytes = 0;
    }
    count->steady = turn >= run.warm && turn < run.warm + run.turns;
    if (turn == run.warm + run.turns) {
        count_of(0)->steady = false;
        work_end(worker);
    } else {
        for (unsigned i = 0; i < steps; i++) {
            step(worker);
        }
    }
    count->steady = false;
    (void)sem_post(&seats[(worker->index + 1) % run.threads].turn);
}

static void *run_in_turns(void *argument) {
    struct seat *seat = argument;
    (void)count_enter(seat->worker.index + 1);
    for (unsigned turn = 0; turn <= run.warm + run.turns; turn++) {
        take_turn(seat, turn);
    }
    return NULL;
}

// The calling thread, on one of the processors that it may use: the n-th, round and round.
static void stay_on(unsigned n) {
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0) {
        return;
    }
    n %= (unsigned)CPU_COUNT(&all);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all) && n-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

// Running freely ------------------------------------------------------------------------

static void run_until(struct worker *worker, uint64_t end_ns) {
    while (count_now_ns() < end_ns) {
        for (unsigned i = 0; i < WARM_STEPS; i++) {
            step(worker);
        }
    }
}

static long switches(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

// Until all are warm, and a moment later: who wakes from a sleep has its processor for a while, on
// a busy machine, too, and all wake at the same time.
static void wait_for_all(void) {
    if (pthread_barrier_wait(&begin) == PTHREAD_BARRIER_SERIAL_THREAD) {
        begin_ns = count_now_ns() + PAUSE_NS;
    }
    (void)pthread_barrier_wait(&begin);
    struct timespec at = {(time_t)(begin_ns / 1000000000), (long)(begin_ns % 1000000000)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void *run_freely(void *argument) {
    struct seat *seat = argument;
    struct worker *worker = &seat->worker;
    struct count_thread *count = count_enter(worker->index + 1);
    stay_on(worker->index);
    (void)pthread_barrier_wait(&begin);
    run_until(worker, count_now_ns() + WARM_NS);
    wait_for_all();
    worker->blocks = worker->bytes = 0;
    count->steady = true;
    seat->switches = -switches();
    seat->start_ns = count_now_ns();
    run_until(worker, seat->start_ns + (uint64_t)run.ms * 1000000);
    seat->end_ns = count_now_ns();
    seat->switches += switches();
    count->steady = false;
    (void)pthread_barrier_wait(&begin);
    work_end(worker);
    return NULL;
}

// The result ----------------------------------------------------------------------------

static void add_lock(struct count_lock *to, const struct count_lock *from) {
    to->taken += from->taken;
    to->waited += from->waited;
    to->accesses += from->accesses;
    to->moves += from->moves;
    to->held_ns += from->held_ns;
    to->waited_ns += from->waited_ns;
    to->accesses_max =
        from->accesses_max > to->accesses_max ? from->accesses_max : to->accesses_max;
    to->held_ns_max = from->held_ns_max > to->held_ns_max ? from->held_ns_max : to->held_ns_max;
}

static void add_sum(struct count_sum *to, const struct count_sum *from) {
    for (unsigned i = 0; i < COUNT_RANKS; i++) {
        add_lock(&to->locks[i], &from->locks[i]);
    }
    for (unsigned i = 0; i < COUNT_ATOMICS; i++) {
        to->atomics[i] += from->atomics[i];
    }
    for (unsigned i = 0; i < COUNT_PLACES; i++) {
        to->moves[i] += from->moves[i];
    }
    to->accesses += from->accesses;
}

static void print_lock(const struct count_lock *lock) {
    printf("{\"taken\": %" PRIu64 ", \"waited\": %" PRIu64 ", \"accesses\": %" PRIu64
           ", \"accesses_max\": %" PRIu64 ", \"moves\": %" PRIu64 ", \"held_ns\": %" PRIu64
           ", \"held_ns_max\": %" PRIu64 ", \"waited_ns\": %" PRIu64 "}",
           lock->taken, lock->waited, lock->accesses, lock->accesses_max, lock->moves,
           lock->held_ns, lock->held_ns_max, lock->waited_ns);
}

static void print_numbers(const char *name, const uint64_t *numbers, unsigned count) {
    printf(", \"%s\": [", name);
    for (unsigned i = 0; i < count; i++) {
        printf("%s%" PRIu64, i == 0 ? "" : ", ", numbers[i]);
    }
    printf("]");
}

static void print_sum(const struct count_sum *sum) {
    printf("\"accesses\": %" PRIu64, sum->accesses);
    print_numbers("atomics", sum->atomics, COUNT_ATOMICS);
    print_numbers("moves", sum->moves, COUNT_PLACES);
    printf(", \"locks\": [");
    for (unsigned i = 0; i < COUNT_RANKS; i++) {
        printf("%s", i == 0 ? "" : ", ");
        print_lock(&sum->locks[i]);
    }
    printf("]");
}

// What share of the time all of them ran, and how often one of them had to wait for a processor.
static void print_quiet(void) {
    uint64_t first = UINT64_MAX, start = 0, end = UINT64_MAX, last = 0;
    long taken_away = 0;
    for (const struct seat *seat = seats; seat < seats + run.threads; seat++) {
        first = seat->start_ns < first ? seat->start_ns : first;
        start = seat->start_ns > start ? seat->start_ns : start;
        end = seat->end_ns < end ? seat->end_ns : end;
        last = seat->end_ns > last ? seat->end_ns : last;
        taken_away += seat->switches;
    }
    double together = end > start ? (double)(end - start) / (double)(last - first) : 0;
    printf("\"together\": %.3f, \"switches\": %ld, ", together, taken_away);
}

static void print_result(void) {
    struct count_sum sum = {0};
    uint64_t blocks = 0, bytes = 0, ns = 0;
    for (unsigned i = 0; i < run.threads; i++) {
        add_sum(&sum, &count_of(i + 1)->sum);
        blocks += seats[i].worker.blocks;
        bytes += seats[i].worker.bytes;
        ns += seats[i].end_ns - seats[i].start_ns;
    }
    printf("{\"work\": \"%s\", \"threads\": %u, \"traced\": %s, \"blocks\": %" PRIu64
           ", \"bytes\": %" PRIu64 ", \"ns\": %" PRIu64 ", ",
           run.work->name, run.threads, count_is_traced() ? "true" : "false", blocks, bytes, ns);
    print_quiet();
    print_sum(&sum);
    printf(", \"rest\": {");
    print_sum(&count_of(0)->sum);
    printf("}");
    count_print_hot();
    printf("}\n");
}

// Start ---------------------------------------------------------------------------------

static void seat_worker(unsigned i) {
    struct worker *worker = &seats[i].worker;
    worker->index = i;
    worker->threads = run.threads;
    worker->dice = 0x9e3779b97f4a7c15u * (i + 1);
    worker->table = &tables[i];
    worker->in = &rings[i];
    worker->out = &rings[(i + 1) % run.threads];
    worker->mailboxes = mailboxes;
    // relaxed: no thread is there yet.
    atomic_store_explicit(&mailboxes[i], &tables[run.threads + i], memory_order_relaxed);
    (void)sem_init(&seats[i].turn, 0, i == 0 ? 1 : 0);
}

static void start(void *(*body)(void *)) {
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (unsigned i = 0; i < run.threads; i++) {
        if (pthread_create(&seats[i].thread, &attributes, body, &seats[i]) != 0) {
            die("no thread: fewer of them, or a higher limit (ulimit -u, vm.max_map_count)");
        }
    }
    for (unsigned i = 0; i < run.threads; i++) {
        (void)pthread_join(seats[i].thread, NULL);
    }
}

static void set_up(void) {
    count_begin(run.threads);
    seats = map(run.threads * sizeof *seats);
    rings = map(run.threads * sizeof *rings);
    tables = map(2 * run.threads * sizeof *tables);
    mailboxes = map(run.threads * sizeof *mailboxes);
    ash_heap_t *shared = ash_heap_new();
    if (shared == NULL) {
        die("no memory for a heap");
    }
    for (unsigned i = 0; i < run.threads; i++) {
        seat_worker(i);
        seats[i].worker.shared = shared;
    }
    (void)pthread_barrier_init(&begin, NULL, run.threads);
}

static bool set(const char *name, const char *value) {
    static const struct {
        const char *name;
        unsigned *to;
    } numbers[] = {{"--warm", &run.warm},
                   {"--turns", &run.turns},
                   {"--quantum", &run.quantum},
                   {"--ms", &run.ms}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].to = (unsigned)strtoul(value, NULL, 10);
            return true;
        }
    }
    return strcmp(name, "--planted") == 0 && planted_set(value);
}

static void usage(void) {
    fprintf(stderr, "scale_count|scale_time WORKLOAD THREADS [--warm TURNS] [--turns TURNS]"
                    " [--quantum STEPS] [--ms MILLISECONDS] [--planted lock|word|walk|block]\n");
    for (const struct workload *work = workloads; work->name != NULL; work++) {
        fprintf(stderr, "  %-9s %s\n", work->name, work->what);
    }
    exit(2);
}

int main(int count, char **arguments) {
    if (count < 3 || count % 2 == 0) {
        usage();
    }
    run.work = work_find(arguments[1]);
    run.threads = (unsigned)strtoul(arguments[2], NULL, 10);
    bool good = run.work != NULL && run.threads > 0 && run.threads <= THREADS_MAX;
    for (int i = 3; good && i + 1 < count; i += 2) {
        good = set(arguments[i], arguments[i + 1]);
    }
    if (!good) {
        usage();
    }
    set_up();
    if (count_is_traced()) {
        stay_on(0);  // all: a turn is handed over without waking another processor
        start(run_in_turns);
    } else {
        start(run_freely);
    }
    print_result();
    return 0;
}
