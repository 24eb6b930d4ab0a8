// A program with a cache: above the soft limit the cache gives way, above the hard one a request is
// refused.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>
#include <ashlar/control.h>

enum { MIB = 1 << 20 };

struct entry {
    struct entry *next;
    char text[100000];
};

struct cache {
    struct entry *first;
    int shrunk;
};

static bool put(struct cache *cache) {
    struct entry *entry = ash_malloc(sizeof *entry);
    if (entry == NULL) {
        return false;
    }
    entry->next = cache->first;
    cache->first = entry;
    return true;
}

// Called by the thread that has crossed the soft limit, when its block is taken.
static void shrink(size_t used, size_t soft, void *argument) {
    struct cache *cache = argument;
    (void)used;
    while (cache->first != NULL && ash_limit_used() > soft / 4 * 3) {
        struct entry *entry = cache->first;
        cache->first = entry->next;
        ash_free(entry);
    }
    cache->shrunk++;
}

int main(void) {
    struct cache cache = {NULL, 0};
    ash_set_limit_handler(shrink, &cache);
    if (ash_limit_set((size_t)32 * MIB, (size_t)48 * MIB) != 0) {
        return EXIT_FAILURE;
    }
    int count = 0;
    while (count < 5000 && put(&cache)) {
        count++;
    }
    void *greedy = ash_malloc((size_t)40 * MIB);  // on top of what the cache has: too much
    printf("%d entries through a cache that has shrunk %d times; %zu MiB in use; 40 more: %s\n",
           count, cache.shrunk, ash_limit_used() / MIB, greedy == NULL ? "no" : "yes");
    return count == 5000 && cache.shrunk > 10 && greedy == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
