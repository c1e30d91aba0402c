/* A hash of what happened before what: the order of events of each task, and of the events on each object. Two runs with the same
   hash have done the same up to the order of events that do not concern each other. */
#include "sched.h"

enum { OBJECTS = 1 << 12 };
static struct {
    const void *object;
    uint64_t last;
} objects[OBJECTS];
static unsigned objects_used;
static uint64_t total, children_of_none;

void order_reset(void)
{
    memset(objects, 0, sizeof objects);
    objects_used = 0;
    total = 0;
}

uint64_t order_hash(void)
{
    return total;
}

/* The latest event on it. When the table is full all objects are one: the relation is finer then, never coarser. */
static uint64_t *last_of(const void *object)
{
    if (objects_used > OBJECTS / 2)
        object = objects;
    for (size_t at = mix((uintptr_t)object, 0) % OBJECTS;; at = (at + 1) % OBJECTS) {
        if (objects[at].object == object)
            return &objects[at].last;
        if (!objects[at].object) {
            objects[at].object = object;
            objects_used++;
            return &objects[at].last;
        }
    }
}

static uint64_t text_hash(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325ull;
    while (*text)
        hash = (hash ^ (uint8_t)*text++) * 0x100000001B3ull;
    return hash;
}

void order_event(const char *what, const void *object, const void *second)
{
    struct task *task = self ? self->task : NULL;
    if (!task || !choosing)
        return;
    uint64_t hash = mix(mix(task->name, ++task->events), task->last);
    hash = mix(hash, mix(text_hash(what), (uintptr_t)object));
    uint64_t *one = object ? last_of(object) : NULL;
    uint64_t *two = second ? last_of(second) : NULL;
    hash = mix(hash, one ? *one : 0);
    hash = mix(hash, two ? *two : 0);
    if (one)
        *one = hash;
    if (two)
        *two = hash;
    task->last = hash;
    total += hash;
}

/* A task is named by who made it and as its how manieth: the same in every schedule in which it is the same. */
void order_start(struct task *task, struct task *parent)
{
    task->name = parent ? mix(parent->name, ++parent->children) : mix(1, ++children_of_none);
    task->last = parent ? parent->last : 0;
}
