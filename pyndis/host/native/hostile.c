/* Double fetches, exactly: the system mappings of hostile memory are inaccessible; each access of driver code faults, is noted with its
   place and bytes, and runs as a single step. After the first fetch of a byte the client's own mapping changes it, and a second fetch by
   another instruction, or by the same one on another path of calls, is the rule DoubleFetch.

   No double fetch are: the same instruction again on the same path (a loop, a poll); the loads of one copy, which compilers let overlap
   (equal width, neither covers the other, close together in one function); what the host reads for the network stack. A copy by an
   export (RtlCopyMemory and its like), or by a function of the image that the client has named as one that copies, is a fetch by its
   call. In a free schedule an access is not seen while another thread's step is under way. */
#include "hostile.h"
#include "pe.h"
#include "step.h"
#include <sys/mman.h>

enum { COPY_SPAN = 64, FETCHES = 4096 };
struct fetch {
    uintptr_t frames[STACK_MAX]; /* the first is the instruction, or the call that copies */
    uint32_t offset, size, thread, reported;
};
struct hostile {
    uint16_t *by; /* of each byte of the pages: index + 1 of its first fetch */
    struct fetch fetches[FETCHES];
    uint32_t count;
};
static struct {
    uint32_t begin, end; /* in the image */
} copiers[16];
static size_t copier_count;
static pthread_mutex_t step_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread struct {
    struct block *mappings[2];
    int count;
    struct memory *memory;
    uint32_t fetch; /* index + 1 of the one under way */
} stepping;

bool hostile_wanted(struct command *command, bool *possible)
{
    bool wanted = argument_number(command, "hostile", 0);
    *possible = !wanted || step_possible();
    if (!*possible)
        reply_error(command, "usage", "hostile memory needs single steps, which this host cannot do on this machine");
    return wanted;
}

void hostile_start(struct memory *memory)
{
    memory->hostile = calloc(1, sizeof *memory->hostile);
    memory->hostile->by = calloc(memory->pages * PAGE, sizeof *memory->hostile->by);
}

void hostile_end(struct memory *memory)
{
    if (!memory->hostile)
        return;
    free(memory->hostile->by);
    free(memory->hostile);
}

void hostile_close(struct block *mapping)
{
    mprotect(block_memory(mapping), mapping->size, PROT_NONE);
}

/* The exports that copy or compare for the driver; whatever else of the host reads does so for the stack or the system. */
static bool copies(const struct frame *frame)
{
    static const char *const names[] = {"RtlCopyMemory", "RtlMoveMemory", "RtlCompareMemory", "memcpy", "memmove", "memcmp", "NdisGetDataBuffer", "NdisCopyFromNetBufferToNetBuffer"};
    for (size_t i = 0; frame && i < COUNT(names); i++)
        if (!strcmp(frame->name, names[i]))
            return true;
    return false;
}

static bool copier(uintptr_t ip)
{
    for (size_t i = 0; i < copier_count; i++)
        if (ip - (uintptr_t)image.base >= copiers[i].begin && ip - (uintptr_t)image.base < copiers[i].end)
            return true;
    return false;
}

/* Where the access comes from, innermost first; without the functions that copy for others. */
static void path_of(const struct registers *registers, uintptr_t *frames)
{
    struct registers r = *registers;
    unsigned count = 0;
    if (!image_contains(r.ip)) {
        capture_stack(frames, STACK_MAX);
        return;
    }
    while (copier(r.ip) && unwind_step(&r))
        ;
    do {
        frames[count++] = r.ip;
    } while (count < STACK_MAX && unwind_step(&r));
}

COMMAND("copiers", command_copiers, ALWAYS)
{
    char *text = strndup((const char *)command->payload, command->payload_size), *line = text;
    unsigned begin, end;
    int used;
    for (copier_count = 0; copier_count < COUNT(copiers) && sscanf(line, "%u %u\n%n", &begin, &end, &used) == 2; line += used)
        copiers[copier_count++].begin = begin, copiers[copier_count - 1].end = end;
    free(text);
}

static bool same_path(const struct fetch *a, const struct fetch *b, unsigned from)
{
    return !memcmp(a->frames + from, b->frames + from, (STACK_MAX - from) * sizeof *a->frames);
}

