/* Memory of a client that changes every byte as soon as the driver has fetched it. */
#pragma once
#include "memory.h"

/* Whether the command asks for such memory. Where it cannot be had, replies with an error and returns false in `possible`. */
bool hostile_wanted(struct command *command, bool *possible);
/* Makes it so: the system mappings that come are closed, and each access of the driver is looked at. */
void hostile_start(struct memory *memory);
void hostile_end(struct memory *memory);
/* What a new system mapping may be used for without being looked at: nothing. */
void hostile_close(struct block *mapping);
/* A fault in a closed mapping: notes what is fetched and lets the instruction run. False: it is none. */
bool hostile_access(struct block *mapping, uintptr_t address, bool write, const struct registers *registers, void *context);
