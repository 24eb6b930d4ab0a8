// Schema "ashlar-compare/1": every key is described in README.md.

#include <ashlar/ashlar.h>

#include "json.h"
#include "report.h"

static void write_environment(struct json *json, const struct environment *environment) {
    json_open(json, "environment", '{');
    json_string(json, "date", environment->date);
    json_string(json, "system", environment->system);
    json_string(json, "kernel", environment->kernel);
    json_string(json, "cpu", environment->cpu);
    json_count(json, "cpu_count", (uint64_t)environment->cpu_count);
    json_count(json, "memory_mib", (uint64_t)environment->memory_mib);
    json_string(json, "libc", environment->libc);
    json_string(json, "transparent_hugepages", environment->thp);
    json_close(json, '}');
}

static void write_proof(struct json *json, const struct proof *proof) {
    static const char *const methods[] = {
        [PROOF_PTRACE] = "ptrace", [PROOF_SAMPLE] = "sample", [PROOF_NONE] = "none"};
    json_open(json, "proof", '{');
    json_string(json, "method", methods[proof->method]);
    json_count(json, "processes", proof->processes);
    json_count(json, "active", proof->active);
    json_count(json, "static", proof->statics);
    json_string(json, "other_malloc", proof->other);
    json_string(json, "note", proof->note);
    json_close(json, '}');
}

static void write_summary(struct json *json, const char *key, const struct summary *summary) {
    json_open(json, key, '{');
    json_number(json, "median", summary->median);
    json_number(json, "min", summary->least);
    json_number(json, "max", summary->most);
    if (summary->has_ratio) {
        static const char *const outcomes[] = {[OUTCOME_BETTER] = "better",
                                               [OUTCOME_SAME] = "same",
                                               [OUTCOME_WORSE] = "worse",
                                               [OUTCOME_UNKNOWN] = "unknown"};
        json_number(json, "ratio", summary->ratio);
        json_number(json, "ratio_min", summary->ratio_least);
        json_number(json, "ratio_max", summary->ratio_most);
        json_string(json, "outcome", outcomes[summary_outcome(summary)]);
    } else {
        json_null(json, "ratio");
    }
    json_close(json, '}');
}

static void write_sample(struct json *json, const struct sample *sample) {
    json_open(json, NULL, '{');
    json_number(json, "wall_s", sample->values[METRIC_TIME]);
    json_number(json, "user_s", sample->user_s);
    json_number(json, "system_s", sample->system_s);
    json_count(json, "peak_rss_bytes", (uint64_t)sample->values[METRIC_RSS]);
    json_count(json, "minor_faults", sample->minor_faults);
    json_count(json, "major_faults", sample->major_faults);
    json_count(json, "status", (uint64_t)sample->status);
    json_close(json, '}');
}

static void write_contender(struct json *json, const struct contender *contender) {
    json_open(json, NULL, '{');
    json_string(json, "name", contender->name);
    json_string(json, "library", contender->library);
    json_string(json, "version", contender->version);
    json_bool(json, "failed", contender->failed);
    json_count(json, "status", (uint64_t)contender->status);
    json_string(json, "last_words", contender->failed ? text_get(&contender->last_words) : NULL);
    write_proof(json, &contender->proof);
    json_open(json, "summary", '{');
    for (int i = 0; i < METRIC_COUNT && contender->sample_count != 0; i++) {
        write_summary(json, metric_names[i].key, &contender->summaries[i]);
    }
    json_close(json, '}');
    json_open(json, "samples", '[');
    for (size_t i = 0; i < contender->sample_count; i++) {
        write_sample(json, &contender->samples[i]);
    }
    json_close(json, ']');
    json_close(json, '}');
}

void report_json(FILE *out, const struct comparison *comparison) {
    struct json json = {.out = out};
    struct text verdict = {0};
    char version[32];
    snprintf(version, sizeof(version), "%d.%d.%d", ASH_VERSION_MAJOR, ASH_VERSION_MINOR,
             ASH_VERSION_PATCH);
    verdict_add(&verdict, comparison);
    json_open(&json, NULL, '{');
    json_string(&json, "schema", "ashlar-compare/1");
    json_string(&json, "tool_version", version);
    json_string(&json, "verdict", text_get(&verdict));
    text_clear(&verdict);
    caveat_add(&verdict, comparison);
    json_string(&json, "caveat", text_get(&verdict));
    text_free(&verdict);
    json_open(&json, "command", '[');
    for (size_t i = 0; comparison->words[i] != NULL; i++) {
        json_string(&json, NULL, comparison->words[i]);
    }
    json_close(&json, ']');
    json_count(&json, "rounds", comparison->rounds);
    json_string(&json, "reference",
                comparison->reference != NULL ? comparison->reference->name : NULL);
    json_count(&json, "expected_status", (uint64_t)comparison->expected_status);
    json_bool(&json, "failed", comparison->failed);
    write_environment(&json, &comparison->environment);
    json_open(&json, "allocators", '[');
    for (size_t i = 0; i < comparison->contender_count; i++) {
        write_contender(&json, &comparison->contenders[i]);
    }
    json_close(&json, ']');
    json_close(&json, '}');
}
