// The heap's protocols: publishing and draining, leaving and tending, adopting, taking over.

#include "heap/depot.h"
#include "heap/hold.h"
#include "heap/news.h"
#include "heap/orphan.h"
#include "heap/realm.h"
#include "heap/registry.h"
#include "heap/release.h"
#include "heap/remote.h"
#include "heap/span.h"
#include "heap/tenure.h"
#include "heap_world.h"
#include "stage.h"

// Heap 0 owns the spans at first. Heap 1 is another thread's. The blocks are out.
#define OWNER (&world_heaps[0])
#define OTHER (&world_heaps[1])
#define THIRD (&world_heaps[2])

static struct ash_record *spans[2];
static struct ash_block *blocks[4];
static struct ash_heap *taken[2];

// One span with `count` blocks of blocks[] out, and `more` that stay out.
static void prepare_span(int count, int more) {
    world_prepare();
    spans[0] = world_cut(OWNER);
    for (int i = 0; i < count; i++) {
        blocks[i] = world_take(OWNER, spans[0]);
    }
    for (int i = 0; i < more; i++) {
        (void)world_take(OWNER, spans[0]);
    }
}

static void prepare_two_and_one(void) {
    prepare_span(2, 1);
}

static void prepare_two(void) {
    prepare_span(2, 0);
}

static void prepare_two_spans(void) {
    prepare_span(2, 1);
    spans[1] = world_cut(OWNER);
    blocks[2] = world_take(OWNER, spans[1]);
    blocks[3] = world_take(OWNER, spans[1]);
}

static void prepare_three(void) {
    prepare_span(3, 0);
}

static void prepare_orphan(void) {
    prepare_span(2, 1);
    ash_orphan_abandon(OWNER);
}

static void free_first(void) {
    ash_remote_free_now(spans[0], blocks[0]);
}

static void free_second(void) {
    ash_remote_free_now(spans[0], blocks[1]);
}

static void free_first_two(void) {
    free_first();
    free_second();
}

static void drain_once(void) {
    ash_remote_drain(OWNER);
}

static void drain_twice(void) {
    ash_remote_drain(OWNER);
    ash_remote_drain(OWNER);
}

// What a refill does, and then all goes back.
static void refill(void) {
    ash_remote_sort(OWNER);
    stage_reach(ash_remote_take(OWNER, 0) ? 0 : 1);
    ash_release_bin(OWNER, 0);
    (void)ash_depot_settle(OWNER);
}

static void leave(void) {
    ash_orphan_abandon(OWNER);
}

// A chain of two of one span and one of another, gathered first.
static void free_chains(void) {
    ash_remote_free(OTHER, spans[0], blocks[0]);
    ash_remote_free(OTHER, spans[0], blocks[1]);
    ash_remote_free(OTHER, spans[1], blocks[2]);
    ash_remote_flush(OTHER);
}

// A list of one node, which holds the second block.
static void free_node(void) {
    ash_remote_free(OTHER, spans[0], blocks[0]);
    ash_remote_free(OTHER, spans[0], blocks[1]);
    ash_remote_flush(OTHER);
}

static void free_third(void) {
    ash_remote_free_now(spans[0], blocks[2]);
}

static void free_fourth(void) {
    ash_remote_free_now(spans[1], blocks[3]);
}

// What a refill does with an adopted span, but for the bin.
static void adopt_as(struct ash_heap *heap) {
    struct ash_record *span = ash_orphan_adopt(heap, 0);
    stage_reach(span != NULL ? 0 : 1);
    if (span != NULL) {
        stage_claim(span == spans[0]);
        ash_span_put(heap, span, ASH_PLACE_ROOMY);
    }
}

static void adopt_and_drain(void) {
    adopt_as(OTHER);
    ash_remote_drain(OTHER);
}

static void adopt_and_leave(void) {
    adopt_as(OTHER);
    ash_orphan_abandon(OTHER);
}

static void adopt_too(void) {
    adopt_as(THIRD);
    ash_remote_drain(THIRD);
}

// What the owner does on a slow path, and the helper meanwhile.
static void work(void) {
    ash_hold(OWNER);
    ash_remote_drain(OWNER);
    ash_hold_end(OWNER);
}

static void tend_active(void) {
    bool more;
    stage_reach(ash_hold_tend(OWNER, false, &more) ? 0 : 1);
}

static void tend(void) {
    ash_orphan_tend(OWNER);
}

// What a new thread does: the heap is its own from then on.
static void take_over_as(int thread) {
    taken[thread] = ash_registry_take_orphan(&ash_realm_main);
    if (taken[thread] != NULL) {
        stage_claim(taken[thread] == OWNER);
        stage_reach((unsigned)thread);
        ash_registry_set_thread(OWNER, 10 + (uint32_t)thread, 1);
        ash_remote_drain(OWNER);
    }
}