static bool one_copy(const struct fetch *a, const struct fetch *b)
{
    uintptr_t distance = a->frames[0] > b->frames[0] ? a->frames[0] - b->frames[0] : b->frames[0] - a->frames[0];
    return a->size == b->size && a->offset != b->offset && a->thread == b->thread && distance <= COPY_SPAN && unwind_function(a->frames[0]) == unwind_function(b->frames[0]) &&
           same_path(a, b, 1);
}

static void double_fetch(struct memory *memory, struct fetch *first, struct fetch *second, uint32_t byte, const struct registers *r)
{
    if (first->reported || second->reported)
        return;
    first->reported = second->reported = 1;
    struct frame *frame = self->frame, here = {.outer = frame, .name = "access", .ip = r->ip, .sp = r->sp, .bp = r->r[FRAME_POINTER]};
    uint32_t start = (uint32_t)(memory->user & (PAGE - 1));
    report_first_frames = first->frames;
    if (image_contains(r->ip))
        self->frame = &here;
    violation("DoubleFetch", atomic_load(&memory->request), "the byte %u of the client's memory is fetched again (%u bytes from %u; first %u bytes from %u): the client may have changed it",
              byte - start, second->size, second->offset - start, first->size, first->offset - start);
    self->frame = frame;
    report_first_frames = NULL;
}

static void note_fetch(struct memory *memory, uint32_t offset, uint32_t size, const struct registers *registers)
{
    struct hostile *hostile = memory->hostile;
    if (hostile->count == FETCHES)
        return;
    struct fetch *fetch = &hostile->fetches[hostile->count];
    *fetch = (struct fetch){.offset = offset, .size = size, .thread = self->id};
    path_of(registers, fetch->frames);
    bool used = false;
    for (uint32_t byte = offset; byte < offset + size && byte < memory->pages * PAGE; byte++) {
        struct fetch *before = hostile->by[byte] ? &hostile->fetches[hostile->by[byte] - 1] : NULL;
        if (!before) {
            hostile->by[byte] = (uint16_t)(hostile->count + 1);
            used = true;
        } else if (!same_path(before, fetch, 0) && !one_copy(before, fetch)) {
            double_fetch(memory, before, fetch, byte, registers);
        }
    }
    if (used)
        stepping.fetch = ++hostile->count;
}

/* The client changes what was fetched for the first time. */
static void change(struct memory *memory, uint32_t index)
{
    const struct fetch *fetch = &memory->hostile->fetches[index - 1];
    for (uint32_t byte = fetch->offset; byte < fetch->offset + fetch->size && byte < memory->pages * PAGE; byte++)
        if (memory->hostile->by[byte] == index)
            memory->host[byte] ^= 0xFF;
}

static void stepped(void *unused)
{
    (void)unused;
    if (stepping.fetch)
        change(stepping.memory, stepping.fetch);
    while (stepping.count)
        hostile_close(stepping.mappings[--stepping.count]);
    stepping.fetch = 0;
    pthread_mutex_unlock(&step_lock);
}

bool hostile_access(struct block *mapping, uintptr_t address, bool write, const struct registers *registers, void *context)
{
    struct memory *memory = mapping && mapping->live && mapping->kind == BLOCK_MAPPING ? mapping->record : NULL;
    if (!memory || !memory->hostile || address - mapping->address >= mapping->size)
        return false;
    for (int i = 0; i < stepping.count; i++)
        if (stepping.mappings[i] == mapping)
            return false; /* it is open, and the access is wrong for another reason */
    if (!stepping.count)
        pthread_mutex_lock(&step_lock);
    if (!write && !stepping.fetch && (image_contains(registers->ip) || copies(self->frame))) {
        stepping.memory = memory;
        note_fetch(memory, (uint32_t)(address - mapping->address), access_size((const uint8_t *)registers->ip), registers);
    }
    stepping.mappings[stepping.count++] = mapping;
    mprotect(block_memory(mapping), mapping->size, PROT_READ | (mapping->read_only ? 0 : PROT_WRITE));
    step_begin(context, stepped, NULL);
    return true;
}
