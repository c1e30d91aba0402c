/* Choices: made by a list or by chance, and recorded. Commands: `together`, `go`. */
#include "sched.h"
#include <ctype.h>

enum { LISTED_MAX = 4096, RECORDED_MAX = 1 << 16 };
struct choice {
    uint64_t state, object;
    const char *what;
    const char *from, *to; /* what the tasks are */
    uint64_t from_command, to_command;
    uint16_t count, chosen;
    bool preempts; /* number 0 is to go on, any other takes the turn from a task that could */
};
bool choosing;
static struct {
    uint32_t at, take;
} listed[LISTED_MAX];
static unsigned listed_count, listed_next;
static struct choice *choices;
static uint32_t choice_count;
static bool by_chance, by_priority, diverged;
static uint64_t random_state;
static uint32_t one_in = 8, lowest = 1u << 30, change_in;

static uint32_t random_next(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 16) % below);
}

/* The seed decides the way too: switches more or less often, or priorities that change now and then. */
static void seed_set(uint64_t seed)
{
    random_state = mix(seed, 0x5EED) | 1;
    static const uint32_t rates[] = {2, 8, 32, 0};
    one_in = rates[random_next(4)];
    by_priority = !one_in;
    change_in = 1 + random_next(200);
    by_chance = choosing = true;
}

static bool list_set(const char *text)
{
    while (*text) {
        char *end;
        unsigned long at = strtoul(text, &end, 10), take;
        if (end == text || *end != '=' || listed_count == LISTED_MAX || (listed_count && at <= listed[listed_count - 1].at))
            return false;
        text = end + 1;
        take = strtoul(text, &end, 10);
        if (end == text || (*end && *end != ',') || (*end == ',' && !end[1]))
            return false;
        listed[listed_count].at = (uint32_t)at;
        listed[listed_count++].take = (uint32_t)take;
        text = *end ? end + 1 : end;
    }
    return true;
}

/* `seed:N`, or `sync@LIST`, `all@LIST` or `memory@LIST`, where LIST is `POINT=CHOICE,…` of the choice points at which the choice is not 0. */
bool schedule_set(const char *text)
{
    bool fine = false;
    if (!strncmp(text, "seed:", 5) && isdigit((unsigned char)text[5])) {
        char *end;
        seed_set(strtoull(text + 5, &end, 10));
        fine = !*end;
        every_point = true;
    } else if (!strncmp(text, "sync@", 5)) {
        fine = list_set(text + 5);
    } else if (!strncmp(text, "memory@", 7)) {
        fine = list_set(text + 7);
        every_access = true;
    } else if (!strncmp(text, "all@", 4)) {
        fine = list_set(text + 4);
        every_point = true;
    }
    scheduled = fine;
    return fine;
}

void choice_task(struct task *task)
{
    if (by_priority)
        task->priority = (1u << 30) + random_next(1u << 20);
}

static unsigned highest(struct task *const *options, unsigned count)
{
    unsigned best = 0;
    for (unsigned i = 1; i < count; i++)
        if (options[i]->priority > options[best]->priority)
            best = i;
    return best;
}

static unsigned take_by_chance(struct task *const *options, unsigned count, bool preempts)
{
    if (!by_priority)
        return preempts && random_next(one_in) ? 0 : random_next(count);
    if (preempts && --change_in == 0) {
        options[0]->priority = --lowest;
        change_in = 1 + random_next(200);
    }
    return highest(options, count);
}

static unsigned take_listed(unsigned count)
{
    if (listed_next == listed_count || listed[listed_next].at != choice_count)
        return 0;
    unsigned take = listed[listed_next++].take;
    diverged |= take >= count;
    return take < count ? take : 0;
}

unsigned choice_make(struct task *const *options, unsigned count, bool preempts, const char *what, const void *object)
{
    unsigned chosen = by_chance ? take_by_chance(options, count, preempts) : take_listed(count);
    struct task *from = self ? self->task : NULL;
    uint64_t state = mix(order_hash(), preempts ? options[0]->name : 0);
    for (unsigned i = 0; i < count; i++)
        state += mix(options[i]->name, options[i]->place);
    if (!choices)
        choices = malloc(RECORDED_MAX * sizeof *choices);
    if (choice_count < RECORDED_MAX)
        choices[choice_count] = (struct choice){state, (uintptr_t)object, what, from ? from->what : "", options[chosen]->what,
                                                from ? from->command : 0, options[chosen]->command, (uint16_t)count, (uint16_t)chosen, preempts};
    choice_count++;
    return chosen;
}

/* ---- commands; on the channel's thread ---- */

static bool gathering;
void waiting_events(void);
static uint32_t window_start;

bool sched_gathering(void)
{
    return gathering;
}

static void choices_write(struct text *lines, bool names)
{
    uint32_t end = choice_count < RECORDED_MAX ? choice_count : RECORDED_MAX;
    for (uint32_t i = window_start; i < end; i++) {
        const struct choice *c = &choices[i];
        text_add(lines, "%u %u %u %d %llx", i, c->count, c->chosen, c->preempts, (unsigned long long)c->state);
        if (names)
            text_add(lines, " 0x%llx %s|%s %llu|%s %llu", (unsigned long long)c->object, c->what, c->from, (unsigned long long)c->from_command, c->to,
                     (unsigned long long)c->to_command);
        text_add(lines, "\n");
    }
}

COMMAND("together", command_together, ALWAYS | INLINE)
{
    if (!scheduled || gathering) {
        reply_error(command, "state", gathering ? "together has begun already" : "threads run freely: configure a schedule");
        return;
    }
    gathering = true;
    window_start = choice_count;
    order_reset();
}

COMMAND("go", command_go, ALWAYS | INLINE)
{
    struct text header = {0}, lines = {0};
    if (!gathering) {
        reply_error(command, "state", "go comes after together");
        return;
    }
    gathering = false;
    choosing = true;
    sched_drain();
    choosing = by_chance;
    waiting_events();
    choices_write(&lines, argument_number(command, "names", 0));
    text_add(&header, " choices=%u from=%u diverged=%d order=0x%llx violations=%u", choice_count, window_start, diverged, (unsigned long long)order_hash(), violation_count());
    reply_ok(command, &header, lines.bytes, lines.length);
    text_free(&header);
    text_free(&lines);
}
