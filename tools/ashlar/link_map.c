// Reads another process's r_debug: auxv has the program headers' address, they
// lead to PT_DYNAMIC, its DT_DEBUG leads to the loader's list. Nothing is
// stopped; a list that changes meanwhile can only end early.

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "owner.h"
#include "text.h"

// The other process's memory, in its own word size.
struct peer {
    pid_t pid;
    size_t word_bytes;
};

static bool peer_read(const struct peer *peer, uint64_t address, void *to, size_t bytes) {
    struct iovec local = {to, bytes};
    struct iovec remote = {(void *)(uintptr_t)address, bytes};
    return process_vm_readv(peer->pid, &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

static bool peer_word(const struct peer *peer, uint64_t address, uint64_t *word) {
    uint32_t narrow = 0;
    if (peer->word_bytes == 8) {
        return peer_read(peer, address, word, 8);
    }
    bool read = peer_read(peer, address, &narrow, 4);
    *word = narrow;
    return read;
}

// A path of the other process; read byte by byte near the end of a page.
static bool peer_string(const struct peer *peer, uint64_t address, char *to, size_t room) {
    for (size_t got = 0; got + 64 < room;) {
        size_t chunk = 64 - (size_t)((address + got) % 64);
        if (!peer_read(peer, address + got, to + got, chunk)) {
            return false;
        }
        if (memchr(to + got, '\0', chunk) != NULL) {
            return true;
        }
        got += chunk;
    }
    return false;
}

static bool auxv_value(const struct text *auxv, size_t word_bytes, uint64_t wanted,
                       uint64_t *value) {
    for (size_t at = 0; at + 2 * word_bytes <= auxv->length; at += 2 * word_bytes) {
        uint64_t pair[2] = {0, 0};
        uint32_t narrow[2];
        if (word_bytes == 8) {
            memcpy(pair, auxv->bytes + at, sizeof(pair));
        } else {
            memcpy(narrow, auxv->bytes + at, sizeof(narrow));
            pair[0] = narrow[0];
            pair[1] = narrow[1];
        }
        if (pair[0] == wanted) {
            *value = pair[1];
            return true;
        }
    }
    return false;
}

// One program header of the other process, widened.
static bool peer_segment(const struct peer *peer, uint64_t address, Elf64_Phdr *segment) {
    Elf32_Phdr narrow;
    if (peer->word_bytes == 8) {
        return peer_read(peer, address, segment, sizeof(*segment));
    }
    if (!peer_read(peer, address, &narrow, sizeof(narrow))) {
        return false;
    }
    *segment = (Elf64_Phdr){.p_type = narrow.p_type, .p_vaddr = narrow.p_vaddr};
    return true;
}

static bool dynamic_address(const struct peer *peer, const struct text *auxv, uint64_t *address) {
    uint64_t headers = 0;
    uint64_t count = 0;
    uint64_t bias = 0;
    uint64_t dynamic = 0;
    if (!auxv_value(auxv, peer->word_bytes, 3 /* AT_PHDR */, &headers) ||
        !auxv_value(auxv, peer->word_bytes, 5 /* AT_PHNUM */, &count) || count > 256) {
        return false;
    }
    size_t header_bytes = peer->word_bytes == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Phdr segment;
        if (!peer_segment(peer, headers + i * header_bytes, &segment)) {
            return false;
        }
        if (segment.p_type == PT_PHDR) {
            bias = headers - segment.p_vaddr;
        } else if (segment.p_type == PT_DYNAMIC) {
            dynamic = segment.p_vaddr;
        }
    }
    *address = bias + dynamic;
    return dynamic != 0;
}

static bool debug_address(const struct peer *peer, uint64_t dynamic, uint64_t *debug) {
    for (uint64_t i = 0; i < 128; i++) {
        uint64_t tag = 0;
        uint64_t at = dynamic + i * 2 * peer->word_bytes;
        if (!peer_word(peer, at, &tag) || tag == DT_NULL) {
            return false;
        }
        if (tag == DT_DEBUG) {
            return peer_word(peer, at + peer->word_bytes, debug) && *debug != 0;
        }
    }
    return false;
}

bool link_map_read(pid_t pid, int bits, const char *program, struct path_list *objects) {
    struct peer peer = {pid, bits == 32 ? 4 : 8};
    struct text auxv = {0};
    uint64_t address = 0;
    uint64_t entry = 0;
    char *auxv_path = string_format("/proc/%d/auxv", (int)pid);
    bool found = text_read_file(&auxv, auxv_path) && dynamic_address(&peer, &auxv, &address) &&
                 debug_address(&peer, address, &address) &&
                 peer_word(&peer, address + peer.word_bytes, &entry) && entry != 0;
    free(auxv_path);
    text_free(&auxv);
    if (!found) {
        return false;
    }
    enum { MOST_OBJECTS = 4096 };
    for (int i = 0; i < MOST_OBJECTS && entry != 0; i++) {
        uint64_t name_at = 0;
        char name[4096];
        if (!peer_word(&peer, entry + peer.word_bytes, &name_at) ||
            !peer_string(&peer, name_at, name, sizeof(name))) {
            break;
        }
        // The executable is first and has no name; the vDSO has no slash in its own.
        if (i == 0) {
            path_list_add(objects, program);
        } else if (strchr(name, '/') != NULL) {
            path_list_add(objects, name);
        }
        if (!peer_word(&peer, entry + 3 * peer.word_bytes, &entry)) {
            break;
        }
    }
    // A list of the executable alone is one that the loader has not filled yet.
    return objects->count > 1;
}
