/* Target: a life. Each step is a byte that chooses what happens, and bytes that say how: opens, reads, writes, cancels, sends, returns,
   pauses, power, OIDs, faults, the end of a process or of the adapter. After it all that was asked for must have ended. */
#include "client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 48, SLOTS = 4, REQUESTS = 32, NBLS_MAX = 6, NBS_MAX = 4, PACKETS_MAX = 5, BUNDLE_MAX = 1 << 20, HEADER = 16, UNMAPPABLE = 1 };
typedef unsigned long long number;
static const number adapter = 1;
static number last = 1, process, handles[SLOTS], requests[REQUESTS];
static unsigned request_count;
static uint8_t buffer[BUNDLE_MAX];
static size_t used;

static const uint32_t read_sizes[] = {61440, 61457, 200000, 15728640, 61439, 0, 1, 15728641};
static const uint16_t packet_sizes[] = {20, 40, 60, 61, 1400, 9000, 61424, 61425, 19, 39, 0, 33};
static const uint16_t alignments[] = {0, 1, 15, 4079};
/* What a program can ask of an open file besides reads, writes and control: information, names, locks, security, quotas. */
static const uint8_t majors[] = {0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x11, 0x14, 0x15, 0x19, 0x1A};
static const char *const pnp_events[] = {"query_remove", "remove_cancelled", "remove_complete", "power_profile"};
static const char *const faults[] = {"IoAllocateMdl", "MmMapLockedPagesSpecifyCache", "NdisAllocateNetBufferAndNetBufferList", "ExAllocatePoolWithTag", "NdisGetDataBuffer",
                                     "NdisAllocateTimerObject", "ObReferenceObjectByHandle", "ZwQuerySystemInformation"};

static void put(const void *bytes, size_t size)
{
    if (used + size > sizeof buffer)
        size = sizeof buffer - used;
    memcpy(buffer + used, bytes, size);
    used += size;
}

static void put_u32(uint32_t value)
{
    put(&value, 4);
}

static void put_fill(uint8_t fill, size_t size)
{
    size = used + size > sizeof buffer ? sizeof buffer - used : size;
    memset(buffer + used, fill, size);
    used += size;
}

static number slot(struct input *input)
{
    return handles[take_u8(input) % SLOTS];
}

static void asked(number request)
{
    requests[request_count++ % REQUESTS] = request;
}

static uint16_t packet_size(struct input *input)
{
    return packet_sizes[take_u8(input) % (sizeof packet_sizes / sizeof *packet_sizes)];
}

static void adapter_add(void)
{
    session_call(NULL, 0, "add-adapter adapter=%llu luid=7", adapter);
}

static void process_new(void)
{
    process = ++last;
    session_call(NULL, 0, "process process=%llu user=SYSTEM", process);
}

static void open_handle(struct input *input)
{
    number *at = &handles[take_u8(input) % SLOTS];
    if (*at)
        session_call(NULL, 0, "close handle=%llu", *at);
    *at = ++last;
    session_call(NULL, 0, "open process=%llu handle=%llu path=\\\\.\\WINTUN7", process, *at);
}

static void close_handle(struct input *input)
{
    session_call(NULL, 0, "close handle=%llu", slot(input));
}

static void read_handle(struct input *input)
{
    number handle = slot(input);
    uint8_t how = take_u8(input);
    asked(session_call(NULL, 0, "read handle=%llu length=%u alignment=%u", handle, read_sizes[how & 7], alignments[how >> 3 & 3]));
}

static void write_bundle(struct input *input)
{
    number handle = slot(input);
    uint8_t how = take_u8(input);
    used = 0;
    for (int i = 0; i <= how % PACKETS_MAX; i++) {
        uint16_t size = packet_size(input);
        put_u32(size), put_fill(0, HEADER - 4);
        put_fill(how & 128 ? 0x60 : 0x45, size);
        put_fill(0, (size_t)(-size & (HEADER - 1)));
    }
    size_t cut = how & 64 ? take_u8(input) : 0;
    asked(session_call(buffer, used > cut ? used - cut : 0, "write handle=%llu alignment=%u", handle, alignments[how >> 4 & 3]));
}

static void write_raw(struct input *input)
{
    number handle = slot(input);
    size_t size = take_u8(input);
    const uint8_t *data = take_bytes(input, &size);
    asked(session_call(data, size, "write handle=%llu", handle));
}

static void control(struct input *input)
{
    number handle = slot(input);
    uint32_t code = take_u32(input);
    size_t size = take_u8(input);
    const uint8_t *data = take_bytes(input, &size);
    asked(session_call(data, size, "ioctl handle=%llu code=%u out=%u", handle, code, take_u8(input)));
}

static void other_major(struct input *input)
{
    number handle = slot(input);
    asked(session_call(NULL, 0, "request handle=%llu major=%u", handle, majors[take_u8(input) % sizeof majors]));
}

static void cancel(struct input *input)
{
    session_call(NULL, 0, "cancel request=%llu", requests[take_u8(input) % REQUESTS]);
}

