/* The control channel: frames in and out, the table of commands, one reply for each. */
#include "sched.h"
#include <sys/socket.h>
#include <sys/uio.h>

extern const struct command_entry *const __start_host_commands[], *const __stop_host_commands[];

static int channel = -1;
static pthread_mutex_t channel_lock = PTHREAD_MUTEX_INITIALIZER;
static struct command *open_commands; /* under channel_lock */

static void write_all(struct iovec *parts, int count)
{
    while (count) {
        ssize_t written = writev(channel, parts, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            _exit(0); /* the other end is gone: nothing is left to do for it */
        while (count && (size_t)written >= parts->iov_len) {
            written -= (ssize_t)parts->iov_len;
            parts++, count--;
        }
        if (count) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= (size_t)written;
        }
    }
}

static void frame_write(const char *line, const struct text *keys, const void *payload, size_t size)
{
    size_t line_length = strlen(line), keys_length = keys ? keys->length : 0;
    uint32_t length = (uint32_t)(line_length + keys_length + 1 + size);
    struct iovec parts[5] = {{&length, 4}, {(void *)line, line_length}, {keys ? keys->bytes : "", keys_length}, {"\n", 1}, {(void *)payload, size}};
    pthread_mutex_lock(&channel_lock);
    write_all(parts, 5);
    pthread_mutex_unlock(&channel_lock);
}

void event_send(const char *name, const struct text *header, const void *payload, size_t size)
{
    char line[64];
    snprintf(line, sizeof line, "0 %s", name);
    frame_write(line, header, payload, size);
}

void reply_ok(struct command *command, const struct text *keys, const void *payload, size_t size)
{
    char line[48];
    if (atomic_exchange(&command->replied, 1))
        return;
    snprintf(line, sizeof line, "%llu ok", (unsigned long long)command->id);
    frame_write(line, keys, payload, size);
}

void reply_format(struct command *command, const char *format, ...)
{
    char line[512];
    va_list list;
    va_start(list, format);
    line[0] = ' ';
    int length = vsnprintf(line + 1, sizeof line - 1, format, list);
    va_end(list);
    struct text keys = {line, (size_t)length + 1, sizeof line};
    reply_ok(command, &keys, NULL, 0);
}

void reply_error(struct command *command, const char *code, const char *format, ...)
{
    char line[64], text[1024];
    va_list list;
    if (atomic_exchange(&command->replied, 1))
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    struct text keys = {0};
    text_value(&keys, "code", code);
    if (!strcmp(code, "missing-import"))
        text_value(&keys, "names", text);
    else if (!strncmp(text, "status=", 7)) {
        char *space = strchr(text, ' ');
        if (space)
            *space = 0;
        text_add(&keys, " %s", text);
        text_value(&keys, "text", space ? space + 1 : "");
    } else
        text_value(&keys, "text", text);
    snprintf(line, sizeof line, "%llu error", (unsigned long long)command->id);
    frame_write(line, &keys, NULL, 0);
    text_free(&keys);
}

static void command_release(struct command *command)
{
    if (atomic_fetch_sub(&command->references, 1) > 1)
        return;
    free(command->word); /* the frame: header text and payload */
    free(command);
}

void reply_all_faulted(void)
{
    pthread_mutex_lock(&channel_lock);
    struct command *commands[256];
    int count = 0;
    for (struct command *c = open_commands; c && count < 256; c = c->next)
        if (strcmp(c->word, "settle") && strcmp(c->word, "advance") && strcmp(c->word, "go"))
            commands[count++] = c, atomic_fetch_add(&c->references, 1);
    pthread_mutex_unlock(&channel_lock);
    for (int i = 0; i < count; i++) {
        reply_error(commands[i], "fault", "the driver faulted while %s ran", commands[i]->word);
        command_release(commands[i]);
    }
}

