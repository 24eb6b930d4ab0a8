// Every table is read through elf_slice(), which refuses what does not lie in
// the file; 32-bit structures are widened once, so that the rest sees one form.

#include "elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const void *elf_slice(const struct elf_file *elf, uint64_t at, uint64_t bytes) {
    if (at > elf->byte_count || bytes > elf->byte_count - at) {
        return NULL;
    }
    return elf->bytes + at;
}

static const char *elf_string(const struct elf_file *elf, uint64_t table_at, uint64_t table_bytes,
                              uint64_t at) {
    if (at >= table_bytes || elf_slice(elf, table_at, table_bytes) == NULL) {
        return NULL;
    }
    const char *string = (const char *)elf->bytes + table_at + at;
    return memchr(string, '\0', (size_t)(table_bytes - at)) != NULL ? string : NULL;
}

static bool read_header(const struct elf_file *elf, Elf64_Ehdr *out) {
    if (elf->bits == 64) {
        const void *at = elf_slice(elf, 0, sizeof(*out));
        if (at != NULL) {
            memcpy(out, at, sizeof(*out));
        }
        return at != NULL;
    }
    Elf32_Ehdr narrow;
    const void *at = elf_slice(elf, 0, sizeof(narrow));
    if (at == NULL) {
        return false;
    }
    memcpy(&narrow, at, sizeof(narrow));
    *out = (Elf64_Ehdr){.e_type = narrow.e_type,
                        .e_machine = narrow.e_machine,
                        .e_phoff = narrow.e_phoff,
                        .e_phentsize = narrow.e_phentsize,
                        .e_phnum = narrow.e_phnum,
                        .e_shoff = narrow.e_shoff,
                        .e_shentsize = narrow.e_shentsize,
                        .e_shnum = narrow.e_shnum};
    return true;
}

static bool read_segment(const struct elf_file *elf, const Elf64_Ehdr *header, unsigned index,
                         Elf64_Phdr *out) {
    uint64_t at = header->e_phoff + (uint64_t)index * header->e_phentsize;
    if (elf->bits == 64) {
        const void *from = elf_slice(elf, at, sizeof(*out));
        if (from != NULL) {
            memcpy(out, from, sizeof(*out));
        }
        return from != NULL;
    }
    Elf32_Phdr narrow;
    const void *from = elf_slice(elf, at, sizeof(narrow));
    if (from == NULL) {
        return false;
    }
    memcpy(&narrow, from, sizeof(narrow));
    *out = (Elf64_Phdr){.p_type = narrow.p_type,
                        .p_offset = narrow.p_offset,
                        .p_vaddr = narrow.p_vaddr,
                        .p_filesz = narrow.p_filesz};
    return true;
}

static bool read_section(const struct elf_file *elf, const Elf64_Ehdr *header, unsigned index,
                         Elf64_Shdr *out) {
    uint64_t at = header->e_shoff + (uint64_t)index * header->e_shentsize;
    if (elf->bits == 64) {
        const void *from = elf_slice(elf, at, sizeof(*out));
        if (from != NULL) {
            memcpy(out, from, sizeof(*out));
        }
        return from != NULL;
    }
    Elf32_Shdr narrow;
    const void *from = elf_slice(elf, at, sizeof(narrow));
    if (from == NULL) {
        return false;
    }
    memcpy(&narrow, from, sizeof(narrow));
    *out = (Elf64_Shdr){.sh_type = narrow.sh_type,
                        .sh_offset = narrow.sh_offset,
                        .sh_size = narrow.sh_size,
                        .sh_link = narrow.sh_link};
    return true;
}

static bool read_symbol(const struct elf_file *elf, uint64_t table_at, uint64_t index,
                        Elf64_Sym *out) {
    if (elf->bits == 64) {
        const void *from = elf_slice(elf, table_at + index * sizeof(*out), sizeof(*out));
        if (from != NULL) {
            memcpy(out, from, sizeof(*out));
        }
        return from != NULL;
    }
    Elf32_Sym narrow;
    const void *from = elf_slice(elf, table_at + index * sizeof(narrow), sizeof(narrow));
    if (from == NULL) {
        return false;
    }
    memcpy(&narrow, from, sizeof(narrow));
    *out = (Elf64_Sym){.st_name = narrow.st_name,
                       .st_info = narrow.st_info,
                       .st_other = narrow.st_other,
                       .st_shndx = narrow.st_shndx};
    return true;
}

