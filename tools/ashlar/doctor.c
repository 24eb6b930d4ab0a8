// `ashlar doctor`: what could keep ashlar from working here, each with its next
// step. It ends with the only proof that counts: a small program that uses it.

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator.h"
#include "command.h"
#include "owner.h"
#include "preload.h"
#include "print.h"
#include "say.h"
#include "text.h"

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };

struct doctor {
    const char *given;  // --lib
    unsigned warnings;
    unsigned failures;
};

static void PRINTS(4, 5)
    tell(struct doctor *doctor, enum health health, const char *next, const char *format, ...) {
    static const char *const words[] = {"OK  ", "WARN", "FAIL"};
    static const enum paint paints[] = {PAINT_GOOD, PAINT_WARN, PAINT_BAD};
    va_list arguments;
    doctor->warnings += health == HEALTH_WARN;
    doctor->failures += health == HEALTH_FAIL;
    printf("%s%s%s  ", paint_start(stdout, paints[health]), words[health], paint_end(stdout));
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    if (health != HEALTH_OK && next != NULL) {
        printf("      next: %s\n", next);
    }
}

// The first line of a file, as a new string; "" when it cannot be read.
static char *first_line(const char *path) {
    struct text text = {0};
    if (!text_read_file(&text, path)) {
        text_clear(&text);
    }
    char *line = string_format("%.*s", (int)strcspn(text_get(&text), "\n"), text_get(&text));
    text_free(&text);
    return line;
}

static void examine_kernel(struct doctor *doctor) {
    struct utsname name;
    (void)uname(&name);
    int major = 0;
    int minor = 0;
    char *end = NULL;
    major = (int)strtol(name.release, &end, 10);
    minor = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
    bool old = major < 4 || (major == 4 && minor < 5);
    tell(doctor, old ? HEALTH_WARN : HEALTH_OK, "Linux 4.5 or later is what ashlar is tested on",
         "kernel %s %s, %s, pages of %ld KiB", name.sysname, name.release, name.machine,
         sysconf(_SC_PAGESIZE) / 1024);
}

static void examine_huge_pages(struct doctor *doctor) {
    char *line = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
    if (line[0] == '\0') {
        tell(doctor, HEALTH_OK, NULL, "transparent huge pages: not in this kernel");
    } else if (strstr(line, "[always]") != NULL) {
        tell(doctor, HEALTH_WARN,
             "if memory matters more than speed: echo madvise > "
             "/sys/kernel/mm/transparent_hugepage/enabled",
             "transparent huge pages: always; the kernel may make programs larger than they asked");
    } else {
        tell(doctor, HEALTH_OK, NULL, "transparent huge pages: %s", line);
    }
    free(line);
}

static void examine_overcommit(struct doctor *doctor) {
    char *line = first_line("/proc/sys/vm/overcommit_memory");
    bool strict = strcmp(line, "2") == 0;
    static const char *const meanings[] = {"0, by estimate", "1, always", "2, strict"};
    const char *meaning = line[0] >= '0' && line[0] <= '2' ? meanings[line[0] - '0'] : "not known";
    tell(doctor, strict ? HEALTH_WARN : HEALTH_OK,
         "ashlar works so, with smaller reservations; raise vm.overcommit_ratio if malloc fails",
         "overcommit: %s", meaning);
    free(line);
}

// `known` is getrlimit's answer: 0 when `limit` holds one.
static void examine_limit(struct doctor *doctor, int known, const struct rlimit *limit,
                          const char *name, const char *switch_name) {
    if (known != 0 || limit->rlim_cur == RLIM_INFINITY) {
        tell(doctor, HEALTH_OK, NULL, "%s: unlimited", name);
        return;
    }
    bool small = limit->rlim_cur < (rlim_t)64 << 20;
    char *next =
        string_format("raise it with `ulimit %s` if programs run out of memory", switch_name);
    tell(doctor, small ? HEALTH_FAIL : HEALTH_WARN, next, "%s: limited to %llu MiB", name,
         (unsigned long long)(limit->rlim_cur >> 20));
    free(next);
}

