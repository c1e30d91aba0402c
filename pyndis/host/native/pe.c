/* Loads a driver image, PE32 on x86 and PE32+ elsewhere: checks, maps, relocates, binds imports, protects. Every offset in the file is untrusted. */
#include "pe.h"
#include "paged.h"
#include <sys/mman.h>
static const uintptr_t IMAGE_HINT = sizeof(void *) == 8 ? (uintptr_t)0x7c0000000000ull : 0; /* the same in every run, if it is free */

struct image image;
bool export_available(const char *name);
bool export_of_module(const char *name, const char *module);

enum {
    SUBSYSTEM_NATIVE = 1,
    DIRECTORY_IMPORT = 1, DIRECTORY_EXCEPTION = 3, DIRECTORY_RELOCATION = 5, DIRECTORY_LOAD_CONFIG = 10, DIRECTORY_DELAY = 13,
    RELOCATION_ABSOLUTE = 0,
    SECTION_EXECUTE = 0x20000000, SECTION_READ = 0x40000000, SECTION_WRITE = (int)0x80000000,
    IMAGE_LIMIT = 256 << 20, WORD = sizeof(uintptr_t),
};
/* What an image of this machine looks like: offsets in the optional header, the relocation of addresses, the load configuration. */
#if defined(__i386__)
enum { MACHINE = 0x14C, MAGIC = 0x10B, IMAGE_BASE = 28, DIRECTORIES = 96, RELOCATION_ADDRESS = 3, COOKIE = 0x3C, GUARD_CHECK = 0x48, GUARD_DISPATCH = 0x4C };
#define MACHINE_NAME "x86"
static const uintptr_t COOKIE_BITS = UINTPTR_MAX;
#else
enum { MAGIC = 0x20B, IMAGE_BASE = 24, DIRECTORIES = 112, RELOCATION_ADDRESS = 10, COOKIE = 0x58, GUARD_CHECK = 0x70, GUARD_DISPATCH = 0x78 };
static const uintptr_t COOKIE_BITS = 0xFFFFFFFFFFFFull;
#if defined(__aarch64__)
enum { MACHINE = 0xAA64 };
#define MACHINE_NAME "ARM64"
#else
enum { MACHINE = 0x8664 };
#define MACHINE_NAME "x86-64"
#endif
#endif

struct loader {
    const uint8_t *file;
    size_t size;
    uint32_t header, optional, sections, section_count, image_size, headers_size, directory_count;
    const char **code;
    struct text *text;
};

#define REFUSE(loader, ...) return *(loader)->code = "bad-image", text_add((loader)->text, __VA_ARGS__), false

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

static uint16_t u16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return value;
}

static uintptr_t word(const uint8_t *at)
{
    uintptr_t value;
    memcpy(&value, at, WORD);
    return value;
}

static bool headers_check(struct loader *l)
{
    if (l->size < 0x40 || u16(l->file) != 0x5A4D)
        REFUSE(l, "this is no PE image: it does not start with MZ");
    l->header = u32(l->file + 0x3C);
    if (l->header > l->size || l->size - l->header < 24 + DIRECTORIES || u32(l->file + l->header) != 0x4550)
        REFUSE(l, "the PE header is missing or cut off");
    const uint8_t *coff = l->file + l->header + 4;
    uint16_t optional_size = u16(coff + 16);
    l->optional = l->header + 24;
    l->sections = l->optional + optional_size;
    l->section_count = u16(coff + 2);
    if (u16(coff) != MACHINE)
        REFUSE(l, "the image is for machine 0x%04x; this host runs " MACHINE_NAME " (0x%04x)", u16(coff), MACHINE);
    if (u16(l->file + l->optional) != MAGIC || optional_size < DIRECTORIES)
        REFUSE(l, "the image is not %s", MAGIC == 0x20B ? "PE32+" : "PE32");
    if ((uint64_t)l->sections + 40ull * l->section_count > l->size || l->section_count == 0 || l->section_count > 96)
        REFUSE(l, "the section table is cut off or empty");
    const uint8_t *optional = l->file + l->optional;
    l->image_size = u32(optional + 56);
    l->headers_size = u32(optional + 60);
    l->directory_count = u32(optional + DIRECTORIES - 4);
    if (l->directory_count > 16u || DIRECTORIES + 8u * l->directory_count > optional_size)
        REFUSE(l, "the data directories do not fit the optional header");
    if (u32(optional + 32) != PAGE)
        REFUSE(l, "section alignment is 0x%x; wanted 0x1000", u32(optional + 32));
    if (u16(optional + 68) != SUBSYSTEM_NATIVE)
        REFUSE(l, "the subsystem is %u; a driver is native (1)", u16(optional + 68));
    if (l->image_size == 0 || l->image_size > IMAGE_LIMIT || l->image_size % PAGE || l->headers_size > l->size || l->headers_size > l->image_size)
        REFUSE(l, "the image size 0x%x or header size 0x%x is impossible", l->image_size, l->headers_size);
    return true;
}

