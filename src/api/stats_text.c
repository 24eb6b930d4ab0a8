// The figures for people: the tree of parts, then the counts, the process and the classes.

#include "api/stats.h"
#include "base/fmt.h"
#include "platform/os.h"
#include "platform/report.h"

enum { TEXT_LINE = 128, TEXT_COLUMN = 24, TEXT_DIGITS = 20 };

struct stats_text {
    ash_output_t *out;
    void *argument;
};

static void text_to_output(const char *text, void *argument) {
    (void)argument;
    ash_report_write(text);
}

static void text_pad(struct ash_fmt *line, size_t column) {
    while (line->length < column) {
        ash_fmt_text(line, " ");
    }
}

// Right-aligned in `width` columns from where the line ends.
static void text_number(struct ash_fmt *line, size_t width, uint64_t value) {
    size_t digits = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10) {
        digits++;
    }
    text_pad(line, line->length + (digits < width ? width - digits : 1));
    ash_fmt_uint(line, value);
}

static void text_line(const struct stats_text *to, const char *name, int depth, uint64_t value) {
    char text[TEXT_LINE];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    text_pad(&line, 2 * (size_t)depth);
    ash_fmt_text(&line, name);
    text_pad(&line, TEXT_COLUMN);
    text_number(&line, TEXT_DIGITS, value);
    ash_fmt_text(&line, "\n");
    to->out(text, to->argument);
}

static void text_classes(const struct stats_text *to, const struct ash_class_stats *classes) {
    char text[TEXT_LINE];
    struct ash_fmt line;
    ash_fmt_init(&line, text, sizeof text);
    for (unsigned i = 0; i < ASH_CLASS_FIELDS; i++) {
        text_pad(&line, line.length + (i == 0 ? 0 : 2));
        ash_fmt_text(&line, ash_class_fields[i].name);
    }
    ash_fmt_text(&line, "\n");
    to->out(text, to->argument);
    for (unsigned i = 0; i < ASH_CLASS_COUNT; i++) {
        if (classes[i].spans == 0) {
            continue;
        }
        ash_fmt_init(&line, text, sizeof text);
        for (unsigned k = 0; k < ASH_CLASS_FIELDS; k++) {
            text_number(&line, 11, ash_stats_value(&classes[i], &ash_class_fields[k]));
        }
        ash_fmt_text(&line, "\n");
        to->out(text, to->argument);
    }
}

static void text_process(const struct stats_text *to) {
    struct ash_os_usage usage;
    ash_os_usage(&usage);
    text_line(to, "resident", 0, usage.resident_bytes);
    text_line(to, "resident_peak", 0, usage.resident_peak_bytes);
    text_line(to, "elapsed_ms", 0, usage.elapsed_ms);
    text_line(to, "user_ms", 0, usage.user_ms);
    text_line(to, "system_ms", 0, usage.system_ms);
    text_line(to, "minor_faults", 0, usage.minor_faults);
    text_line(to, "major_faults", 0, usage.major_faults);
}

ASH_NOINLINE bool ash_stats_print(ash_output_t *out, void *argument) {
    struct stats_text to = {out != NULL ? out : text_to_output, argument};
    struct ash_stats stats;
    struct ash_class_stats classes[ASH_CLASS_COUNT];
    if (!ash_stats_take(NULL, &stats, classes)) {
        return false;
    }
    to.out("ashlar: bytes, each the sum of what is indented below it\n", argument);
    for (unsigned i = 0; i < ASH_STATS_PARTS; i++) {
        const struct ash_stats_field *part = &ash_stats_parts[i];
        text_line(&to, part->name, part->depth, ash_stats_value(&stats, part));
    }
    to.out("so far, and how many\n", argument);
    for (unsigned i = 0; i < ASH_STATS_COUNTS; i++) {
        const struct ash_stats_field *count = &ash_stats_counts[i];
        text_line(&to, count->name, 0, ash_stats_value(&stats, count));
    }
    to.out("the process, as the kernel sees it\n", argument);
    text_process(&to);
    to.out("size classes: bytes of a block, blocks, spans\n", argument);
    text_classes(&to, classes);
    return true;
}
