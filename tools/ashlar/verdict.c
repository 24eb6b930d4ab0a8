// The sentence a reader takes home. It says first what would make the numbers
// meaningless, and names a loss as plainly as a gain.

#include <stdlib.h>

#include "comparison.h"

static bool not_used(const struct contender *ours) {
    return ours->proof.method != PROOF_NONE && ours->proof.active == 0;
}

bool verdict_is_warning(const struct comparison *comparison) {
    const struct contender *ours = comparison->ours;
    return comparison->failed || ours == NULL || comparison->reference == NULL || not_used(ours);
}

static void add_failed(struct text *text, const struct comparison *comparison) {
    for (size_t i = 0; i < comparison->contender_count; i++) {
        const struct contender *contender = &comparison->contenders[i];
        if (contender->failed) {
            text_addf(text, "FAILED: with %s, %s exited with %d instead of %d. ", contender->name,
                      comparison->title, contender->status, comparison->expected_status);
        }
    }
    text_add(text, "No allocator may change what a program does; its times are not comparable.");
}

static void add_sentence(struct text *text, const char *sentence) {
    text_add(text, text->length != 0 ? " " : "");
    text_add(text, sentence);
}

static void add_losses(struct text *text, enum outcome time, enum outcome memory) {
    if (time == OUTCOME_WORSE && memory == OUTCOME_WORSE) {
        add_sentence(text, "Here ashlar loses on both: glibc is faster and smaller.");
    } else if (time == OUTCOME_WORSE) {
        add_sentence(text, "Here ashlar loses on time.");
    } else if (memory == OUTCOME_WORSE) {
        add_sentence(text, "Here ashlar loses on memory.");
    }
}

static void add_noise(struct text *text, enum outcome time, enum outcome memory) {
    if (time == OUTCOME_SAME && memory == OUTCOME_SAME) {
        add_sentence(text, "Neither difference exceeds the spread of the rounds.");
    } else if (time == OUTCOME_SAME) {
        add_sentence(text, "The difference in time is within the spread of the rounds.");
    } else if (memory == OUTCOME_SAME) {
        add_sentence(text, "The difference in memory is within the spread of the rounds.");
    }
}

static void add_partial(struct text *text, const struct proof *proof) {
    unsigned without = proof->processes - proof->active;
    if (proof->method != PROOF_NONE && without != 0) {
        char *sentence =
            string_format("%u of %u processes did not use it%s.", without, proof->processes,
                          proof->statics == without ? ": statically linked" : "");
        add_sentence(text, sentence);
        free(sentence);
    }
}

void caveat_add(struct text *text, const struct comparison *comparison) {
    const struct contender *ours = comparison->ours;
    if (verdict_is_warning(comparison) || !ours->summaries[METRIC_TIME].has_ratio) {
        return;
    }
    enum outcome time = summary_outcome(&ours->summaries[METRIC_TIME]);
    enum outcome memory = summary_outcome(&ours->summaries[METRIC_RSS]);
    if (ours->sample_count < ROUNDS_TO_TELL) {
        add_sentence(text, "Fewer than three rounds cannot tell a difference from chance.");
    } else {
        add_losses(text, time, memory);
        add_noise(text, time, memory);
    }
    add_partial(text, &ours->proof);
}

void verdict_add(struct text *text, const struct comparison *comparison) {
    const struct contender *ours = comparison->ours;
    if (comparison->failed) {
        add_failed(text, comparison);
        return;
    }
    if (ours == NULL) {
        text_add(text, "ashlar was left out of this comparison.");
        return;
    }
    if (not_used(ours)) {
        text_addf(
            text,
            "ashlar was NOT in use: active in 0 of %u processes. The numbers say nothing about it.",
            ours->proof.processes);
        return;
    }
    if (comparison->reference == NULL || !ours->summaries[METRIC_TIME].has_ratio ||
        !ours->summaries[METRIC_RSS].has_ratio) {
        text_addf(text, "%s ran under ashlar; without glibc there is no ratio to give; ",
                  comparison->title);
        proof_add(text, &ours->proof);
        text_add(text, ".");
        return;
    }
    text_addf(text, "With ashlar, %s took %.2f × the time and %.2f × the memory of glibc",
              comparison->title, ours->summaries[METRIC_TIME].ratio,
              ours->summaries[METRIC_RSS].ratio);
    if (ours->proof.method == PROOF_NONE) {
        text_add(text, "; whether it was in use was not checked.");
    } else {
        text_add(text, "; ");
        proof_add(text, &ours->proof);
        text_add(text, ".");
    }
}
