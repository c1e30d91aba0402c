/* Broken rules and faults: what is said about them, and how the driver's call stack is shown. */
#include "pe.h"

static atomic_uint violations_seen;
enum { REPORTED_MAX = 500 };

static struct registers registers_of(const struct frame *frame)
{
    struct registers r = {.ip = frame->ip, .sp = frame->sp};
    r.r[STACK_POINTER] = frame->sp;
    r.r[FRAME_POINTER] = frame->bp;
    return r;
}

unsigned capture_stack(uintptr_t *frames, unsigned capacity)
{
    unsigned count = 0;
    const struct frame *frame = self ? self->frame : NULL;
    while (frame && frame->callback)
        frame = frame->outer;
    if (!frame || !image_contains(frame->ip))
        return 0;
    struct registers r = registers_of(frame);
    do {
        frames[count++] = r.ip;
    } while (count < capacity && settings.verifier && unwind_step(&r));
    return count;
}

void frames_write(struct text *report, const uintptr_t *frames, unsigned count)
{
    for (unsigned i = 0; i < count && frames[i]; i++)
        text_add(report, "frame %s+0x%zx\n", image.name, (size_t)(frames[i] - (uintptr_t)image.base));
}

static void segment_write(struct text *report, struct registers r)
{
    for (int depth = 0; depth < 32 && image_contains(r.ip); depth++) {
        text_add(report, "frame %s+0x%zx\n", image.name, (size_t)(r.ip - (uintptr_t)image.base));
        if (!unwind_step(&r))
            return;
    }
}

static void stack_write(struct text *report, const struct registers *top)
{
    if (top)
        segment_write(report, *top);
    for (const struct frame *frame = self ? self->frame : NULL; frame; frame = frame->outer) {
        text_add(report, "%s %s\n", frame->callback ? "callback" : "call", frame->name);
        if (!frame->callback)
            segment_write(report, registers_of(frame));
    }
}

__thread const uintptr_t *report_first_frames;
void object_describe(struct text *report, const void *object);

static void report_send(const char *event, const char *rule, const void *object, const char *text)
{
    struct text header = {0}, report = {0};
    text_value(&header, "rule", rule);
    text_value(&header, "text", text);
    text_add(&header, " subject=%p thread=%u irql=%u command=%llu", object, self ? self->id : 0, self ? self->irql : 0,
             self ? (unsigned long long)self->command : 0);
    extern const char *verifier_code(const char *rule);
    const char *dv = verifier_code(rule);
    if (dv)
        text_value(&header, "dv", dv);
    stack_write(&report, NULL);
    object_describe(&report, object);
    if (report_first_frames) {
        text_add(&report, "first\n");
        frames_write(&report, report_first_frames, STACK_MAX);
    }
    history_write(&report, object);
    event_send(event, &header, report.bytes, report.length);
    text_free(&header);
    text_free(&report);
}

/* Rules that the client lets the driver break: they are neither reported nor counted. */
static char *allowed;

void rules_allow(const char *list)
{
    free(allowed);
    allowed = list ? strdup(list) : NULL;
}

static bool is_allowed(const char *rule)
{
    size_t length = strlen(rule);
    for (const char *at = allowed; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (!strncmp(at, rule, length) && (at[length] == ',' || !at[length]))
            return true;
    return false;
}

void violation(const char *rule, const void *object, const char *format, ...)
{
    char text[512];
    if (allowed && is_allowed(rule))
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (atomic_fetch_add(&violations_seen, 1) < REPORTED_MAX)
        report_send("violation", rule, object, text);
}

void note(const char *rule, const void *object, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    report_send("note", rule, object, text);
}

unsigned violation_count(void)
{
    return atomic_load(&violations_seen);
}

void fault_report(const char *kind, uintptr_t address, const char *extra, const char *text, const struct registers *registers)
{
    struct text header = {0}, report = {0};
    text_value(&header, "kind", kind);
    text_add(&header, " address=0x%zx thread=%u irql=%u command=%llu", (size_t)address, self->id, self->irql, (unsigned long long)self->command);
    if (extra)
        text_add(&header, " %s", extra);
    text_value(&header, "text", text);
    bool in_driver = registers && image_contains(registers->ip);
    stack_write(&report, in_driver ? registers : NULL);
    if (registers)
        registers_describe(&report, registers);
    object_describe(&report, (const void *)address);
    history_write(&report, (const void *)address);
    event_send("fault", &header, report.bytes, report.length);
    text_free(&header);
    text_free(&report);
}