static void take_over(void) {
    take_over_as(0);
}

static void take_over_too(void) {
    take_over_as(1);
}

static void take_over_and_leave(void) {
    take_over();
    if (taken[0] != NULL) {
        leave();
    }
}

static void none_out(void) {
    world_settle(0);
}

static void one_out(void) {
    world_settle(1);
}

static void two_out(void) {
    world_settle(2);
}

static void three_out(void) {
    world_settle(3);
}

static void only_one_took_over(void) {
    stage_claim(taken[0] == NULL || taken[1] == NULL);
    world_settle(1);
}

static void walk_heaps(void) {
    int count = 0;
    for (struct ash_heap *heap = NULL; (heap = ash_registry_next(heap)) != NULL;) {
        count += heap->span_count == 0;
    }
    stage_claim(count == WORLD_HEAPS || count == WORLD_HEAPS + 1);
    stage_reach(count == WORLD_HEAPS ? 0 : 1);
}

static void add_heap(void) {
    static struct ash_heap heap;
    heap.span_count = 0;
    ash_registry_add(&heap);
}

static void found_all(void) {
    walk_heaps();
}

const struct stage_scenario stage_scenarios[] = {
    {"publish",
     "two threads publish, the owner drains",
     prepare_two_and_one,
     {drain_twice, free_first, free_second},
     one_out,
     0},
    {"chains",
     "chains of two spans wait on one inbox",
     prepare_two_spans,
     {drain_once, free_chains, free_fourth},
     one_out,
     0},
    {"nodes",
     "a node that holds a block is published before or behind another",
     prepare_three,
     {refill, free_node, free_third},
     none_out,
     2},
    {"requeue",
     "a drained span is queued again",
     prepare_two_and_one,
     {drain_twice, free_first_two},
     one_out,
     0},
    {"take",
     "a chain grows while its span waits among the news, and becomes a bin's list",
     prepare_two_and_one,
     {refill, free_first, free_second},
     one_out,
     2},
    {"leave",
     "the owner leaves while another publishes; one of the two takes it in",
     prepare_two_and_one,
     {leave, free_first_two},
     one_out,
     0},
    {"leave_empty",
     "the owner leaves while two publish; the last block in retires the span",
     prepare_two,
     {leave, free_first, free_second},
     none_out,
     0},
    {"adopt",
     "a span is adopted while another publishes to it",
     prepare_orphan,
     {adopt_and_drain, free_first},
     two_out,
     2},
    {"adopt_twice",
     "a span is adopted while two publish to it",
     prepare_orphan,
     {adopt_and_drain, free_first, free_second},
     one_out,
     2},
    {"pass_on",
     "news for an adopter that leaves is passed on",
     prepare_orphan,
     {adopt_and_leave, free_first},
     two_out,
     2},
    {"adopt_again",
     "a span is adopted twice in a row while another publishes to it",
     prepare_orphan,
     {adopt_and_leave, adopt_too, free_first},
     two_out,
     2},
    {"take_over",
     "a new thread takes an orphan over while another pushes",
     prepare_orphan,
     {take_over, free_first_two},
     one_out,
     1},
    {"take_over_tended",
     "a new thread takes an orphan over while others push and tend",
     prepare_orphan,
     {take_over, free_first, tend},
     two_out,
     1},
    {"take_over_and_leave",
     "it may end at once",
     prepare_orphan,
     {take_over_and_leave, free_first},
     two_out,
     1},
    {"take_over_all",
     "a new thread takes an orphan over while two push and one tends",
     prepare_orphan,
     {take_over, free_first, tend, free_second},
     one_out,
     1},
    {"work",
     "the owner works on its spans while the helper tends them and another publishes",
     prepare_two_and_one,
     {work, tend_active, free_first_two},
     one_out,
     2},
    {"work_twice",
     "two threads that take one heap for theirs, as raw clones do, take turns",
     prepare_two_and_one,
     {work, tend_active, work},
     three_out,
     2},
    {"tend_and_leave",
     "the owner leaves while the helper tends the heap and another publishes",
     prepare_two_and_one,
     {leave, tend_active, free_first},
     two_out,
     2},
    {"one_heir",
     "only one of two new threads has the orphan",
     prepare_orphan,
     {take_over, take_over_too, free_first_two},
     only_one_took_over,
     2},
    {"registry",
     "heaps are added while others walk",
     world_prepare,
     {add_heap, walk_heaps},
     found_all,
     2},
    {0},
};
