/* One instruction at a time, for memory that is watched: what an instruction touches, and to let it run alone. By architecture. */
#pragma once
#include "host.h"

/* Whether this host can. */
bool step_possible(void);
/* When the signal handler of `context` returns, one instruction runs; then `done` is called in a handler of its own. */
typedef void step_done(void *argument);
void step_begin(void *context, step_done *done, void *argument);
/* A trap has come: true when it ended a step. */
bool step_end(void *context);
/* Bytes that the memory operand of the instruction at `code` has; 1 if it is not known. */
unsigned access_size(const uint8_t *code);
