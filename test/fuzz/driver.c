// Runs a harness over files, without a fuzzer: the committed corpus, or an input that failed.
//
//   fuzz_replay_NAME FILE|FOLDER...
//
// Exit status 0: every input passed. 1: one failed; its path is said. 2: bad arguments.

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { INPUT_MAX = 1 << 20, PATH_BYTES = 4096 };

static char driver_path[PATH_BYTES];
static size_t driver_count;

// write(2) and _exit(2) alone: it runs wherever the harness stood.
static void say_which(int signal_number) {
    static const char what[] = "fuzz: FAIL: the input was ";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, what, sizeof what - 1);
    written += write(STDERR_FILENO, driver_path, strlen(driver_path));
    written += write(STDERR_FILENO, "\n", 1);
    _exit(written > 0 ? 1 : 2);
}

static _Noreturn void give_up(const char *path) {
    fprintf(stderr, "fuzz_replay: %s: %s; name files or folders of inputs\n", path,
            strerror(errno));
    exit(2);
}

// The input lies in memory of its own size, so that a sanitizer sees a read behind its end.
static void replay_file(const char *path) {
    static uint8_t space[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        give_up(path);
    }
    size_t count = fread(space, 1, sizeof space, file);
    (void)fclose(file);
    uint8_t *bytes = malloc(count > 0 ? count : 1);
    if (bytes == NULL) {
        give_up(path);
    }
    memcpy(bytes, space, count);
    (void)snprintf(driver_path, sizeof driver_path, "%s", path);
    (void)LLVMFuzzerTestOneInput(bytes, count);
    free(bytes);
    driver_count++;
}

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "README.md") != 0;
}

static void replay_folder(const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, is_shown, alphasort);
    if (count < 0) {
        give_up(path);
    }
    for (int i = 0; i < count; i++) {
        char file[PATH_BYTES];
        (void)snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        replay_file(file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv) {
    const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], say_which);
    }
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0) {
            give_up(argv[i]);
        }
        (S_ISDIR(status.st_mode) ? replay_folder : replay_file)(argv[i]);
    }
    if (driver_count == 0) {
        errno = ENOENT;
        give_up("no input");
    }
    printf("fuzz_replay: %zu inputs passed\n", driver_count);
    return 0;
}
