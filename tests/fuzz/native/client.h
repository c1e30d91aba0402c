/* The client of the host inside a fuzzing program: it sends commands, waits until all is still, and ends the program with a report
   when the driver has broken a rule. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
    uint64_t id; /* 0: an event */
    const char *word, *keys;
    const uint8_t *payload;
    size_t size;
};
/* The bytes that the fuzzer made up, taken from the front; past the end everything is zero. */
struct input {
    const uint8_t *at, *end;
};
uint8_t take_u8(struct input *input);
uint16_t take_u16(struct input *input);
uint32_t take_u32(struct input *input);
const uint8_t *take_bytes(struct input *input, size_t *size);

/* `on_frame` sees every event and answer. Starts the host in this process, loads the driver that is linked in, and calls its DriverEntry. */
void session_start(void (*on_frame)(const struct frame *frame));
/* Sends a command with a payload; the words after its own are its keys. Returns its number. */
uint64_t session_send(const void *payload, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Waits until nothing runs and every event and answer is here. */
void session_settle(void);
/* Sends, then settles. */
uint64_t session_call(const void *payload, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Commands without an answer. */
unsigned session_unanswered(void);
/* After the last command of an input: a command without an answer is a finding. */
void session_end(void);
bool frame_is(const struct frame *frame, const char *word);
const char *frame_text(const struct frame *frame, const char *key, char *buffer, size_t size);
uint64_t frame_number(const struct frame *frame, const char *key);
/* Ends the program: what was seen is a mistake. */
_Noreturn void finding(const char *format, ...) __attribute__((format(printf, 1, 2)));
