/* The host in a thread of its own behind a socket, and the frames of its protocol. */
#include "client.h"
#include <poll.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, OPEN_MAX = 4096, FRAME_MAX = 64 << 20 };
extern uint8_t __start_driver_code[];
int host_main(int count, char **arguments); /* the host's own main, renamed */

static int channel = -1;
static uint64_t last_id, unanswered[OPEN_MAX];
static unsigned unanswered_count;
static char *waiting;
static void (*frame_seen)(const struct frame *frame);
static uint8_t *received;
static size_t received_size;
static bool show; /* every command and its answer, for whoever looks at one input */

uint8_t take_u8(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

uint16_t take_u16(struct input *input)
{
    uint8_t low = take_u8(input);
    return (uint16_t)(low | take_u8(input) << 8);
}

uint32_t take_u32(struct input *input)
{
    uint16_t low = take_u16(input);
    return low | (uint32_t)take_u16(input) << 16;
}

const uint8_t *take_bytes(struct input *input, size_t *size)
{
    size_t left = (size_t)(input->end - input->at);
    const uint8_t *at = input->at;
    *size = *size < left ? *size : left;
    input->at += *size;
    return at;
}

void session_end(void)
{
    if (unanswered_count)
        finding("%u commands are never answered; what waits: %s", unanswered_count, waiting);
}

_Noreturn void finding(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "== FINDING: ");
    vfprintf(stderr, format, list);
    fprintf(stderr, "\n");
    va_end(list);
    abort();
}

uint64_t frame_number(const struct frame *frame, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = strchr(frame->keys, ' '); at; at = strchr(at + 1, ' '))
        if (!strncmp(at + 1, key, length) && at[1 + length] == '=')
            return strtoull(at + length + 2, NULL, 0);
    return 0;
}

const char *frame_text(const struct frame *frame, const char *key, char *buffer, size_t size)
{
    size_t length = strlen(key);
    const char *at = strchr(frame->keys, ' ');
    while (at && (strncmp(at + 1, key, length) || at[1 + length] != '='))
        at = strchr(at + 1, ' ');
    size_t n = 0;
    for (at = at ? at + length + 2 : ""; *at && *at != ' ' && n + 1 < size; at++) {
        unsigned code;
        if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1)
            buffer[n++] = (char)code, at += 2;
        else
            buffer[n++] = *at;
    }
    buffer[n] = 0;
    return buffer;
}

/* A line of the report; a place in the driver is shown as function, file and line. */
static void report_line(const char *line)
{
    const char *plus = strstr(line, "+0x");
    char place[512];
    fprintf(stderr, "   %s", line);
    if (!strncmp(line, "frame ", 6) && plus) {
        __sanitizer_symbolize_pc(__start_driver_code + strtoull(plus + 1, NULL, 16) - 1, "%f %s:%l", place, sizeof place);
        fprintf(stderr, "  %s", place);
    }
    fprintf(stderr, "\n");
}

static _Noreturn void rule_broken(const struct frame *frame)
{
    char text[1024], rule[128], *rest = strndup((const char *)frame->payload, frame->size);
    for (char *line; (line = strsep(&rest, "\n")) && *line;)
        report_line(line);
    frame_text(frame, frame_is(frame, "fault") ? "kind" : "rule", rule, sizeof rule);
    finding("%s %s: %s", frame_is(frame, "fault") ? "fault" : "violation", rule, frame_text(frame, "text", text, sizeof text));
}

static void read_all(void *buffer, size_t size)
{
    for (size_t done = 0; done < size;) {
        struct pollfd ready = {channel, POLLIN, 0};
        if (poll(&ready, 1, PATIENCE_MS) == 0)
            finding("the host is silent: the driver hangs, with %u commands under way", unanswered_count);
        ssize_t n = read(channel, (uint8_t *)buffer + done, size - done);
        if (n <= 0)
            finding("the host is gone");
        done += (size_t)n;
    }
}

