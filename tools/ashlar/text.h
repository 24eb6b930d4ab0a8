// Text that grows, and the tool's allocation helpers. Running out of memory in
// the tool is not worth recovering from: it ends with status 125.

#ifndef ASHLAR_TOOL_TEXT_H
#define ASHLAR_TOOL_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "print.h"

struct text {
    char *bytes;  // always terminated once anything was added
    size_t length;
    size_t room;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_addf(struct text *text, const char *format, ...) PRINTS(2, 3);
void text_addv(struct text *text, const char *format, va_list arguments);
void text_clear(struct text *text);
void text_free(struct text *text);
// The contents, "" when nothing was added.
const char *text_get(const struct text *text);

void *memory_get(size_t count, size_t bytes);
void *memory_resize(void *block, size_t count, size_t bytes);
char *string_copy(const char *string);
char *string_format(const char *format, ...) PRINTS(1, 2);

// Reads a whole (also a /proc) file into `text`; false with errno.
bool text_read_file(struct text *text, const char *path);

// Adds `word` as a POSIX shell would have to be given it.
void text_add_shell_word(struct text *text, const char *word);
// The whole command as one line that a shell reads back as the same words.
void text_add_command(struct text *text, char *const *words);

#endif
