#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "comparison.h"

// What follows `key` and its separator in a file of "key: value" or "key=value"
// lines, as a new string, or a copy of `otherwise`.
static char *file_value(const char *path, const char *key, const char *otherwise) {
    struct text text = {0};
    char *value = NULL;
    (void)text_read_file(&text, path);
    char *rest = text.bytes;
    while (rest != NULL && value == NULL) {
        char *line = strsep(&rest, "\n");
        if (strncmp(line, key, strlen(key)) == 0) {
            char *from = line + strlen(key);
            from += strspn(from, " \t:=\"");
            from[strcspn(from, "\"")] = '\0';
            value = string_copy(from);
        }
    }
    text_free(&text);
    return value != NULL ? value : string_copy(otherwise);
}

char *libc_version(void) {
    char version[64] = "";
    size_t length = confstr(_CS_GNU_LIBC_VERSION, version, sizeof(version));
    return string_copy(length != 0 ? version : "unknown");
}

void environment_read(struct environment *environment) {
    struct utsname name;
    struct text thp = {0};
    char date[64] = "";
    time_t now = time(NULL);
    struct tm parts;
    (void)uname(&name);
    if (gmtime_r(&now, &parts) != NULL) {
        (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    environment->cpu = file_value("/proc/cpuinfo", "model name", name.machine);
    environment->system = file_value("/etc/os-release", "PRETTY_NAME", "unknown");
    environment->kernel = string_format("%s %s %s", name.sysname, name.release, name.machine);
    environment->libc = libc_version();
    environment->date = string_copy(date);
    if (text_read_file(&thp, "/sys/kernel/mm/transparent_hugepage/enabled")) {
        const char *from = strchr(text_get(&thp), '[');
        size_t length = from != NULL ? strcspn(from + 1, "]") : 0;
        environment->thp = string_format("%.*s", (int)length, from != NULL ? from + 1 : "");
    } else {
        environment->thp = string_copy("not available");
    }
    text_free(&thp);
    environment->cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
    environment->memory_mib = sysconf(_SC_PHYS_PAGES) / 1024 * (sysconf(_SC_PAGESIZE) / 1024);
}
