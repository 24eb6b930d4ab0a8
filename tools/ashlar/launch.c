#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload.h"
#include "say.h"

void launch_prepare(struct launch *launch, const char *path, char **words, bool show_output) {
    struct stat status;
    *launch =
        (struct launch){.path = path, .words = words, .show_output = show_output, .input = -1};
    bool known = fstat(STDIN_FILENO, &status) == 0;
    if (known && S_ISREG(status.st_mode)) {
        launch->input = STDIN_FILENO;
        launch->input_at = lseek(STDIN_FILENO, 0, SEEK_CUR);
    } else if (known && S_ISFIFO(status.st_mode)) {
        fprintf(stderr, "ashlar: stdin is a pipe, which can be read only once: the command gets an "
                        "empty one. Give it a file (< FILE) instead.\n");
    }
    launch->errors = memfd_create("ashlar-stderr", MFD_CLOEXEC);
}

// In the child: nothing here may return.
static void child_execute(const struct launch *launch, int gate) {
    char byte = 0;
    if (gate >= 0 && read(gate, &byte, 1) != 1) {
        _exit(ASH_EXIT_TOOL);
    }
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (launch->input < 0) {
        (void)dup2(nothing, STDIN_FILENO);
    } else {
        (void)lseek(launch->input, launch->input_at, SEEK_SET);
    }
    if (!launch->show_output) {
        (void)dup2(nothing, STDOUT_FILENO);
        (void)dup2(launch->errors >= 0 ? launch->errors : nothing, STDERR_FILENO);
    }
    execvp(launch->path, launch->words);
    _exit(errno == ENOENT ? ASH_EXIT_NOT_FOUND : ASH_EXIT_NOT_EXECUTABLE);
}

// LD_PRELOAD is set before the fork and restored after it: whatever the child
// itself does before it executes counts in its faults and peak RSS.
static void preload_swap(const char *value) {
    if (value != NULL) {
        (void)setenv("LD_PRELOAD", value, 1);
    } else {
        (void)unsetenv("LD_PRELOAD");
    }
}

pid_t launch_start(const struct launch *launch, const char *library, int gate) {
    const char *users = getenv("LD_PRELOAD");
    char *kept = users != NULL ? string_copy(users) : NULL;
    char *preload = library != NULL ? preload_value(library) : NULL;
    fflush(stdout);
    fflush(stderr);
    if (launch->errors >= 0) {
        (void)ftruncate(launch->errors, 0);
        (void)lseek(launch->errors, 0, SEEK_SET);
    }
    preload_swap(preload != NULL ? preload : kept);
    pid_t child = fork();
    if (child == 0) {
        child_execute(launch, gate);
    }
    int problem = errno;
    preload_swap(kept);
    free(preload);
    free(kept);
    errno = problem;
    return child;
}

int launch_status(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void launch_last_words(const struct launch *launch, struct text *text) {
    enum { MOST = 400 };
    char bytes[MOST];
    struct stat status;
    if (launch->errors < 0 || fstat(launch->errors, &status) != 0) {
        return;
    }
    off_t from = status.st_size > MOST ? status.st_size - MOST : 0;
    ssize_t got = pread(launch->errors, bytes, sizeof(bytes), from);
    text_clear(text);
    if (got > 0) {
        text_add_bytes(text, bytes, (size_t)got);
        while (text->length != 0 && text->bytes[text->length - 1] == '\n') {
            text->bytes[--text->length] = '\0';
        }
    }
}
