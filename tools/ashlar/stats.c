// Medians and paired ratios. The ratio of a metric is the median of the rounds'
// ratios, not the ratio of medians: a machine that was slow in one round was
// slow for every allocator in it.

#include <stdlib.h>
#include <string.h>

#include "comparison.h"

const struct metric_name metric_names[METRIC_COUNT] = {
    [METRIC_TIME] = {"Time", "wall_s", "wall clock"},
    [METRIC_CPU] = {"CPU", "cpu_s", "user + system, all processes"},
    [METRIC_RSS] = {"Peak memory", "peak_rss_bytes", "resident set of the largest process"},
    [METRIC_FAULTS] = {"Page faults", "page_faults", "minor + major, all processes"},
};

static int compare_doubles(const void *a, const void *b) {
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static double sorted_median(const double *sorted, size_t count) {
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static void summarize(struct summary *summary, const struct contender *contender,
                      const struct contender *reference, enum metric metric, double *scratch) {
    size_t count = contender->sample_count;
    for (size_t i = 0; i < count; i++) {
        scratch[i] = contender->samples[i].values[metric];
    }
    qsort(scratch, count, sizeof(*scratch), compare_doubles);
    summary->rounds = count;
    summary->median = sorted_median(scratch, count);
    summary->least = scratch[0];
    summary->most = scratch[count - 1];
    summary->has_ratio = reference != NULL && reference->sample_count == count;
    for (size_t i = 0; i < count && summary->has_ratio; i++) {
        double base = reference->samples[i].values[metric];
        summary->has_ratio = base > 0;
        scratch[i] = summary->has_ratio ? contender->samples[i].values[metric] / base : 0;
    }
    if (summary->has_ratio) {
        qsort(scratch, count, sizeof(*scratch), compare_doubles);
        summary->ratio = sorted_median(scratch, count);
        summary->ratio_least = scratch[0];
        summary->ratio_most = scratch[count - 1];
    }
}

void comparison_summarize(struct comparison *comparison) {
    double *scratch = memory_get(comparison->rounds, sizeof(*scratch));
    for (size_t i = 0; i < comparison->contender_count; i++) {
        struct contender *contender = &comparison->contenders[i];
        for (int metric = 0; metric < METRIC_COUNT && contender->sample_count != 0; metric++) {
            summarize(&contender->summaries[metric], contender, comparison->reference,
                      (enum metric)metric, scratch);
        }
    }
    free(scratch);
}

// Two values are told apart when every round says the same and by half a percent.
enum outcome summary_outcome(const struct summary *summary) {
    if (!summary->has_ratio) {
        return OUTCOME_UNKNOWN;
    }
    if (summary->rounds < ROUNDS_TO_TELL) {
        return OUTCOME_SAME;
    }
    if (summary->ratio_most < 1 && summary->ratio < 0.995) {
        return OUTCOME_BETTER;
    }
    if (summary->ratio_least > 1 && summary->ratio > 1.005) {
        return OUTCOME_WORSE;
    }
    return OUTCOME_SAME;
}

void proof_add(struct text *text, const struct proof *proof) {
    if (proof->method == PROOF_NONE) {
        text_add(text, "not checked");
        return;
    }
    text_addf(text, "active in %u of %u %s%s", proof->active, proof->processes,
              proof->processes == 1 ? "process" : "processes",
              proof->method == PROOF_SAMPLE ? " seen" : "");
}

static void add_grouped(struct text *text, uint64_t number) {
    char digits[32];
    size_t length = 0;
    do {
        digits[length++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (length != 0) {
        length--;
        text_add_bytes(text, &digits[length], 1);
        if (length % 3 == 0 && length != 0) {
            text_add(text, ",");
        }
    }
}

void metric_add(struct text *text, enum metric metric, double value) {
    static const double mib = 1024.0 * 1024.0;
    if (metric == METRIC_RSS) {
        if (value >= 1024 * mib) {
            text_addf(text, "%.2f GiB", value / mib / 1024);
        } else {
            text_addf(text, value >= 100 * mib ? "%.0f MiB" : "%.1f MiB", value / mib);
        }
    } else if (metric == METRIC_FAULTS) {
        if (value >= 1e8) {
            text_addf(text, "%.0f M", value / 1e6);
        } else {
            add_grouped(text, (uint64_t)value);
        }
    } else if (value < 0.00995) {
        text_addf(text, "%.2f ms", value * 1e3);
    } else if (value < 0.09995) {
        text_addf(text, "%.1f ms", value * 1e3);
    } else if (value < 0.9995) {
        text_addf(text, "%.0f ms", value * 1e3);
    } else if (value < 600) {
        text_addf(text, value < 100 ? "%.2f s" : "%.1f s", value);
    } else {
        text_addf(text, "%.1f min", value / 60);
    }
}