static bool directory(const struct loader *l, unsigned index, uint32_t *rva, uint32_t *size)
{
    *rva = *size = 0;
    if (index >= l->directory_count)
        return false;
    *rva = u32(l->file + l->optional + DIRECTORIES + 8 * index);
    *size = u32(l->file + l->optional + DIRECTORIES + 4 + 8 * index);
    return *rva != 0 && *size != 0;
}

static bool inside(const struct loader *l, uint64_t rva, uint64_t size)
{
    return rva <= l->image_size && size <= l->image_size - rva;
}

static bool sections_map(struct loader *l, uint8_t *base)
{
    memcpy(base, l->file, l->headers_size);
    for (uint32_t i = 0; i < l->section_count; i++) {
        const uint8_t *section = l->file + l->sections + 40 * i;
        uint32_t virtual_size = u32(section + 8), rva = u32(section + 12), raw_size = u32(section + 16), raw = u32(section + 20);
        uint32_t copied = virtual_size && virtual_size < raw_size ? virtual_size : raw_size;
        if (rva % PAGE || !inside(l, rva, virtual_size ? virtual_size : raw_size) || !inside(l, rva, copied))
            REFUSE(l, "section %.8s does not fit the image", section);
        if (copied && ((uint64_t)raw + copied > l->size))
            REFUSE(l, "section %.8s is cut off: the file has %zu bytes, it ends at %llu", section, l->size, (unsigned long long)raw + copied);
        if (copied)
            memcpy(base + rva, l->file + raw, copied);
    }
    return true;
}

static bool relocate(struct loader *l, uint8_t *base)
{
    uint32_t rva, size;
    uintptr_t delta = (uintptr_t)base - word(l->file + l->optional + IMAGE_BASE);
    if (!directory(l, DIRECTORY_RELOCATION, &rva, &size))
        REFUSE(l, "the image has no relocations: a driver is loaded anywhere");
    if (!inside(l, rva, size))
        REFUSE(l, "the relocation directory lies outside the image");
    for (uint32_t at = 0; at + 8 <= size;) {
        uint32_t page = u32(base + rva + at), block = u32(base + rva + at + 4);
        if (block < 8 || block > size - at || block % 2)
            REFUSE(l, "a relocation block of %u bytes is malformed", block);
        for (uint32_t entry = 8; entry + 2 <= block; entry += 2) {
            uint16_t kind = u16(base + rva + at + entry);
            uint64_t target = (uint64_t)page + (kind & 0xFFF);
            if (kind >> 12 == RELOCATION_ABSOLUTE)
                continue;
            if (kind >> 12 != RELOCATION_ADDRESS || !inside(l, target, WORD))
                REFUSE(l, "relocation 0x%04x at page 0x%x is not one for " MACHINE_NAME " inside the image", kind, page);
            uintptr_t value = word(base + target) + delta;
            memcpy(base + target, &value, WORD);
        }
        at += block;
    }
    return true;
}

static const char *string_at(const struct loader *l, const uint8_t *base, uint64_t rva)
{
    if (rva >= l->image_size || !memchr(base + rva, 0, l->image_size - rva))
        return NULL;
    return (const char *)base + rva;
}

static bool module_bind(struct loader *l, uint8_t *base, const char *module, uint32_t names, uint32_t slots, struct text *missing)
{
    for (uint32_t i = 0;; i++) {
        uint64_t at = (uint64_t)WORD * i;
        if (!inside(l, names + at, WORD) || !inside(l, slots + at, WORD))
            REFUSE(l, "the imports of %s have no end", module);
        uintptr_t entry = word(base + names + at);
        if (!entry)
            return true;
        const char *name = entry >> (8 * WORD - 1) ? NULL : string_at(l, base, entry + 2);
        if (!name)
            REFUSE(l, "an import of %s has no name", module);
        struct export *export = export_available(name) && export_of_module(name, module) ? export_find(name) : NULL;
        uintptr_t target = export ? (uintptr_t)export->function : 0;
        if (!export)
            text_add(missing, "%s%s!%s", missing->length ? "," : "", module, name);
        memcpy(base + slots + at, &target, WORD);
        image.imports++;
    }
}

static bool bind(struct loader *l, uint8_t *base)
{
    uint32_t rva, size;
    struct text missing = {0};
    image.imports = 0;
    if (directory(l, DIRECTORY_DELAY, &rva, &size))
        REFUSE(l, "the image has delayed imports, which drivers cannot have");
    if (!directory(l, DIRECTORY_IMPORT, &rva, &size))
        return true;
    for (;; rva += 20) {
        if (!inside(l, rva, 20))
            REFUSE(l, "the import directory has no end");
        uint32_t names = u32(base + rva), module = u32(base + rva + 12), slots = u32(base + rva + 16);
        if (!module && !slots)
            break;
        const char *name = string_at(l, base, module);
        if (!name)
            REFUSE(l, "an import module has no name");
        if (!module_bind(l, base, name, names ? names : slots, slots, &missing))
            return text_free(&missing), false;
    }
    if (missing.length) {
        *l->code = "missing-import";
        text_raw(l->text, missing.bytes, missing.length);
        text_free(&missing);
        return false;
    }
    return true;
}

