#include "platform/report.h"

#include <stdint.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/options.h"
#include "platform/os.h"

// A line that was cut off still ends.
static void report_line(struct ash_fmt *line) {
    if (line->length + 1 == line->room) {
        line->length--;
    }
    ash_fmt_text(line, "\n");
    ash_os_write(line->text, line->length);
}

ASH_COLD void ash_say(const char *what) {
    char text[256];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_text(&line, "ashlar: ");
    ash_fmt_text(&line, what);
    report_line(&line);
}

ASH_COLD void ash_report(const char *what) {
    bool last_words = ash_option_value(ASH_OPTION_ABORT_ON_WARNING) != 0;
    if (last_words || ash_option_value(ASH_OPTION_SHOW_WARNINGS)) {
        ash_say(what);
    }
    if (last_words) {
        ash_fatal("the option abort_on_warning ends the process");
    }
}

ASH_COLD _Noreturn void ash_report_bad_pointer(const char *what, const void *pointer,
                                               const char *next) {
    char text[256];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_text(&line, "ashlar: ");
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " of ");
    ash_fmt_hex(&line, (uint64_t)(uintptr_t)pointer);
    ash_fmt_text(&line, ": ");
    ash_fmt_text(&line, next);
    report_line(&line);
    ash_os_abort();
}

ASH_COLD _Noreturn void ash_fatal(const char *why) {
    ash_say(why);
    ash_os_abort();
}

ASH_COLD _Noreturn void ash_assert_failed(const char *what, const char *file, int line_number) {
    char text[256];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    ash_fmt_text(&line, "ashlar: assertion failed: ");
    ash_fmt_text(&line, what);
    ash_fmt_text(&line, " at ");
    ash_fmt_text(&line, file);
    ash_fmt_text(&line, ":");
    ash_fmt_uint(&line, (uint64_t)(unsigned)line_number);
    report_line(&line);
    ash_os_abort();
}
