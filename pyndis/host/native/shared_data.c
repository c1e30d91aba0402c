/* The page that the kernel shares with everybody: its time, version and flags are read by inlined code at a fixed address, which
   no process of Linux can map. Reads of it fault, and are done here, for the loads that compilers make. */
#if defined(__x86_64__)
#include "machine.h"
#include "clock.h"

static const uintptr_t SHARED_DATA = 0xFFFFF78000000000;
enum { TICKS_PER_INTERRUPT = 156250, MULTIPLIER = 0x0FA00000, WORKSTATION = 1, PHYSICAL_PAGES = 1 << 20, TICKS_PER_SECOND = 10000000 };
struct load { /* one instruction that reads memory into a register */
    unsigned length, size, reg;
    bool wide, sign, found; /* wide: the register is written in full */
};

/* Three words: low, high, high again, as readers compare them. */
static void time_put(uint8_t *at, uint64_t time)
{
    uint32_t words[] = {(uint32_t)time, (uint32_t)(time >> 32), (uint32_t)(time >> 32)};
    memcpy(at, words, sizeof words);
}

static void page_fill(KUSER_SHARED_DATA *data)
{
    uint64_t frequency = TICKS_PER_SECOND;
    memset(data, 0, sizeof *data);
    time_put(data->bytes_ + offsetof(KUSER_SHARED_DATA, InterruptTime), clock_ticks());
    time_put(data->bytes_ + offsetof(KUSER_SHARED_DATA, SystemTime), clock_system());
    time_put(data->bytes_ + offsetof(KUSER_SHARED_DATA, TickCount), clock_ticks() / TICKS_PER_INTERRUPT);
    memcpy(data->bytes_ + offsetof(KUSER_SHARED_DATA, QpcFrequency), &frequency, sizeof frequency);
    data->TickCountMultiplier = MULTIPLIER;
    data->NtMajorVersion = settings.os_major;
    data->NtMinorVersion = settings.os_minor;
    data->NtBuildNumber = settings.os_build;
    data->NtProductType = WORKSTATION;
    data->ProductTypeIsValid = 1;
    data->NumberOfPhysicalPages = PHYSICAL_PAGES;
    data->ActiveProcessorCount = (uint32_t)settings.cpus;
    data->ActiveGroupCount = 1;
}

/* The bytes that ModRM, SIB and displacement take. */
static unsigned operand_length(const uint8_t *modrm)
{
    unsigned mode = modrm[0] >> 6, rm = modrm[0] & 7, sib = rm == 4 && mode != 3, base = sib ? modrm[1] & 7u : rm;
    unsigned displacement = mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0;
    return 1 + sib + displacement;
}

static struct load load_decode(const uint8_t *code)
{
    const uint8_t *at = code;
    struct load load = {0};
    bool half = *at == 0x66;
    at += half;
    unsigned rex = (*at & 0xF0) == 0x40 ? *at++ : 0;
    load.wide = rex & 8;
    unsigned full = load.wide ? 8 : half ? 2 : 4;
    if (*at == 0xA0 || *at == 0xA1) { /* AL or RAX from an address in the instruction */
        load = (struct load){(unsigned)(at - code) + 9, *at == 0xA0 ? 1 : full, 0, load.wide, false, true};
        return load;
    }
    bool extended = *at == 0x0F;
    unsigned opcode = at[extended];
    at += 1 + extended;
    load.reg = (*at >> 3 & 7) | (rex & 4 ? 8 : 0);
    load.length = (unsigned)(at - code) + operand_length(at);
    if (extended) {
        load.found = opcode == 0xB6 || opcode == 0xB7 || opcode == 0xBE || opcode == 0xBF;
        load.size = opcode & 1 ? 2 : 1;
        load.sign = opcode >= 0xBE;
    } else {
        load.found = opcode == 0x8B || opcode == 0x63 || (opcode == 0x8A && (rex || load.reg < 4));
        load.size = opcode == 0x8A ? 1 : opcode == 0x63 ? 4 : full;
        load.sign = opcode == 0x63;
    }
    load.found = load.found && *at >> 6 != 3;
    return load;
}

/* What the register holds after `size` bytes were loaded: all of it is new, except for bytes and words that are not extended. */
static uintptr_t loaded(const struct load *load, uintptr_t before, uint64_t value, bool extends)
{
    unsigned shift = 64 - 8 * load->size;
    if (load->sign)
        return (uintptr_t)((int64_t)(value << shift) >> shift) & (load->wide ? UINT64_MAX : UINT32_MAX);
    if (load->size >= 4 || extends)
        return value;
    uintptr_t mask = ((uintptr_t)1 << 8 * load->size) - 1;
    return (before & ~mask) | value;
}

bool shared_data_read(const struct registers *now, uintptr_t address, struct registers *r)
{
    KUSER_SHARED_DATA data;
    uint64_t value = 0;
    const uint8_t *code = (const uint8_t *)now->ip;
    if (address < SHARED_DATA || address - SHARED_DATA > sizeof data - sizeof value)
        return false;
    struct load load = load_decode(code);
    if (!load.found)
        return false;
    page_fill(&data);
    memcpy(&value, data.bytes_ + (address - SHARED_DATA), load.size);
    *r = *now;
    bool extends = code[0] == 0x0F || code[1] == 0x0F;
    r->r[load.reg] = loaded(&load, now->r[load.reg], value, extends);
    r->ip += load.length;
    return true;
}
#endif
