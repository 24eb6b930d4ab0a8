// Environment variables as blocks: _dupenv_s of Windows, and its wide form, whose strings are
// UTF-16 and whose environment is UTF-8 here.

#define _GNU_SOURCE

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "compat/mimalloc_layer.h"

static const char *env_value(const char *name, size_t length) {
    for (char **entry = environ; environ != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
            return *entry + length + 1;
        }
    }
    return NULL;
}

int mi_dupenv_s(char **buf, size_t *size, const char *name) {
    if (buf == NULL || name == NULL) {
        return EINVAL;
    }
    const char *value = env_value(name, strlen(name));
    *buf = value == NULL ? NULL : mi_strdup(value);
    if (size != NULL) {
        *size = *buf == NULL ? 0 : strlen(*buf) + 1;
    }
    return value != NULL && *buf == NULL ? ENOMEM : 0;
}

// UTF-16 --------------------------------------------------------------------------------

enum {
    ENV_HIGH = 0xd800,  // the first half of a pair
    ENV_LOW = 0xdc00,   // the second one
    ENV_PAIRS = 0x10000,
    ENV_STRANGE = 0xfffd,  // stands for what is no character
};

static uint32_t env_from_wide(const unsigned short **at) {
    uint32_t first = *(*at)++;
    if (first < ENV_HIGH || first >= 0xe000) {
        return first;
    }
    uint32_t second = **at;
    if (first >= ENV_LOW || second < ENV_LOW || second >= 0xe000) {
        return ENV_STRANGE;
    }
    (*at)++;
    return ENV_PAIRS + ((first - ENV_HIGH) << 10) + (second - ENV_LOW);
}

// Stores it as UTF-8 and returns the number of bytes.
static size_t env_to_bytes(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t count = c < 0x800 ? 2 : c < ENV_PAIRS ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, c >>= 6) {
        out[i] = (char)(0x80 | (c & 0x3f));
    }
    out[0] = (char)((0xf00 >> count) & 0xff) | (char)c;
    return count;
}

static uint32_t env_from_bytes(const unsigned char **at) {
    uint32_t c = *(*at)++;
    if (c < 0x80) {
        return c;
    }
    size_t more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc0 || c >= 0xf8) {
        return ENV_STRANGE;
    }
    c &= 0x3fU >> more;
    for (; more > 0; more--) {
        if ((**at & 0xc0) != 0x80) {
            return ENV_STRANGE;
        }
        c = (c << 6) | (*(*at)++ & 0x3f);
    }
    return c < ENV_PAIRS + (0x400U << 10) ? c : ENV_STRANGE;
}

// Stores it, if there is somewhere to, and returns the number of units.
static size_t env_to_wide(uint32_t c, unsigned short *out) {
    size_t count = c < ENV_PAIRS ? 1 : 2;
    if (out != NULL && count == 1) {
        out[0] = (unsigned short)c;
    } else if (out != NULL) {
        out[0] = (unsigned short)(ENV_HIGH + ((c - ENV_PAIRS) >> 10));
        out[1] = (unsigned short)(ENV_LOW + ((c - ENV_PAIRS) & 0x3ff));
    }
    return count;
}

static size_t env_widen(const char *value, unsigned short *out) {
    const unsigned char *at = (const unsigned char *)value;
    size_t count = 0;
    while (*at != 0) {
        count += env_to_wide(env_from_bytes(&at), out == NULL ? NULL : out + count);
    }
    return count;
}

int mi_wdupenv_s(unsigned short **buf, size_t *size, const unsigned short *name) {
    char narrow[256];
    size_t length = 0;
    if (buf == NULL || name == NULL) {
        return EINVAL;
    }
    while (*name != 0) {
        if (length + 4 > sizeof narrow) {
            return EINVAL;
        }
        length += env_to_bytes(env_from_wide(&name), narrow + length);
    }
    const char *value = env_value(narrow, length);
    size_t units = value == NULL ? 0 : env_widen(value, NULL) + 1;
    *buf = value == NULL ? NULL : mi_mallocn(units, sizeof **buf);
    if (*buf != NULL) {
        (*buf)[env_widen(value, *buf)] = 0;
    }
    if (size != NULL) {
        *size = *buf == NULL ? 0 : units;
    }
    return value != NULL && *buf == NULL ? ENOMEM : 0;
}