static int hex(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode(char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (*text == '%' && hex(text[1]) >= 0 && hex(text[2]) >= 0) {
            *out++ = (char)(hex(text[1]) << 4 | hex(text[2]));
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = 0;
}

const char *argument(struct command *command, const char *key)
{
    for (int i = 0; i < command->pair_count; i++)
        if (!strcmp(command->pairs[i].key, key))
            return command->pairs[i].value;
    return NULL;
}

uint64_t argument_number(struct command *command, const char *key, uint64_t otherwise)
{
    const char *value = argument(command, key);
    return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

bool argument_list(struct command *command, const char *key, uint64_t *values, size_t capacity, size_t *count)
{
    const char *at = argument(command, key);
    *count = 0;
    while (at && *at && *count < capacity) {
        char *end;
        values[(*count)++] = strtoull(at, &end, 0);
        if (end == at)
            return false;
        at = *end == ',' ? end + 1 : end;
    }
    return at && !*at;
}

static void command_close(struct command *command)
{
    pthread_mutex_lock(&channel_lock);
    for (struct command **at = &open_commands; *at; at = &(*at)->next) {
        if (*at == command) {
            *at = command->next;
            break;
        }
    }
    pthread_mutex_unlock(&channel_lock);
    for (int i = 0; i < command->fd_count; i++)
        if (command->fds[i] >= 0)
            close(command->fds[i]);
    command_release(command);
}

static const struct command_entry *entry_of(const char *word)
{
    for (const struct command_entry *const *at = __start_host_commands; at < __stop_host_commands; at++)
        if (!strcmp((*at)->word, word))
            return *at;
    return NULL;
}

void adapter_leave(struct command *command);
bool sched_gathering(void);

static void command_run(void *argument)
{
    struct command *command = argument;
    const struct command_entry *entry = entry_of(command->word);
    if (!entry)
        reply_error(command, "usage", "unknown command %s", command->word);
    else if ((entry->flags & NEEDS_DRIVER) && atomic_load(&driver_dead))
        reply_error(command, "dead", "the driver has faulted: %s is refused", command->word);
    else
        entry->run(command);
    if (command->adapter)
        adapter_leave(command);
    reply_ok(command, NULL, NULL, 0);
    command_close(command);
}

/* Splits "ID WORD k=v …\n" in place. The frame's memory belongs to the command from here on. */
static struct command *command_parse(char *frame, size_t size)
{
    char *newline = memchr(frame, '\n', size);
    struct command *command = calloc(1, sizeof *command);
    if (!newline || !command)
        _exit(70);
    *newline = 0;
    atomic_init(&command->references, 1);
    command->payload = (uint8_t *)newline + 1;
    command->payload_size = size - (size_t)(newline + 1 - frame);
    char *rest = frame, *part = strsep(&rest, " ");
    command->id = strtoull(part, NULL, 10);
    char *word = strsep(&rest, " ");
    while ((part = strsep(&rest, " ")) && command->pair_count < (int)COUNT(command->pairs)) {
        char *equals = strchr(part, '=');
        if (!equals)
            continue;
        *equals = 0;
        decode(equals + 1);
        command->pairs[command->pair_count++] = (struct pair){part, equals + 1};
    }
    memmove(frame, word ? word : "", strlen(word ? word : "") + 1); /* so that the word is the frame's start and frees it */
    command->word = frame;
    return command;
}

/* musl's own macro compares a size with a difference. */
static struct cmsghdr *next_header(struct msghdr *message, struct cmsghdr *header)
{
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-compare"
    return CMSG_NXTHDR(message, header);
#pragma clang diagnostic pop
}

static bool read_all(void *buffer, size_t size, int *fds, int *fd_count)
{
    for (size_t done = 0; done < size;) {
        char control[CMSG_SPACE(4 * sizeof(int))];
        struct iovec part = {(char *)buffer + done, size - done};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = next_header(&message, c)) {
            if (c->cmsg_type != SCM_RIGHTS)
                continue;
            size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < count && *fd_count < 4; i++)
                memcpy(&fds[(*fd_count)++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
        }
        done += (size_t)n;
    }
    return true;
}

/* Nothing can go on: the commands that are not answered now wait for what the client does next, or for ever. */
void waiting_events(void)
{
    uint64_t ids[64];
    int count = 0;
    pthread_mutex_lock(&channel_lock);
    for (struct command *c = open_commands; c && count < 64; c = c->next) {
        const struct command_entry *entry = entry_of(c->word);
        if (c->waits || atomic_load(&c->replied) || (entry && entry->flags & INLINE))
            continue;
        c->waits = true;
        ids[count++] = c->id;
    }
    pthread_mutex_unlock(&channel_lock);
    while (count) {
        char text[48];
        int length = snprintf(text, sizeof text, " command=%llu", (unsigned long long)ids[--count]);
        struct text header = {text, (size_t)length, sizeof text};
        event_send("waiting", &header, NULL, 0);
    }
}

static void command_begin(struct command *command)
{
    const struct command_entry *entry = entry_of(command->word);
    int flags = entry ? entry->flags : 0;
    if (flags & INLINE || (flags & INLINE_SCHEDULED && scheduled)) {
        command_run(command);
        return;
    }
    submit("command", command_run, command, (struct job_options){.command = command->id, .uncounted = flags & UNCOUNTED});
    if (scheduled && !sched_gathering()) {
        sched_drain();
        waiting_events();
    }
}

void wire_loop(int fd)
{
    channel = fd;
    for (;;) {
        uint32_t length;
        int fds[4], fd_count = 0;
        if (!read_all(&length, 4, fds, &fd_count) || length > 1u << 30)
            return;
        char *frame = malloc(length + 1);
        if (!frame || !read_all(frame, length, fds, &fd_count))
            return;
        struct command *command = command_parse(frame, length);
        command->fd_count = fd_count;
        memcpy(command->fds, fds, sizeof fds);
        pthread_mutex_lock(&channel_lock);
        command->next = open_commands;
        open_commands = command;
        pthread_mutex_unlock(&channel_lock);
        command_begin(command);
    }
}
