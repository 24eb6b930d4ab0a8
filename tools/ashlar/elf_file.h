// One ELF file, mapped read-only and read with every offset checked: what the
// loader would make of it, and which symbols it defines.

#ifndef ASHLAR_TOOL_ELF_FILE_H
#define ASHLAR_TOOL_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
    const unsigned char *bytes;  // the mapping
    size_t byte_count;
    int bits;  // 32 or 64
    int machine;
    int type;            // ET_EXEC, ET_DYN, ...
    bool native_order;   // false: only bits and machine are known
    const char *interp;  // the loader it asks for, NULL when it asks for none
    bool has_dynamic;
    bool is_pie;  // DF_1_PIE: an executable although ET_DYN
    // The dynamic section's string and symbol tables, as file offsets.
    uint64_t strings_at, strings_bytes;
    uint64_t symbols_at, symbol_count;
    uint64_t dynamic_at, dynamic_count;
};

// Maps and reads `path`. False with *why set to words (static storage or
// strerror's) when it cannot be read or is no ELF file; *is_elf tells which.
bool elf_open(struct elf_file *elf, const char *path, const char **why, bool *is_elf);
void elf_close(struct elf_file *elf);

// Whether the dynamic symbol table defines `symbol` for others.
bool elf_exports(const struct elf_file *elf, const char *symbol);
// Whether any symbol table (also .symtab, of files that are not stripped) does.
bool elf_defines(const struct elf_file *elf, const char *symbol);

// The `index`-th string of dynamic entry `tag` (DT_NEEDED, DT_RUNPATH, ...),
// NULL after the last.
const char *elf_dynamic_string(const struct elf_file *elf, int64_t tag, size_t index);

// An executable without a loader: nothing can be preloaded into it.
bool elf_is_static(const struct elf_file *elf);
// A shared library, not a program.
bool elf_is_library(const struct elf_file *elf);

// "x86-64", "i386", "AArch64" ...
const char *elf_machine_name(int machine);

#endif