static bool read_dynamic(const struct elf_file *elf, uint64_t index, int64_t *tag,
                         uint64_t *value) {
    if (elf->bits == 64) {
        Elf64_Dyn entry;
        const void *from = elf_slice(elf, elf->dynamic_at + index * sizeof(entry), sizeof(entry));
        if (from == NULL) {
            return false;
        }
        memcpy(&entry, from, sizeof(entry));
        *tag = entry.d_tag;
        *value = entry.d_un.d_val;
        return true;
    }
    Elf32_Dyn entry;
    const void *from = elf_slice(elf, elf->dynamic_at + index * sizeof(entry), sizeof(entry));
    if (from == NULL) {
        return false;
    }
    memcpy(&entry, from, sizeof(entry));
    *tag = entry.d_tag;
    *value = entry.d_un.d_val;
    return true;
}

// Program headers know the loader and the dynamic section; section headers (kept
// by strip) know the dynamic symbol table's length, which no DT_ entry says.
static void read_tables(struct elf_file *elf, const Elf64_Ehdr *header) {
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        if (!read_segment(elf, header, i, &segment)) {
            break;
        }
        if (segment.p_type == PT_INTERP) {
            elf->interp = elf_string(elf, segment.p_offset, segment.p_filesz, 0);
        } else if (segment.p_type == PT_DYNAMIC) {
            elf->has_dynamic = true;
            elf->dynamic_at = segment.p_offset;
            elf->dynamic_count = segment.p_filesz / (elf->bits == 64 ? 16 : 8);
        }
    }
    for (unsigned i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr section;
        Elf64_Shdr strings;
        if (!read_section(elf, header, i, &section)) {
            break;
        }
        if (section.sh_type == SHT_DYNSYM && section.sh_link < header->e_shnum &&
            read_section(elf, header, section.sh_link, &strings)) {
            elf->symbols_at = section.sh_offset;
            elf->symbol_count = section.sh_size / (elf->bits == 64 ? 24 : 16);
            elf->strings_at = strings.sh_offset;
            elf->strings_bytes = strings.sh_size;
        }
    }
    for (uint64_t i = 0; i < elf->dynamic_count; i++) {
        int64_t tag = 0;
        uint64_t value = 0;
        if (!read_dynamic(elf, i, &tag, &value) || tag == DT_NULL) {
            break;
        }
        elf->is_pie = elf->is_pie || (tag == DT_FLAGS_1 && (value & DF_1_PIE) != 0);
    }
}

static bool elf_read(struct elf_file *elf, const char **why) {
    elf->bits = elf->bytes[EI_CLASS] == ELFCLASS32   ? 32
                : elf->bytes[EI_CLASS] == ELFCLASS64 ? 64
                                                     : 0;
    if (elf->bits == 0) {
        *why = "damaged ELF header";
        return false;
    }
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    elf->native_order = (elf->bytes[EI_DATA] == ELFDATA2LSB) == little;
    if (!elf->native_order) {
        elf->machine =
            little ? elf->bytes[18] << 8 | elf->bytes[19] : elf->bytes[19] << 8 | elf->bytes[18];
        return true;
    }
    Elf64_Ehdr header;
    if (!read_header(elf, &header)) {
        *why = "truncated ELF header";
        return false;
    }
    elf->machine = header.e_machine;
    elf->type = header.e_type;
    read_tables(elf, &header);
    return true;
}

