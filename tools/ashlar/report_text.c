// Two lines an allocator: medians with the ratio to glibc, then the spread.

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "say.h"

enum { NAME_COLUMNS = 9, VALUE_COLUMNS = 9, RATIO_COLUMNS = 7, LINE_COLUMNS = 80 };

static enum paint outcome_paint(enum outcome outcome) {
    static const enum paint paints[] = {[OUTCOME_BETTER] = PAINT_GOOD,
                                        [OUTCOME_SAME] = PAINT_NONE,
                                        [OUTCOME_WORSE] = PAINT_BAD,
                                        [OUTCOME_UNKNOWN] = PAINT_FAINT};
    return paints[outcome];
}

// Breaks `text` at spaces so that no line exceeds the terminal's 80 columns; a
// UTF-8 letter counts as one.
static void print_wrapped(FILE *out, const char *text) {
    size_t column = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        size_t letters = 0;
        for (size_t i = 0; i < length; i++) {
            letters += ((unsigned char)text[i] & 0xC0) != 0x80;
        }
        if (column != 0 && column + 1 + letters > LINE_COLUMNS) {
            fputc('\n', out);
            column = 0;
        } else if (column != 0) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)length, text);
        column += letters;
        text += length + strspn(text + length, " ");
    }
    fputc('\n', out);
}

static void print_heading(FILE *out, const struct comparison *comparison) {
    struct text line = {0};
    text_addf(&line, "%zu round%s of: ", comparison->rounds, comparison->rounds == 1 ? "" : "s");
    text_add_command(&line, comparison->words);
    enum { MOST = 240 };
    if (line.length > MOST) {
        // Never inside a letter of several bytes.
        size_t end = MOST;
        while (end > 0 && ((unsigned char)line.bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        line.bytes[end] = '\0';
        line.length = end;
        text_add(&line, " ...");
    }
    print_wrapped(out, line.bytes);
    text_free(&line);
    fprintf(out, "\n%s%-*s", paint_start(out, PAINT_STRONG), NAME_COLUMNS, "");
    static const char *const titles[METRIC_COUNT] = {"time", "CPU", "peak RSS", "page faults"};
    for (int i = 0; i < METRIC_COUNT; i++) {
        fprintf(out, "%*s%*s", i == METRIC_FAULTS ? VALUE_COLUMNS + 2 : VALUE_COLUMNS, titles[i],
                i == METRIC_FAULTS ? RATIO_COLUMNS - 2 : RATIO_COLUMNS, "");
    }
    fprintf(out, "used in%s\n", paint_end(out));
}

static void print_values(FILE *out, const struct contender *contender, bool is_reference) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct summary *summary = &contender->summaries[i];
        struct text value = {0};
        metric_add(&value, (enum metric)i, summary->median);
        fprintf(out, "%*s", VALUE_COLUMNS, text_get(&value));
        text_free(&value);
        if (summary->has_ratio && !is_reference) {
            fprintf(out, "%s%*.2fx%s", paint_start(out, outcome_paint(summary_outcome(summary))),
                    RATIO_COLUMNS - 1, summary->ratio, paint_end(out));
        } else {
            fprintf(out, "%*s", RATIO_COLUMNS, "");
        }
    }
}

static void print_used(FILE *out, const struct proof *proof) {
    char words[32];
    if (proof->method == PROOF_NONE) {
        fprintf(out, "%*s\n", 7, "?");
        return;
    }
    snprintf(words, sizeof(words), "%u/%u", proof->active, proof->processes);
    bool all = proof->active == proof->processes;
    fprintf(out, "%s%*s%s\n",
            paint_start(out, all                  ? PAINT_NONE
                             : proof->active == 0 ? PAINT_BAD
                                                  : PAINT_WARN),
            7, words, paint_end(out));
}

