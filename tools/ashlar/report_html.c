// Fills report.html. What a row or tile looks like is decided by the classes of
// the template's style sheet; this file writes the structure and the numbers.

#include <ashlar/ashlar.h>

#include "html.h"
#include "report.h"

extern const unsigned char report_template[];

static const char *const outcome_class[] = {[OUTCOME_BETTER] = "better",
                                            [OUTCOME_SAME] = "same",
                                            [OUTCOME_WORSE] = "worse",
                                            [OUTCOME_UNKNOWN] = "unknown"};

static void write_metric(FILE *out, enum metric metric, double value) {
    struct text text = {0};
    metric_add(&text, metric, value);
    html_write(out, text_get(&text));
    text_free(&text);
}

static const char *row_class(const struct comparison *comparison,
                             const struct contender *contender) {
    return contender == comparison->ours        ? "ours"
           : contender == comparison->reference ? "reference"
                                                : "other";
}

static void fill_version(FILE *out, const void *data) {
    (void)data;
    fprintf(out, "%d.%d.%d", ASH_VERSION_MAJOR, ASH_VERSION_MINOR, ASH_VERSION_PATCH);
}

static void fill_title(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    html_write(out, comparison->title);
}

static void fill_count(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    fprintf(out, "%zu", comparison->contender_count);
}

static void fill_rounds(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    fprintf(out, "%zu paired round%s", comparison->rounds, comparison->rounds == 1 ? "" : "s");
}

static void fill_date(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    html_write(out, comparison->environment.date);
}

static void fill_command(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    struct text text = {0};
    text_add_command(&text, comparison->words);
    html_write(out, text_get(&text));
    text_free(&text);
}

static void fill_verdict(FILE *out, const void *data) {
    struct text text = {0};
    verdict_add(&text, data);
    html_write(out, text_get(&text));
    text_free(&text);
}

static void fill_caveat(FILE *out, const void *data) {
    struct text text = {0};
    caveat_add(&text, data);
    if (text.length != 0) {
        fputs("<p class=\"caveat\">", out);
        html_write(out, text_get(&text));
        fputs("</p>", out);
    }
    text_free(&text);
}

static void fill_verdict_class(FILE *out, const void *data) {
    fputs(verdict_is_warning(data) ? "warning" : "plain", out);
}

static void fill_json(FILE *out, const void *data) {
    report_json(out, data);
}

// What a ratio means, for those who do not see its colour.
static const char *outcome_words(enum metric metric, enum outcome outcome, size_t rounds) {
    static const char *const words[METRIC_COUNT][2] = {
        [METRIC_TIME] = {"faster in every round", "slower in every round"},
        [METRIC_CPU] = {"less in every round", "more in every round"},
        [METRIC_RSS] = {"smaller in every round", "larger in every round"},
        [METRIC_FAULTS] = {"fewer in every round", "more in every round"},
    };
    if (rounds < ROUNDS_TO_TELL) {
        return "too few rounds to tell";
    }
    return outcome == OUTCOME_BETTER  ? words[metric][0]
           : outcome == OUTCOME_WORSE ? words[metric][1]
                                      : "within the spread";
}

static void write_tile(FILE *out, const struct comparison *comparison, enum metric metric) {
    const struct summary *summary = &comparison->ours->summaries[metric];
    enum outcome outcome = summary_outcome(summary);
    if (!summary->has_ratio) {
        return;
    }
    fprintf(out,
            "<li><span class=\"label\">%s</span> <span class=\"figure\">%.2f<small> × "
            "glibc</small></span> <span class=\"say %s\">%s</span></li>\n",
            metric_names[metric].title, summary->ratio, outcome_class[outcome],
            outcome_words(metric, outcome, comparison->rounds));
}

// Ashlar's ratios in large, when there is something that they can say.
static void fill_tiles(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    if (verdict_is_warning(comparison)) {
        fputs("<div class=\"tiles\"></div>\n", out);
        return;
    }
    fputs("<ul class=\"tiles\" aria-label=\"ashlar against glibc\">\n", out);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        write_tile(out, comparison, (enum metric)metric);
    }
    const struct proof *proof = &comparison->ours->proof;
    if (proof->method != PROOF_NONE) {
        fprintf(out,
                "<li><span class=\"label\">Active</span> <span class=\"figure\">%u<small> of "
                "%u</small></span> <span class=\"say %s\">%s</span></li>\n",
                proof->active, proof->processes,
                proof->active == proof->processes ? "better" : "worse",
                proof->processes == 1 ? "process" : "processes");
    }
    fputs("</ul>\n", out);
}

