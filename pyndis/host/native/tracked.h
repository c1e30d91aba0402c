/* Objects that the kernel keeps in the driver's own memory: who is initialised where, and what may not go away under them. */
#pragma once
#include "host.h"

enum tracked_kind { TRACKED_LOOKASIDE, TRACKED_REMOVE_LOCK, TRACKED_KINDS };
/* From its initialisation to its deletion. `record`: what the host keeps beside it. Tracking it again replaces the record. */
void track(enum tracked_kind kind, const void *object, void *record);
/* Its record, or NULL; `found` tells the two NULLs apart. */
void *tracked(enum tracked_kind kind, const void *object, bool *found);
bool untrack(enum tracked_kind kind, const void *object);
/* Memory goes (freed, or the image at its unload): whatever in it is still in use is a broken rule. `call`: what lets it go. */
void memory_leaves(uintptr_t address, size_t size, const char *call);
