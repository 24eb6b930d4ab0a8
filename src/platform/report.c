#include "platform/report.h"

#include <stdint.h>
#include <string.h>

#include "ashlar/control.h"
#include "base/assert.h"
#include "base/callback.h"
#include "base/fmt.h"
#include "base/options.h"
#include "platform/os.h"

enum { REPORT_BYTES = 320 };

struct ash_callback ash_report_output, ash_report_handler;

void ash_report_write(const char *text) {
    void *argument;
    ash_output_t *out = (ash_output_t *)ash_callback_get(&ash_report_output, &argument);
    if (out != NULL) {
        out(text, argument);
    } else {
        ash_os_write(text, strlen(text));
    }
}

// A line that was cut off still ends.
static void report_line(struct ash_fmt *line) {
    if (line->length + 1 == line->room) {
        line->length--;
    }
    ash_fmt_text(line, "\n");
    ash_report_write(line->text);
}

static void report_begin(struct ash_fmt *line, char text[REPORT_BYTES],
                         const struct ash_error_row *row) {
    ash_fmt_init(line, text, REPORT_BYTES);
    ash_fmt_text(line, "ashlar: ");
    ash_fmt_text(line, row->code);
    ash_fmt_text(line, ": ");
}

static void report_end(struct ash_fmt *line, const struct ash_error_row *row) {
    if (ash_error_next(row)[0] != '\0') {
        ash_fmt_text(line, "; ");
        ash_fmt_text(line, ash_error_next(row));
    }
}

// Writes the line, if it is to be shown, and tells the program.
static void report_deliver(struct ash_fmt *line, enum ash_error error, const void *pointer,
                           bool shown) {
    if (shown) {
        report_line(line);
        line->text[line->length - 1] = '\0';
    }
    void *argument;
    ash_error_handler_t *told =
        (ash_error_handler_t *)ash_callback_get(&ash_report_handler, &argument);
    if (told != NULL) {
        told(error, line->text, pointer, argument);
    }
}

ASH_COLD void ash_say(const char *what) {
    char text[REPORT_BYTES];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_text(&line, "ashlar: ");
    ash_fmt_text(&line, what);
    report_line(&line);
}

static void report_plain(enum ash_error error, bool shown) {
    const struct ash_error_row *row = ash_error_row(error);
    char text[REPORT_BYTES];
    struct ash_fmt line;
    report_begin(&line, text, row);
    ash_fmt_text(&line, ash_error_why(row));
    report_end(&line, row);
    report_deliver(&line, error, NULL, shown);
}

ASH_COLD void ash_report(enum ash_error error) {
    bool last_words = ash_option_value(ASH_OPTION_ABORT_ON_WARNING) != 0;
    report_plain(error, last_words || ash_option_value(ASH_OPTION_SHOW_WARNINGS) != 0);
    if (last_words) {
        ash_fatal(ASH_E_ABORT_ON_WARNING);
    }
}

ASH_COLD void ash_report_setting(enum ash_error error, const char *what) {
    const struct ash_error_row *row = ash_error_row(error);
    char text[REPORT_BYTES];
    struct ash_fmt line;
    report_begin(&line, text, row);
    ash_fmt_text(&line, what);
    report_end(&line, row);
    report_deliver(&line, error, NULL, true);
}

static void report_pointer(const struct ash_error_row *row, const char *what, const void *pointer,
                           const char *why) {
    char text[REPORT_BYTES];
    struct ash_fmt line;
    report_begin(&line, text, row);
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " of ");
    ash_fmt_hex(&line, (uint64_t)(uintptr_t)pointer);
    ash_fmt_text(&line, ": ");
    ash_fmt_text(&line, why);
    report_end(&line, row);
    report_deliver(&line, row->error, pointer, true);
}

ASH_COLD _Noreturn void ash_report_bad_pointer(enum ash_error error, const char *what,
                                               const void *pointer) {
    const struct ash_error_row *row = ash_error_row(error);
    report_pointer(row, what, pointer, ash_error_why(row));
    ash_os_abort();
}

ASH_COLD void ash_report_pointer(enum ash_error error, const char *what, const void *pointer,
                                 const char *why) {
    report_pointer(ash_error_row(error), what, pointer, why);
}

ASH_COLD void ash_report_refused_because(enum ash_error error, const char *what,
                                         const void *pointer, const char *why) {
    report_pointer(ash_error_row(error), what, pointer, why);
    if (ash_option_value(ASH_OPTION_ABORT_ON_ERROR)) {
        ash_os_abort();
    }
}

ASH_COLD void ash_report_refused(enum ash_error error, const char *what, const void *pointer) {
    ash_report_refused_because(error, what, pointer, ash_error_why(ash_error_row(error)));
}

ASH_COLD _Noreturn void ash_fatal(enum ash_error error) {
    report_plain(error, true);
    ash_os_abort();
}

ASH_COLD _Noreturn void ash_assert_failed(const char *what, const char *file, int line_number) {
    const struct ash_error_row *row = ash_error_row(ASH_E_ASSERTION);
    char text[REPORT_BYTES];
    struct ash_fmt line;
    report_begin(&line, text, row);
    ash_fmt_text(&line, ash_error_why(row));
    ash_fmt_text(&line, ": ");
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " at ");
    ash_fmt_text(&line, file);
    ash_fmt_text(&line, ":");
    ash_fmt_uint(&line, (uint64_t)(unsigned)line_number);
    report_end(&line, row);
    report_deliver(&line, ASH_E_ASSERTION, NULL, true);
    ash_os_abort();
}
