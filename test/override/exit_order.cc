// exit_order: everything that may run at the end of a thread or of the process allocates and frees:
// thread_local destructors, every round of pthread key destructors, atexit handlers and static
// destructors. A block left by the last round is freed by another thread afterwards.

#include "common.h"

#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

std::atomic<int> rounds_seen{0};
std::atomic<int> thread_locals_seen{0};
std::atomic<int> handlers_seen{0};
std::atomic<char *> left_over{nullptr};
pthread_key_t key;

// The first of the program's statics, so the last to be destroyed.
struct LastWord {
    ~LastWord() {
        bool good = exercise(1, 500) && handlers_seen == 2;
        if (!good || fputs("done\n", stdout) < 0 || fflush(stdout) != 0) {
            _exit(1);
        }
    }
} last_word;

std::map<std::string, std::vector<std::string>> big_static;

struct Local {
    std::vector<std::string> words = std::vector<std::string>(50, std::string(100, 'x'));
    ~Local() {
        expect(exercise(2, 300), "a thread_local destructor allocates");
        words.resize(500, std::string(200, 'y'));
        thread_locals_seen++;
    }
};

thread_local Local local;

// Called again and again, as long as it sets the key again, up to the system's limit.
void destroy_value(void *value) {
    free(value);
    expect(exercise(3, 300), "a key destructor allocates");
    void *next = keep(malloc(500));
    memset(next, 1, 500);
    rounds_seen++;
    pthread_setspecific(key, next);
    // The value of the last round is nobody's: the thread is gone when it is freed.
    left_over = static_cast<char *>(next);
}

void *work(void *) {
    pthread_setspecific(key, malloc(300));
    expect(local.words.size() == 50, "a thread_local is made");
    expect(exercise(4, 1000), "a thread allocates");
    return nullptr;
}

void handler() {
    expect(exercise(5, 500), "an atexit handler allocates");
    free(keep(malloc(300000)));
    handlers_seen++;
}

}  // namespace

int main() {
    require_ashlar();
    deadline(60);
    expect(atexit(handler) == 0 && atexit(handler) == 0, "atexit takes a handler");
    expect(pthread_key_create(&key, destroy_value) == 0, "a key is made");
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        rounds_seen = 0;
        expect(pthread_create(&thread, nullptr, work, nullptr) == 0, "a thread starts");
        pthread_join(thread, nullptr);
        expect(rounds_seen == PTHREAD_DESTRUCTOR_ITERATIONS, "every round ran");
        expect(left_over[0] == 1 && left_over[499] == 1, "the last block outlives the thread");
        free(left_over);
    }
    expect(thread_locals_seen == 300, "every thread_local was destroyed");
    for (int i = 0; i < 1000; i++) {
        big_static[std::to_string(i)].assign(10, std::string(static_cast<size_t>(i % 90), 'z'));
    }
    expect(local.words.size() == 50, "main's thread_local is made");
    return 0;
}