static void examine_map_count(struct doctor *doctor) {
    char *line = first_line("/proc/sys/vm/max_map_count");
    long count = strtol(line, NULL, 10);
    tell(doctor, count != 0 && count < 65530 ? HEALTH_WARN : HEALTH_OK,
         "sysctl vm.max_map_count=65530", "mappings per process: at most %s",
         line[0] != '\0' ? line : "an unknown number");
    free(line);
}

static void examine_ptrace(struct doctor *doctor) {
    char *line = first_line("/proc/sys/kernel/yama/ptrace_scope");
    bool narrow = line[0] == '2' || line[0] == '3';
    if (line[0] == '\0' || line[0] == '0') {
        tell(doctor, HEALTH_OK, NULL, "ptrace: not restricted");
    } else {
        tell(doctor, narrow ? HEALTH_WARN : HEALTH_OK,
             "sysctl kernel.yama.ptrace_scope=1, else `ashlar compare` can watch only one process",
             "ptrace scope: %s%s", line,
             narrow ? "" : ", own children only, which is all that the tool needs");
    }
    free(line);
}

static void examine_others(struct doctor *doctor) {
    struct text names = {0};
    struct text missing = {0};
    for (size_t i = 0; i < allocator_count; i++) {
        const struct allocator *allocator = &allocator_table[i];
        char *path = allocator->soname != NULL ? library_find(allocator->soname) : NULL;
        if (path != NULL) {
            text_addf(&names, "%s%s", names.length != 0 ? ", " : "", allocator->name);
        } else if (allocator->soname != NULL) {
            text_addf(&missing, " %s", allocator->package);
        }
        free(path);
    }
    tell(doctor, HEALTH_OK, NULL, "allocators to compare with: glibc%s%s",
         names.length != 0 ? ", " : " only", text_get(&names));
    if (missing.length != 0) {
        printf("      more: apt-get install%s\n", text_get(&missing));
    }
    text_free(&names);
    text_free(&missing);
}

// In the child: this program again, with the library in front of it.
static void probe_execute(const char *library, int out) {
    char *value = preload_value(library);
    char *words[] = {string_copy("ashlar"), string_copy("__probe"), NULL};
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    if (setenv("LD_PRELOAD", value, 1) == 0) {
        execv("/proc/self/exe", words);
    }
    _exit(ASH_EXIT_TOOL);
}