static struct frame frame_read(void)
{
    uint32_t length;
    read_all(&length, 4);
    if (length > FRAME_MAX)
        finding("a frame of %u bytes", length);
    if (length + 1 > received_size)
        received = realloc(received, received_size = length + 1);
    read_all(received, length);
    uint8_t *end = memchr(received, '\n', length);
    char *space = end ? memchr(received, ' ', (size_t)(end - received)) : NULL;
    if (!space)
        finding("a frame without a header");
    *end = 0;
    char *keys = strchr(space + 1, ' ');
    struct frame frame = {strtoull((char *)received, NULL, 10), space + 1, keys ? keys : "", end + 1, (size_t)(received + length - end - 1)};
    return frame;
}

bool frame_is(const struct frame *frame, const char *word)
{
    size_t length = strlen(word);
    return !strncmp(frame->word, word, length) && (frame->word[length] == ' ' || !frame->word[length]);
}

static void answered(const struct frame *frame)
{
    char code[64];
    for (unsigned i = 0; i < unanswered_count; i++) {
        if (unanswered[i] == frame->id) {
            unanswered[i] = unanswered[--unanswered_count];
            break;
        }
    }
    if (show)
        fprintf(stderr, "<- %llu %s\n%.*s", (unsigned long long)frame->id, frame->word, frame_number(frame, "settled") ? (int)frame->size : 0, (const char *)frame->payload);
    if (frame_is(frame, "error") && (!strcmp(frame_text(frame, "code", code, sizeof code), "fault") || !strcmp(code, "dead")))
        finding("the driver has crashed");
}

/* The threads that still wait in the driver. */
static void waiting_keep(const struct frame *frame)
{
    free(waiting);
    waiting = strndup((const char *)frame->payload, frame->size);
}

/* Takes frames until the one with that number. Violations come as events before it. */
static void frames_until(uint64_t id)
{
    for (;;) {
        struct frame frame = frame_read();
        if (frame.id)
            answered(&frame);
        else if (frame_is(&frame, "violation") || frame_is(&frame, "fault"))
            rule_broken(&frame);
        if (frame_seen)
            frame_seen(&frame);
        if (frame.id == id) {
            if (!frame_number(&frame, "settled"))
                finding("the driver does not come to rest");
            waiting_keep(&frame);
            return;
        }
    }
}

static void write_all(const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(channel, (const uint8_t *)bytes + done, size - done);
        if (n <= 0)
            finding("the host is gone");
        done += (size_t)n;
    }
}

static uint64_t send_list(const void *payload, size_t size, const char *format, va_list list)
{
    char line[512];
    uint64_t id = ++last_id;
    int length = snprintf(line + 4, sizeof line - 4, "%llu ", (unsigned long long)id) + 4;
    length += vsnprintf(line + length, sizeof line - 1 - (size_t)length, format, list);
    line[length++] = '\n';
    if (show)
        fprintf(stderr, "-> %.*s", length - 4, line + 4);
    uint32_t whole = (uint32_t)(length - 4 + (long)size);
    memcpy(line, &whole, 4);
    if (unanswered_count == OPEN_MAX)
        finding("too many commands under way");
    unanswered[unanswered_count++] = id;
    write_all(line, (size_t)length);
    write_all(payload, size);
    return id;
}

uint64_t session_send(const void *payload, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    uint64_t id = send_list(payload, size, format, list);
    va_end(list);
    return id;
}

void session_settle(void)
{
    frames_until(session_send(NULL, 0, "settle timeout=20"));
}

uint64_t session_call(const void *payload, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    uint64_t id = send_list(payload, size, format, list);
    va_end(list);
    session_settle();
    return id;
}

unsigned session_unanswered(void)
{
    return unanswered_count;
}

static void *host_thread(void *argument)
{
    char number[16];
    snprintf(number, sizeof number, "%d", *(int *)argument);
    char *arguments[] = {"ndis-host", "--control", number, NULL};
    exit(host_main(3, arguments));
}

void session_start(void (*on_frame)(const struct frame *frame))
{
    static int ends[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || pthread_create(&thread, NULL, host_thread, &ends[1]))
        finding("the host cannot be started");
    channel = ends[0];
    frame_seen = on_frame;
    show = getenv("FUZZ_SHOW") != NULL;
    session_call(NULL, 0, "configure stack_limit=1000000 guard=%d", getenv("FUZZ_GUARD") != NULL);
    session_call(NULL, 0, "load name=driver");
    session_call(NULL, 0, "entry");
    session_call(NULL, 0, "process process=1 user=SYSTEM");
    if (session_unanswered())
        finding("the driver does not start");
}
