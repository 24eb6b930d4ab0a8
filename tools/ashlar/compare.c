// `ashlar compare`: options, then the rounds.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "contenders.h"
#include "launch.h"
#include "preload.h"
#include "program.h"
#include "report.h"
#include "say.h"
#include "settings.h"

struct compare_options {
    struct contender_choice choice;
    long rounds;
    const char *html;
    const char *json;
    enum proof_method proof;
    bool show_output;
    bool progress;
};

// Progress on stderr: one line rewritten on a terminal, else a line each.
static void progress_show(const struct compare_options *options, size_t step, size_t steps,
                          const char *what, const char *name) {
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (!options->progress && !terminal) {
        return;
    }
    if (terminal && !options->show_output) {
        fprintf(stderr, "\r\033[K[%zu/%zu] %s: %s", step, steps, what, name);
    } else {
        fprintf(stderr, "[%zu/%zu] %s: %s\n", step, steps, what, name);
    }
    fflush(stderr);
}

static void progress_end(void) {
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "\r\033[K");
    }
}

// One run; the first status of all is the one that the others must have.
static bool one_run(struct comparison *comparison, struct contender *contender,
                    const struct launch *launch, struct sample *sample, bool *first) {
    if (!measure_run(launch, contender->library, sample)) {
        say_error("cannot start the command: %s", strerror(errno));
        return false;
    }
    if (*first) {
        comparison->expected_status = sample->status;
        *first = false;
    }
    if (sample->status != comparison->expected_status && !contender->failed) {
        contender->failed = true;
        comparison->failed = true;
        launch_last_words(launch, &contender->last_words);
        contender->status = sample->status;
    } else if (!contender->failed) {
        contender->status = sample->status;
    }
    return true;
}

// A warm-up, then the rounds; each begins one allocator later than the last.
static bool all_rounds(struct comparison *comparison, const struct launch *launch,
                       const struct compare_options *options) {
    size_t count = comparison->contender_count;
    size_t per_contender = comparison->rounds + 1 + (options->proof != PROOF_NONE);
    bool first = true;
    for (size_t round = 0; round <= comparison->rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            size_t turn = round == 0 ? i : (round - 1 + i) % count;
            struct contender *contender = &comparison->contenders[turn];
            struct sample sample;
            char what[64];
            snprintf(what, sizeof(what), round == 0 ? "warm-up" : "round %zu of %zu", round,
                     comparison->rounds);
            progress_show(options, round * count + i + 1, per_contender * count, what,
                          contender->name);
            if (!one_run(comparison, contender, launch, &sample, &first)) {
                return false;
            }
            if (round != 0) {
                contender->samples[contender->sample_count++] = sample;
            }
        }
    }
    return true;
}

static void all_proofs(struct comparison *comparison, const struct launch *launch,
                       const struct compare_options *options) {
    size_t count = comparison->contender_count;
    for (size_t i = 0; i < count; i++) {
        struct contender *contender = &comparison->contenders[i];
        if (options->proof == PROOF_NONE) {
            contender->proof.method = PROOF_NONE;
            continue;
        }
        progress_show(options, (comparison->rounds + 1) * count + i + 1,
                      (comparison->rounds + 2) * count, "proof of use", contender->name);
        proof_run(launch, contender, options->proof);
    }
}

static bool write_file(const char *path, const struct comparison *comparison,
                       void (*report)(FILE *, const struct comparison *)) {
    if (strcmp(path, "-") == 0) {
        report(stdout, comparison);
        return true;
    }
    FILE *out = fopen(path, "we");
    if (out != NULL) {
        report(out, comparison);
        bool written = ferror(out) == 0;
        if (fclose(out) == 0 && written) {
            return true;
        }
    }
    say_error("cannot write %s: %s", path, strerror(errno));
    say_fix("give a file in a directory that you may write to");
    return false;
}

// Tried before the first run: an hour of rounds must not end in a wrong path.
static bool is_writable(const char *path) {
    FILE *out = path != NULL && strcmp(path, "-") != 0 ? fopen(path, "ae") : NULL;
    if (out != NULL) {
        fclose(out);
    } else if (path != NULL && strcmp(path, "-") != 0) {
        say_error("cannot write %s: %s", path, strerror(errno));
        say_fix("give a file in a directory that you may write to");
        return false;
    }
    return true;
}