static void send(struct input *input)
{
    uint8_t how = take_u8(input), count = (uint8_t)(1 + how % NBLS_MAX);
    used = 0;
    put_u32(count);
    for (int i = 0; i < count; i++) {
        uint8_t shape = take_u8(input);
        number id = shape >> 4 & 3;
        put_u32(0), put(&id, 8), put_u32(shape % NBS_MAX);
        for (int j = 0; j < shape % NBS_MAX; j++) {
            uint32_t size = packet_size(input), split = shape & 8 && size > 20 ? 20 : 0;
            put_u32(size), put_u32(0), put_u32(shape & 4 ? UNMAPPABLE : 0), put_u32(split ? 2 : 0);
            if (split)
                put_u32(split), put_u32(size - split);
            put_fill(0x45, size);
        }
    }
    session_call(buffer, used, "send adapter=%llu chain=%llu dispatch=%u", adapter, ++last, how >> 7);
}

static void cancel_send(struct input *input)
{
    uint8_t how = take_u8(input);
    session_call(NULL, 0, "cancel-send adapter=%llu cancel=%u dispatch=%u", adapter, how & 3, how >> 7);
}

static void returns(struct input *input)
{
    static const char *const modes[] = {"inline", "held", "thread"};
    session_call(NULL, 0, "returns adapter=%llu mode=%s", adapter, modes[take_u8(input) % 3]);
}

static void give_back(struct input *input)
{
    uint8_t how = take_u8(input);
    const char *rest = how & 1 ? " chained=0" : "";
    if (how & 2)
        session_call(NULL, 0, "return adapter=%llu nbls=%u,%u dispatch=%u%s", adapter, how >> 4, take_u8(input), how >> 2 & 1, rest);
    else
        session_call(NULL, 0, "return adapter=%llu all=%s dispatch=%u%s", adapter, how & 8 ? "reverse" : "forward", how >> 2 & 1, rest);
}

static void pause_adapter(struct input *input)
{
    session_call(NULL, 0, "pause adapter=%llu wait_sends=%u", adapter, take_u8(input) & 1);
}

static void restart(struct input *input)
{
    (void)input;
    session_call(NULL, 0, "restart adapter=%llu", adapter);
}

static void power(struct input *input)
{
    uint8_t how = take_u8(input);
    session_call(NULL, 0, "power adapter=%llu state=%u order=%s", adapter, how & 3, how & 4 ? "pause" : "nopause");
}

static void advance(struct input *input)
{
    session_call(NULL, 0, "advance seconds=%u", take_u8(input) % 32);
}

static void pnp(struct input *input)
{
    session_call(NULL, 0, "pnp adapter=%llu event=%s", adapter, pnp_events[take_u8(input) % 4]);
}

static void halt(struct input *input)
{
    uint8_t how = take_u8(input);
    if (how & 1)
        session_call(NULL, 0, "halt adapter=%llu wait_sends=%u", adapter, how >> 1 & 1);
    else
        session_call(NULL, 0, "surprise-remove adapter=%llu wait_sends=%u", adapter, how >> 1 & 1);
    if (!session_unanswered())
        adapter_add();
}

static void kill_process(struct input *input)
{
    (void)input;
    session_call(NULL, 0, "kill process=%llu", process);
    process_new();
    memset(handles, 0, sizeof handles);
}

static void duplicate(struct input *input)
{
    number from = slot(input), *to = &handles[take_u8(input) % SLOTS];
    if (!*to) {
        *to = ++last;
        session_call(NULL, 0, "duplicate handle=%llu process=%llu as=%llu", from, process, *to);
    }
}

static void fail(struct input *input)
{
    uint8_t how = take_u8(input);
    if (how & 128)
        session_call(NULL, 0, "fail-allocation nth=%u count=%u", how & 15, 1 + (how >> 4 & 3));
    else
        session_call(NULL, 0, "fail name=%s nth=%u count=%u", faults[how & 7], how >> 3 & 3, 1 + (how >> 5 & 3));
}

static void change_buffer(struct input *input)
{
    number request = requests[take_u8(input) % REQUESTS];
    uint16_t offset = take_u16(input);
    size_t size = take_u8(input);
    const uint8_t *data = take_bytes(input, &size);
    session_call(data, size, "poke request=%llu offset=%u", request, offset);
}

typedef void step(struct input *input);
static step *const steps[] = {open_handle,   read_handle, write_bundle, send,    give_back, returns,      close_handle, cancel,    pause_adapter, restart, power,
                              cancel_send,   advance,     write_raw,    control, pnp,       other_major,  kill_process, duplicate, fail,          halt,    change_buffer,
                              write_bundle, send};

/* Nothing is held back any more: all requests and operations end now, or never. */
static void wind_up(void)
{
    session_call(NULL, 0, "fail-allocation nth=0");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        session_send(NULL, 0, "fail name=%s nth=0", faults[i]);
    session_call(NULL, 0, "returns adapter=%llu mode=inline", adapter);
    session_call(NULL, 0, "return adapter=%llu all=forward", adapter);
    session_call(NULL, 0, "kill process=%llu", process);
    session_call(NULL, 0, "halt adapter=%llu", adapter);
    session_end();
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count, (void)arguments;
    session_start(NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    memset(handles, 0, sizeof handles);
    memset(requests, 0, sizeof requests);
    request_count = 0;
    process_new();
    adapter_add();
    for (int i = 0; i < STEPS && input.at < input.end; i++)
        steps[take_u8(&input) % (sizeof steps / sizeof *steps)](&input);
    wind_up();
    return 0;
}