static void write_bar(FILE *out, const struct comparison *comparison,
                      const struct contender *contender, enum metric metric, double full) {
    const double percent = full > 0 ? 100 / full : 0;
    const struct summary *summary = &contender->summaries[metric];
    fprintf(out,
            "<svg aria-hidden=\"true\"><rect x=\"0\" y=\"6\" width=\"%.2f%%\" height=\"16\" "
            "rx=\"3\"/>",
            summary->median * percent);
    if (comparison->reference != NULL && !comparison->reference->failed) {
        double at = comparison->reference->summaries[metric].median * percent;
        fprintf(out, "<line class=\"reference\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"28\"/>",
                at, at);
    }
    // More dots than these would only be a line.
    enum { MOST_DOTS = 40 };
    size_t step = contender->sample_count / MOST_DOTS + 1;
    for (size_t i = 0; i < contender->sample_count; i += step) {
        fprintf(out, "<circle cx=\"%.2f%%\" cy=\"14\" r=\"3.2\"/>",
                contender->samples[i].values[metric] * percent);
    }
    fputs("</svg>", out);
}

static void write_bar_row(FILE *out, const struct comparison *comparison,
                          const struct contender *contender, enum metric metric, double full) {
    const struct summary *summary = &contender->summaries[metric];
    fprintf(out, "<tr class=\"%s%s\"><th scope=\"row\">", row_class(comparison, contender),
            contender->failed ? " failed" : "");
    html_write(out, contender->name);
    fputs("</th>", out);
    if (contender->failed) {
        fprintf(out, "<td colspan=\"3\">FAILED, exit status %d</td></tr>\n", contender->status);
        return;
    }
    fputs("<td class=\"bar\">", out);
    write_bar(out, comparison, contender, metric, full);
    fputs("</td><td class=\"value\">", out);
    write_metric(out, metric, summary->median);
    if (contender == comparison->reference) {
        fputs("</td><td class=\"ratio same\">1 ×</td></tr>\n", out);
    } else if (summary->has_ratio) {
        fprintf(out, "</td><td class=\"ratio %s\">%.2f ×</td></tr>\n",
                outcome_class[summary_outcome(summary)], summary->ratio);
    } else {
        fputs("</td><td class=\"ratio unknown\">–</td></tr>\n", out);
    }
}

static void write_panel(FILE *out, const struct comparison *comparison, enum metric metric) {
    double full = 0;
    for (size_t i = 0; i < comparison->contender_count; i++) {
        const struct contender *contender = &comparison->contenders[i];
        double most = contender->summaries[metric].most;
        full = !contender->failed && most > full ? most : full;
    }
    const struct metric_name *name = &metric_names[metric];
    fprintf(out,
            "<section class=\"card\" aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2><p>%s</p>\n"
            "<table class=\"bars\"><thead class=\"head\"><tr><th scope=\"col\">Allocator</th>"
            "<th scope=\"col\">Bar</th><th scope=\"col\">Median</th>"
            "<th scope=\"col\">Ratio to glibc</th></tr></thead><tbody>\n",
            name->key, name->key, name->title, name->meaning);
    for (size_t i = 0; i < comparison->contender_count; i++) {
        write_bar_row(out, comparison, &comparison->contenders[i], metric, full * 1.015);
    }
    fputs("</tbody></table></section>\n", out);
}

static void fill_panels(FILE *out, const void *data) {
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        write_panel(out, data, (enum metric)metric);
    }
}

static void fill_legend_reference(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    if (comparison->reference != NULL) {
        fputs("<span><svg width=\"12\" height=\"20\" aria-hidden=\"true\"><line x1=\"6\" x2=\"6\" "
              "y1=\"0\" y2=\"20\" stroke=\"var(--ink)\" stroke-dasharray=\"2 3\"/></svg>glibc's "
              "median</span>\n",
              out);
    }
}

