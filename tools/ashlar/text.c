#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

static void *memory_checked(void *block) {
    if (block == NULL) {
        static const char words[] = "ashlar: out of memory\n";
        (void)!write(STDERR_FILENO, words, sizeof(words) - 1);
        _exit(ASH_EXIT_TOOL);
    }
    return block;
}

void *memory_get(size_t count, size_t bytes) {
    return memory_checked(calloc(count != 0 ? count : 1, bytes));
}

void *memory_resize(void *block, size_t count, size_t bytes) {
    return memory_checked(reallocarray(block, count != 0 ? count : 1, bytes));
}

char *string_copy(const char *string) {
    return memory_checked(strdup(string));
}

char *string_format(const char *format, ...) {
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_addv(&text, format, arguments);
    va_end(arguments);
    return text.bytes != NULL ? text.bytes : string_copy("");
}

static void text_reserve(struct text *text, size_t more) {
    size_t wanted = text->length + more + 1;
    if (wanted <= text->room) {
        return;
    }
    size_t room = text->room != 0 ? text->room : 64;
    while (room < wanted) {
        room *= 2;
    }
    text->bytes = memory_resize(text->bytes, room, 1);
    text->room = room;
}

void text_add_bytes(struct text *text, const char *bytes, size_t count) {
    text_reserve(text, count);
    if (count != 0) {
        memcpy(text->bytes + text->length, bytes, count);
    }
    text->length += count;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string) {
    text_add_bytes(text, string, strlen(string));
}

void text_addv(struct text *text, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        text_reserve(text, (size_t)length);
        (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_addf(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_addv(text, format, arguments);
    va_end(arguments);
}

void text_clear(struct text *text) {
    text->length = 0;
    if (text->bytes != NULL) {
        text->bytes[0] = '\0';
    }
}

void text_free(struct text *text) {
    free(text->bytes);
    *text = (struct text){0};
}

const char *text_get(const struct text *text) {
    return text->bytes != NULL ? text->bytes : "";
}

bool text_read_file(struct text *text, const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    char chunk[8192];
    ssize_t got = 0;
    do {
        got = read(file, chunk, sizeof(chunk));
        if (got > 0) {
            text_add_bytes(text, chunk, (size_t)got);
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    int problem = errno;
    close(file);
    errno = problem;
    return got == 0;
}

void text_add_shell_word(struct text *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_^";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        text_add(text, word);
        return;
    }
    text_add(text, "'");
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            text_add(text, "'\\''");
        } else {
            text_add_bytes(text, at, 1);
        }
    }
    text_add(text, "'");
}

void text_add_command(struct text *text, char *const *words) {
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i != 0) {
            text_add(text, " ");
        }
        text_add_shell_word(text, words[i]);
    }
}