bool elf_open(struct elf_file *elf, const char *path, const char **why, bool *is_elf) {
    *elf = (struct elf_file){0};
    *is_elf = false;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        *why = strerror(errno);
        if (file >= 0) {
            close(file);
        }
        return false;
    }
    void *bytes = MAP_FAILED;
    if (S_ISREG(status.st_mode) && status.st_size > EI_NIDENT + 4) {
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    if (bytes == MAP_FAILED) {
        *why = S_ISDIR(status.st_mode) ? "is a directory" : "not an ELF file";
        return false;
    }
    elf->bytes = bytes;
    elf->byte_count = (size_t)status.st_size;
    if (memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        *why = "not an ELF file";
        elf_close(elf);
        return false;
    }
    *is_elf = true;
    if (!elf_read(elf, why)) {
        elf_close(elf);
        return false;
    }
    return true;
}

void elf_close(struct elf_file *elf) {
    if (elf->bytes != NULL) {
        munmap((void *)(uintptr_t)elf->bytes, elf->byte_count);
    }
    *elf = (struct elf_file){0};
}

static bool symbol_is_definition(const Elf64_Sym *symbol) {
    int binding = ELF64_ST_BIND(symbol->st_info);
    int type = ELF64_ST_TYPE(symbol->st_info);
    return symbol->st_shndx != SHN_UNDEF &&
           (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
           (type == STT_FUNC || type == STT_NOTYPE || type == STT_GNU_IFUNC);
}

static bool table_defines(const struct elf_file *elf, uint64_t symbols_at, uint64_t count,
                          uint64_t strings_at, uint64_t strings_bytes, const char *name) {
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Sym symbol;
        if (!read_symbol(elf, symbols_at, i, &symbol)) {
            return false;
        }
        if (!symbol_is_definition(&symbol)) {
            continue;
        }
        const char *string = elf_string(elf, strings_at, strings_bytes, symbol.st_name);
        if (string != NULL && strcmp(string, name) == 0) {
            return true;
        }
    }
    return false;
}

bool elf_exports(const struct elf_file *elf, const char *symbol) {
    return table_defines(elf, elf->symbols_at, elf->symbol_count, elf->strings_at,
                         elf->strings_bytes, symbol);
}

bool elf_defines(const struct elf_file *elf, const char *symbol) {
    Elf64_Ehdr header;
    if (elf_exports(elf, symbol)) {
        return true;
    }
    if (!elf->native_order || !read_header(elf, &header)) {
        return false;
    }
    for (unsigned i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;
        Elf64_Shdr strings;
        if (read_section(elf, &header, i, &section) && section.sh_type == SHT_SYMTAB &&
            read_section(elf, &header, section.sh_link, &strings)) {
            return table_defines(elf, section.sh_offset,
                                 section.sh_size / (elf->bits == 64 ? 24 : 16), strings.sh_offset,
                                 strings.sh_size, symbol);
        }
    }
    return false;
}

const char *elf_dynamic_string(const struct elf_file *elf, int64_t wanted, size_t index) {
    for (uint64_t i = 0; i < elf->dynamic_count; i++) {
        int64_t tag = 0;
        uint64_t value = 0;
        if (!read_dynamic(elf, i, &tag, &value) || tag == DT_NULL) {
            break;
        }
        if (tag == wanted && index-- == 0) {
            return elf_string(elf, elf->strings_at, elf->strings_bytes, value);
        }
    }
    return NULL;
}

bool elf_is_static(const struct elf_file *elf) {
    return elf->interp == NULL && (elf->type == ET_EXEC || elf->is_pie);
}

bool elf_is_library(const struct elf_file *elf) {
    return elf->type == ET_DYN && elf->interp == NULL && !elf->is_pie;
}

const char *elf_machine_name(int machine) {
    static const struct {
        int machine;
        const char *name;
    } names[] = {
        {EM_X86_64, "x86-64"}, {EM_386, "i386"},    {EM_AARCH64, "AArch64"}, {EM_ARM, "ARM"},
        {EM_RISCV, "RISC-V"},  {EM_PPC64, "PPC64"}, {EM_S390, "S/390"},      {EM_MIPS, "MIPS"},
        {EM_SPARCV9, "SPARC"}, {EM_PPC, "PPC"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].machine == machine) {
            return names[i].name;
        }
    }
    return "an unknown architecture";
}