static void write_proof(FILE *out, const struct proof *proof) {
    struct text text = {0};
    const char *mark = proof->method == PROOF_NONE                               ? "unknown"
                       : proof->active == proof->processes && proof->active != 0 ? "yes"
                                                                                 : "no";
    proof_add(&text, proof);
    fprintf(out, "<span class=\"mark %s\">", mark);
    html_write(out, text_get(&text));
    fputs("</span>", out);
    text_free(&text);
    if (proof->active < proof->processes && proof->other != NULL) {
        fputs("<small>otherwise malloc came from ", out);
        html_write(out, proof->other);
        fprintf(out, "%s</small>", proof->statics != 0 ? ", statically linked" : "");
    }
    if (proof->note != NULL) {
        fputs("<small>", out);
        html_write(out, proof->note);
        fputs("</small>", out);
    }
}

static void fill_proofs(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    for (size_t i = 0; i < comparison->contender_count; i++) {
        const struct contender *contender = &comparison->contenders[i];
        fprintf(out, "<tr class=\"%s\"><th scope=\"row\">", row_class(comparison, contender));
        html_write(out, contender->name);
        fputs("</th><td>", out);
        write_proof(out, &contender->proof);
        fputs("</td><td><code>", out);
        html_write(out, contender->version);
        fputs("</code>", out);
        if (contender->failed) {
            fprintf(out, "<small class=\"worse\">exit status %d instead of %d: ", contender->status,
                    comparison->expected_status);
            html_write(out, text_get(&contender->last_words));
            fputs("</small>", out);
        }
        fputs("</td></tr>\n", out);
    }
}

static void fill_numbers(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    for (size_t i = 0; i < comparison->contender_count; i++) {
        const struct contender *contender = &comparison->contenders[i];
        fprintf(out, "<tr class=\"%s\"><th scope=\"row\">", row_class(comparison, contender));
        html_write(out, contender->name);
        fputs("</th>", out);
        for (int metric = 0; metric < METRIC_COUNT; metric++) {
            const struct summary *summary = &contender->summaries[metric];
            fputs("<td class=\"number\">", out);
            write_metric(out, (enum metric)metric, summary->median);
            fputs("<small>", out);
            write_metric(out, (enum metric)metric, summary->least);
            fputs(" to ", out);
            write_metric(out, (enum metric)metric, summary->most);
            fputs("</small>", out);
            if (summary->has_ratio && contender != comparison->reference) {
                fprintf(out, "<small>%.3f × (%.3f to %.3f)</small>", summary->ratio,
                        summary->ratio_least, summary->ratio_most);
            }
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
}

static void write_fact(FILE *out, const char *name, const char *value) {
    fprintf(out, "<dt>%s</dt><dd>", name);
    html_write(out, value);
    fputs("</dd>\n", out);
}

static void fill_environment(FILE *out, const void *data) {
    const struct comparison *comparison = data;
    const struct environment *environment = &comparison->environment;
    struct text cpu = {0};
    struct text memory = {0};
    text_addf(&cpu, "%s, %ld online", environment->cpu, environment->cpu_count);
    text_addf(&memory, "%.1f GiB, transparent huge pages: %s",
              (double)environment->memory_mib / 1024, environment->thp);
    write_fact(out, "CPU", text_get(&cpu));
    write_fact(out, "Memory", text_get(&memory));
    write_fact(out, "System", environment->system);
    write_fact(out, "Kernel", environment->kernel);
    write_fact(out, "C library", environment->libc);
    write_fact(out, "Program", comparison->image);
    text_free(&cpu);
    text_free(&memory);
}

void report_html(FILE *out, const struct comparison *comparison) {
    static const struct html_slot slots[] = {
        {"version", fill_version},
        {"title", fill_title},
        {"count", fill_count},
        {"rounds", fill_rounds},
        {"date", fill_date},
        {"command", fill_command},
        {"verdict", fill_verdict},
        {"caveat", fill_caveat},
        {"verdict_class", fill_verdict_class},
        {"tiles", fill_tiles},
        {"panels", fill_panels},
        {"legend_reference", fill_legend_reference},
        {"proofs", fill_proofs},
        {"numbers", fill_numbers},
        {"environment", fill_environment},
        {"json", fill_json},
    };
    html_fill(out, (const char *)report_template, slots, sizeof(slots) / sizeof(slots[0]),
              comparison);
}