// Removes the unit that both ends share with the line above; ends with different
// units keep them, without the space, to fit.
static void shorten_units(char *least, char *most) {
    char *units[2] = {strchr(least, ' '), strchr(most, ' ')};
    bool shared = units[0] != NULL && units[1] != NULL && strcmp(units[0], units[1]) == 0;
    for (int end = 0; end < 2; end++) {
        if (units[end] != NULL) {
            const char *from = shared ? "" : units[end] + 1;
            memmove(units[end], from, strlen(from) + 1);
        }
    }
}

// "1.15..1.19", or "998ms..1.02s".
static void print_spread(FILE *out, const struct contender *contender) {
    fprintf(out, "%s%-*s", paint_start(out, PAINT_FAINT), NAME_COLUMNS, "");
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct summary *summary = &contender->summaries[i];
        struct text least = {0};
        struct text most = {0};
        metric_add(&least, (enum metric)i, summary->least);
        metric_add(&most, (enum metric)i, summary->most);
        shorten_units(least.bytes, most.bytes);
        char *range = string_format("%s..%s", least.bytes, most.bytes);
        fprintf(out, "%*s", VALUE_COLUMNS + RATIO_COLUMNS, range);
        free(range);
        text_free(&least);
        text_free(&most);
    }
    fprintf(out, "%s\n", paint_end(out));
}

static void print_contender(FILE *out, const struct comparison *comparison,
                            const struct contender *contender) {
    bool ours = contender == comparison->ours;
    fprintf(out, "%s%-*s%s", paint_start(out, ours ? PAINT_OURS : PAINT_NONE), NAME_COLUMNS,
            contender->name, paint_end(out));
    if (strlen(contender->name) >= NAME_COLUMNS) {
        fprintf(out, "\n%-*s", NAME_COLUMNS, "");
    }
    if (contender->failed) {
        fprintf(out, "%sFAILED%s  exit status %d instead of %d\n", paint_start(out, PAINT_BAD),
                paint_end(out), contender->status, comparison->expected_status);
        if (contender->last_words.length != 0) {
            fprintf(out, "  its last words: %s\n", contender->last_words.bytes);
        }
        return;
    }
    print_values(out, contender, contender == comparison->reference);
    print_used(out, &contender->proof);
    if (contender->sample_count > 1) {
        print_spread(out, contender);
    }
}

static void print_notes(FILE *out, const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->contender_count; i++) {
        const struct contender *contender = &comparison->contenders[i];
        const struct proof *proof = &contender->proof;
        if (proof->note != NULL) {
            char *line = string_format("%s: %s.", contender->name, proof->note);
            print_wrapped(out, line);
            free(line);
        }
        if (proof->other != NULL && proof->active < proof->processes) {
            char *line =
                string_format("%s: in %u of %u processes malloc came from %s%s.", contender->name,
                              proof->processes - proof->active, proof->processes, proof->other,
                              proof->statics != 0 ? " (statically linked)" : "");
            print_wrapped(out, line);
            free(line);
        }
    }
    if (comparison->expected_status != 0) {
        fprintf(out, "The command's exit status is %d under all that did not fail.\n",
                comparison->expected_status);
    }
}

void report_text(FILE *out, const struct comparison *comparison) {
    struct text words = {0};
    print_heading(out, comparison);
    for (size_t i = 0; i < comparison->contender_count; i++) {
        print_contender(out, comparison, &comparison->contenders[i]);
    }
    if (comparison->reference != NULL) {
        fprintf(out, "%sx: against glibc, the median of the rounds' own ratios%s\n",
                paint_start(out, PAINT_FAINT), paint_end(out));
    }
    fputc('\n', out);
    print_notes(out, comparison);
    verdict_add(&words, comparison);
    fprintf(out, "%s", paint_start(out, verdict_is_warning(comparison) ? PAINT_BAD : PAINT_STRONG));
    print_wrapped(out, text_get(&words));
    fprintf(out, "%s", paint_end(out));
    text_clear(&words);
    caveat_add(&words, comparison);
    if (words.length != 0) {
        print_wrapped(out, text_get(&words));
    }
    text_free(&words);
}
