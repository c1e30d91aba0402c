/* What surrounds and replaces the bytes of a block, so that a write that the page protection cannot see shows at its release. */
#pragma once
#include "blocks.h"

enum { FILL_NEW = 0xCD, FILL_SLACK = 0xFE, FILL_FREED = 0xDD };
/* Patterns in the rest of the block's pages: before it (it ends at the page's end) and behind it. Guard mode. */
void slack_fill(struct block *block);
void slack_check(const struct block *block);
/* Small blocks without guard pages: a pattern from release to the next use. */
void slab_poison(const struct block *block);
void slab_poison_check(const struct block *block);