static bool write_reports(const struct comparison *comparison,
                          const struct compare_options *options) {
    bool json_only = options->json != NULL && strcmp(options->json, "-") == 0;
    bool html_only = options->html != NULL && strcmp(options->html, "-") == 0;
    bool good = true;
    if (options->json != NULL) {
        good = write_file(options->json, comparison, report_json) && good;
    }
    if (options->html != NULL) {
        good = write_file(options->html, comparison, report_html) && good;
    }
    if (json_only || html_only) {
        return good;
    }
    report_text(stdout, comparison);
    if (comparison->failed) {
        printf("Next: ashlar check %s, or run it alone: ashlar run -- ...\n", comparison->words[0]);
    } else if (options->html == NULL) {
        printf("Next: add --html report.html for a page with bars.\n");
    } else if (good) {
        printf("Report: %s\n", options->html);
    }
    return good;
}

static int compare_program(struct comparison *comparison, const struct compare_options *options) {
    struct finding finding = {0};
    struct launch launch;
    if (program_resolve(comparison->words[0], &comparison->image, &finding) != 0) {
        say_error("%s", finding.problem);
        say_fix("%s", finding.fix);
        return finding.status;
    }
    const char *slash = strrchr(comparison->words[0], '/');
    comparison->title = string_copy(slash != NULL ? slash + 1 : comparison->words[0]);
    comparison->rounds = (size_t)options->rounds;
    if (!is_writable(options->html) || !is_writable(options->json) ||
        !contenders_choose(comparison, &options->choice)) {
        return ASH_EXIT_TOOL;
    }
    for (size_t i = 0; i < comparison->contender_count; i++) {
        comparison->contenders[i].samples =
            memory_get(comparison->rounds, sizeof(*comparison->contenders[i].samples));
    }
    environment_read(&comparison->environment);
    launch_prepare(&launch, comparison->image, comparison->words, options->show_output);
    if (!all_rounds(comparison, &launch, options)) {
        return ASH_EXIT_TOOL;
    }
    all_proofs(comparison, &launch, options);
    progress_end();
    comparison_summarize(comparison);
    if (!write_reports(comparison, options)) {
        return ASH_EXIT_TOOL;
    }
    return comparison->failed ? ASH_EXIT_NO : ASH_EXIT_YES;
}

static bool proof_named(const char *word, enum proof_method *method) {
    static const char *const names[] = {
        [PROOF_PTRACE] = "ptrace", [PROOF_SAMPLE] = "sample", [PROOF_NONE] = "none"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(word, names[i]) == 0) {
            *method = (enum proof_method)i;
            return true;
        }
    }
    say_error("--proof %s: there is no such method", word);
    say_fix("use ptrace, sample or none");
    return false;
}

static bool take_option(struct compare_options *options, int letter) {
    switch (letter) {
    case 'n':
        options->rounds = command_number("-n", optarg, 1, 1000);
        return options->rounds > 0;
    case 'w':
        options->choice.with = optarg;
        return true;
    case 'W':
        options->choice.without = optarg;
        return true;
    case 'l':
        options->choice.library = optarg;
        return true;
    case 's':
        return settings_apply(optarg);
    case 'H':
        options->html = optarg;
        return true;
    case 'j':
        options->json = optarg;
        return true;
    case 'p':
        return proof_named(optarg, &options->proof);
    case 'o':
        options->show_output = true;
        return true;
    case 'P':
        options->progress = true;
        return true;
    default:
        return false;
    }
}

int compare_command(int argc, char **argv) {
    static const struct option long_options[] = {
        {"rounds", required_argument, NULL, 'n'},  {"with", required_argument, NULL, 'w'},
        {"without", required_argument, NULL, 'W'}, {"lib", required_argument, NULL, 'l'},
        {"set", required_argument, NULL, 's'},     {"html", required_argument, NULL, 'H'},
        {"json", required_argument, NULL, 'j'},    {"proof", required_argument, NULL, 'p'},
        {"show-output", no_argument, NULL, 'o'},   {"progress", no_argument, NULL, 'P'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct compare_options options = {.rounds = 5};
    int letter = 0;
    while ((letter = command_option("compare", argc, argv, "+:n:h", long_options)) != -1) {
        if (letter == 'h') {
            command_show_help(command_named("compare"));
            return 0;
        }
        if (!take_option(&options, letter)) {
            return ASH_EXIT_TOOL;
        }
    }
    if (options.html != NULL && options.json != NULL && strcmp(options.html, "-") == 0 &&
        strcmp(options.json, "-") == 0) {
        say_error("compare: --html - and --json - cannot share stdout");
        say_fix("give one of them a file");
        return ASH_EXIT_TOOL;
    }
    if (optind >= argc) {
        say_error("compare: no command given");
        say_fix("ashlar compare -- CMD ARGS");
        return ASH_EXIT_TOOL;
    }
    struct comparison comparison = {.words = argv + optind};
    return compare_program(&comparison, &options);
}