static void probe_run(const char *library, struct text *said) {
    int ends[2];
    if (pipe(ends) != 0) {
        text_addf(said, "no pipe: %s", strerror(errno));
        return;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        probe_execute(library, ends[1]);
    }
    close(ends[1]);
    char bytes[512];
    ssize_t got = 0;
    while ((got = read(ends[0], bytes, sizeof(bytes))) > 0 && said->length < sizeof(bytes)) {
        text_add_bytes(said, bytes, (size_t)got);
    }
    close(ends[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        text_addf(said, "no child: %s", strerror(errno));
    } else if (WIFSIGNALED(status)) {
        text_addf(said, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    while (said->length != 0 && said->bytes[said->length - 1] == '\n') {
        said->bytes[--said->length] = '\0';
    }
}

// What the probe's second line says of threads.
static void examine_identity(struct doctor *doctor, const char *words) {
    if (strncmp(words, "sound ", 6) == 0) {
        tell(doctor, HEALTH_OK, NULL, "it tells threads apart: %s", words + 6);
    } else if (strncmp(words, "downgraded ", 11) == 0) {
        tell(doctor, HEALTH_WARN, "it goes on more slowly; please report it with this line",
             "it found threads mixed up: %s", words + 11);
    }
}

static void examine_probe(struct doctor *doctor, const char *library) {
    struct text said = {0};
    probe_run(library, &said);
    const char *words = text_get(&said);
    if (strncmp(words, "active ", 7) == 0) {
        const char *line_end = words + strcspn(words, "\n");
        tell(doctor, HEALTH_OK, NULL, "a small program preloaded with it uses ashlar %.*s",
             (int)(line_end - words - 7), words + 7);
        examine_identity(doctor, line_end + (*line_end == '\n'));
    } else if (strcmp(words, "absent") == 0) {
        tell(doctor, HEALTH_FAIL, "build or install ashlar, and give its libashlar.so with --lib",
             "a small program preloaded with it does not use ashlar: the library is not active, it "
             "has no ash_is_active");
    } else if (strncmp(words, "inactive ", 9) == 0) {
        tell(doctor, HEALTH_FAIL, "look at what LD_PRELOAD names, and for a malloc built in",
             "a small program preloaded with it does not use ashlar: it is loaded, but not active");
    } else {
        tell(doctor, HEALTH_FAIL, "build the library again for this system",
             "a small program preloaded with it fails: %s", words);
    }
    text_free(&said);
}

static void examine_library(struct doctor *doctor) {
    char *path = NULL;
    char *tried = NULL;
    char *problem = NULL;
    char *fix = NULL;
    if (!preload_search(doctor->given, &path, &tried)) {
        tell(doctor, HEALTH_FAIL, "give its path with --lib, or in ASHLAR_LIBRARY",
             "libashlar.so is not there: tried %s", tried);
    } else if (!preload_usable(path, &problem, &fix)) {
        tell(doctor, HEALTH_FAIL, fix, "%s", problem);
    } else {
        tell(doctor, HEALTH_OK, NULL, "library: %s", path);
        examine_probe(doctor, path);
    }
    free(path);
    free(tried);
    free(problem);
    free(fix);
}

static void examine_preload(struct doctor *doctor) {
    const char *users = getenv("LD_PRELOAD");
    if (users != NULL && users[0] != '\0') {
        tell(doctor, HEALTH_WARN, "ashlar comes before them; unset LD_PRELOAD if they clash",
             "LD_PRELOAD already names: %s", users);
    }
}

static void examine_process(struct doctor *doctor, const char *word) {
    struct owner owner;
    if (!owner_find((pid_t)strtol(word, NULL, 10), &owner)) {
        tell(doctor, HEALTH_FAIL, "check the number with ps -e; run as the process's user or root",
             "process %s: %s", word, strerror(errno));
        return;
    }
    bool ours = strcmp(owner.allocator, "ashlar") == 0;
    char *next =
        string_format("`ashlar check %s` says whether it can run on ashlar", owner.program);
    tell(doctor, ours ? HEALTH_OK : HEALTH_FAIL, next, "process %s (%s) uses %s%s%s", word,
         owner.program, owner.allocator, owner.path != NULL ? " from " : "",
         owner.path != NULL ? owner.path : "");
    free(next);
    owner_free(&owner);
}

static int examine_all(struct doctor *doctor, const char *process) {
    examine_kernel(doctor);
    examine_huge_pages(doctor);
    examine_overcommit(doctor);
    struct rlimit limit;
    int known = getrlimit(RLIMIT_AS, &limit);
    examine_limit(doctor, known, &limit, "address space (RLIMIT_AS)", "-v");
    known = getrlimit(RLIMIT_DATA, &limit);
    examine_limit(doctor, known, &limit, "data (RLIMIT_DATA)", "-d");
    examine_map_count(doctor);
    examine_ptrace(doctor);
    examine_preload(doctor);
    examine_library(doctor);
    examine_others(doctor);
    if (process != NULL) {
        examine_process(doctor, process);
    }
    if (doctor->failures != 0) {
        printf("\n%u FAIL, %u WARN. Next: the first line that says FAIL.\n", doctor->failures,
               doctor->warnings);
        return ASH_EXIT_NO;
    }
    printf("\nNothing is in the way, %u WARN. Next: ashlar compare -- CMD\n", doctor->warnings);
    return ASH_EXIT_YES;
}

int doctor_command(int argc, char **argv) {
    static const struct option options[] = {
        {"lib", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct doctor doctor = {0};
    int letter = 0;
    while ((letter = command_option("doctor", argc, argv, "+:h", options)) != -1) {
        if (letter == 'h') {
            command_show_help(command_named("doctor"));
            return 0;
        }
        if (letter != 'l') {
            return ASH_EXIT_TOOL;
        }
        doctor.given = optarg;
    }
    const char *process = argv[optind];
    if (process != NULL &&
        (argv[optind + 1] != NULL || process[strspn(process, "0123456789")] != '\0')) {
        say_error("doctor: %s is not one process number", process);
        say_fix("ashlar doctor PID; for a command: ashlar check CMD");
        return ASH_EXIT_TOOL;
    }
    return examine_all(&doctor, process);
}
