/* Target: a write. The first byte chooses how the stack returns what it gets and where the buffer lies; the rest is the bundle. What the
   driver does with it is held against the rules of a bundle, read here a second time. */
#include "client.h"
#include <string.h>

enum { HEADER = 16, MOST_DATA = 61424, MOST_PACKETS = 256, LEAST_WRITE = 48, IPV4_LEAST = 20, IPV6_LEAST = 40 };
enum { SUCCESS = 0, INVALID_USER_BUFFER = (int32_t)0xC00000E8, INVALID_PARAMETER = (int32_t)0xC000000D };
static uint64_t writing, completions, packets, bytes, status, information;
static const uint16_t alignments[] = {0, 1, 15, 4079};
static const char *const returns[] = {"inline", "thread", "held", "held"};

static void seen(const struct frame *frame)
{
    if (frame_is(frame, "received")) {
        packets++;
        bytes += frame->size;
    } else if (frame_is(frame, "request-done") && frame_number(frame, "request") == writing) {
        completions++;
        status = frame_number(frame, "status");
        information = frame_number(frame, "information");
    }
}

static bool packet_sound(uint8_t version, uint32_t size)
{
    return (version >> 4 == 4 && size >= IPV4_LEAST) || (version >> 4 == 6 && size >= IPV6_LEAST);
}

/* The packets of a bundle and their bytes; false if it is malformed. */
static bool expected(const uint8_t *data, size_t size, uint64_t *count, uint64_t *sum)
{
    *count = *sum = 0;
    while (size) {
        uint32_t length;
        if (size <= HEADER || *count == MOST_PACKETS)
            return false;
        memcpy(&length, data, 4);
        if (length > MOST_DATA || !packet_sound(data[HEADER], length))
            return false;
        uint32_t whole = (HEADER + length + HEADER - 1) / HEADER * HEADER;
        if (whole > size)
            return false;
        data += whole, size -= whole;
        *count += 1, *sum += length;
    }
    return true;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count, (void)arguments;
    session_start(seen);
    session_call(NULL, 0, "add-adapter adapter=1 luid=7");
    session_call(NULL, 0, "open process=1 handle=1 path=\\\\.\\WINTUN7");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    uint8_t options = take_u8(&input);
    uint64_t wanted_packets, wanted_bytes;
    const uint8_t *bundle = input.at;
    size = (size_t)(input.end - input.at);
    packets = bytes = completions = 0;
    session_send(NULL, 0, "returns adapter=1 mode=%s", returns[options & 3]);
    session_settle();
    bool sound = size >= LEAST_WRITE && expected(bundle, size, &wanted_packets, &wanted_bytes);
    /* The number that the next command gets. */
    writing = session_send(NULL, 0, "state") + 1;
    session_call(bundle, size, "write handle=1 alignment=%u", alignments[options >> 2 & 3]);
    if ((options & 3) >= 2)
        session_call(NULL, 0, "return adapter=1 all=%s", options & 16 ? "reverse" : "forward");
    if (completions != 1)
        finding("a write of %zu bytes completed %llu times", size, (unsigned long long)completions);
    if (sound ? status != SUCCESS || information != size : (int32_t)status != INVALID_USER_BUFFER && (int32_t)status != INVALID_PARAMETER)
        finding("a write of %zu bytes, a %s bundle, ended with 0x%08x and %llu", size, sound ? "sound" : "malformed", (unsigned)status, (unsigned long long)information);
    if (packets != (sound ? wanted_packets : 0) || bytes != (sound ? wanted_bytes : 0))
        finding("%llu packets of %llu bytes were indicated; the bundle holds %llu of %llu", (unsigned long long)packets, (unsigned long long)bytes,
                (unsigned long long)(sound ? wanted_packets : 0), (unsigned long long)(sound ? wanted_bytes : 0));
    return 0;
}
