/* A hash of what happened before what: the order of events of each task, and of the events on each object. Two runs with the same
   hash have done the same up to the order of events that do not concern each other. */
#include "blocks.h"
#include "pe.h"
#include "sched.h"

enum { OBJECTS = 1 << 12 };
static struct {
    const void *object;
    uint64_t name, last, reads; /* its latest change, and the reads since */
} objects[OBJECTS];
static unsigned objects_used;
static uint64_t total, children_of_none, allocations_of_none;

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

/* Addresses differ from schedule to schedule. Memory of the driver is named by who allocated it and as his how manieth, the image by
   the offset, anything else by the event that touched it first. */
static uint64_t name_of(const void *object, const struct task *task)
{
    const struct block *block = block_find(object);
    if (block)
        return mix(block->identity, (uintptr_t)object - block->address);
    if (image_contains((uintptr_t)object))
        return mix(2, (uintptr_t)object - (uintptr_t)image.base);
    return mix(task->name, task->events);
}

/* Its entry. When the table is full all objects are one: the relation is finer then, never coarser. */
static unsigned entry_of(const void *object, const struct task *task)
{
    if (objects_used > OBJECTS / 2)
        object = objects;
    for (unsigned at = mix((uintptr_t)object, 0) % OBJECTS;; at = (at + 1) % OBJECTS) {
        if (objects[at].object == object)
            return at;
        if (!objects[at].object) {
            objects[at].object = object;
            objects[at].name = name_of(object, task);
            objects_used++;
            return at;
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

static uint64_t object_event(uint64_t hash, const void *object, const struct task *task)
{
    if (!object)
        return hash;
    unsigned at = entry_of(object, task);
    objects[at].last = mix(mix(hash, objects[at].name), objects[at].last + objects[at].reads);
    objects[at].reads = 0;
    return objects[at].last;
}

void order_note(const char *what, const void *object, const void *second)
{
    struct task *task = self ? self->task : NULL;
    if (!task)
        return;
    uint64_t hash = mix(mix(task->name, ++task->events), mix(mix(task->last, task->place), text_hash(what)));
    hash = object_event(hash, object, task);
    hash = object_event(hash, second, task);
    if (second && object)
        objects[entry_of(object, task)].last = hash;
    task->last = hash;
    total += hash;
}

void order_read(const void *object)
{
    struct task *task = self ? self->task : NULL;
    if (!task || !choosing)
        return;
    unsigned at = entry_of(object, task);
    uint64_t hash = mix(mix(task->name, ++task->events), mix(task->last, task->place));
    hash = mix(mix(hash, objects[at].name), objects[at].last);
    objects[at].reads += hash;
    task->last = hash;
    total += hash;
}

uint64_t order_identity(void)
{
    struct task *task = self ? self->task : NULL;
    return task ? mix(task->name, ++task->allocations + (1ull << 32)) : mix(4, ++allocations_of_none);
}

/* A task is named by who made it and as its how manieth: the same in every schedule in which it is the same. */
void order_start(struct task *task, struct task *parent)
{
    task->name = parent ? mix(parent->name, ++parent->children) : mix(1, ++children_of_none);
    task->last = parent ? parent->last : 0;
}