/* The guard pointers and the cookie of the load configuration, where the image has them. The check changes no register: the
   target to call stands in one. */
__attribute__((naked)) static void guard_check(void)
{
    __asm__("ret");
}

__attribute__((naked)) static void guard_dispatch(void)
{
#if defined(__x86_64__)
    __asm__("jmp *%rax");
#else
    __asm__("ret"); /* x86-64 only */
#endif
}

static bool load_config(struct loader *l, uint8_t *base)
{
    uint32_t rva, size;
    static const struct {
        uint32_t offset;
        void *function;
    } pointers[] = {{GUARD_CHECK, guard_check}, {GUARD_DISPATCH, guard_dispatch}};
    if (!directory(l, DIRECTORY_LOAD_CONFIG, &rva, &size) || !inside(l, rva, 8))
        return true;
    uint32_t length = u32(base + rva);
    if (!inside(l, rva, length))
        REFUSE(l, "the load configuration is cut off");
    uintptr_t cookie = length >= COOKIE + WORD ? word(base + rva + COOKIE) - (uintptr_t)base : 0;
    if (cookie && inside(l, cookie, WORD)) {
        uintptr_t value = ((uintptr_t)base ^ (uintptr_t)(0x2B992DDFA232ull * 0x9E3779B9ull)) & COOKIE_BITS;
        memcpy(base + cookie, &value, WORD);
    }
    for (size_t i = 0; i < COUNT(pointers); i++) {
        uintptr_t slot = length >= pointers[i].offset + WORD ? word(base + rva + pointers[i].offset) - (uintptr_t)base : 0;
        if (slot && slot + (uintptr_t)base && inside(l, slot, WORD))
            memcpy(base + slot, &pointers[i].function, WORD);
    }
    return true;
}

static void protect(struct loader *l, uint8_t *base)
{
    mprotect(base, (l->headers_size + PAGE - 1) & ~(size_t)(PAGE - 1), PROT_READ);
    for (uint32_t i = 0; i < l->section_count; i++) {
        const uint8_t *section = l->file + l->sections + 40 * i;
        uint32_t size = u32(section + 8) ? u32(section + 8) : u32(section + 16), flags = u32(section + 36);
        int protection = (flags & SECTION_READ ? PROT_READ : 0) | (flags & SECTION_EXECUTE ? PROT_EXEC : 0) | (flags & (uint32_t)SECTION_WRITE ? PROT_WRITE : 0);
        size_t whole = (size + PAGE - 1u) & ~(size_t)(PAGE - 1);
        mprotect(base + u32(section + 12), whole, protection);
        section_mapped((const char *)section, (uintptr_t)base + u32(section + 12), whole, protection);
    }
}

static bool function_valid(const struct loader *l, const struct runtime_function *f)
{
#if defined(__x86_64__)
    return f->begin < f->end && f->end <= l->image_size && f->unwind % 4 == 0 && inside(l, f->unwind, 4 + 2 * 255 + 16);
#else
    return f->begin < l->image_size && (f->unwind & 3 || inside(l, f->unwind, 8));
#endif
}

static bool functions_find(struct loader *l, uint8_t *base)
{
    uint32_t rva, size;
    if (!directory(l, DIRECTORY_EXCEPTION, &rva, &size))
        return true;
    if (!inside(l, rva, size) || rva % 4)
        REFUSE(l, "the exception directory lies outside the image");
    image.functions = (const struct runtime_function *)(base + rva);
    image.function_count = size / sizeof *image.functions;
    for (size_t i = 0; i < image.function_count; i++) {
        if (!function_valid(l, &image.functions[i]))
            REFUSE(l, "entry %zu of the exception directory is malformed", i);
    }
    return true;
}

bool image_load(const uint8_t *file, size_t size, const char *name, const char **code, struct text *text)
{
    struct loader l = {.file = file, .size = size, .code = code, .text = text};
    if (!headers_check(&l))
        return false;
    /* A tail of zero pages: unwind data at the image's end is read with slack. */
    uint8_t *base = mmap((void *)IMAGE_HINT, (size_t)l.image_size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        REFUSE(&l, "no memory for an image of %u bytes", l.image_size);
    image.entry = u32(file + l.optional + 16);
    image.preferred_base = word(file + l.optional + IMAGE_BASE);
    bool loaded = sections_map(&l, base) && relocate(&l, base) && bind(&l, base) && load_config(&l, base) && functions_find(&l, base);
    if (loaded && (image.entry == 0 || image.entry >= l.image_size)) {
        *code = "bad-image";
        text_add(text, "the entry point 0x%x lies outside the image", image.entry);
        loaded = false;
    }
    if (!loaded) {
        munmap(base, (size_t)l.image_size + PAGE);
        image = (struct image){0};
        return false;
    }
    protect(&l, base);
    __builtin___clear_cache((char *)base, (char *)base + l.image_size);
    image.base = base;
    image.size = l.image_size;
    snprintf(image.name, sizeof image.name, "%s", name);
    return true;
}
