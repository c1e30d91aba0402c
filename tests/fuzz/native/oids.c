/* Target: OID requests. Records of a type, an OID (one that the driver names, or any), lengths of both buffers, and bytes. */
#include "client.h"
#include <string.h>

enum { SET_POWER = 0xFD010101, QUERY_POWER = 0xFD010102, POWER_STATES = 4 };
enum { OIDS_MAX = 256, RECORDS_MAX = 24, LENGTH_LIMIT = 1024, METHOD = 12 };
static const char *const types[] = {"query", "set", "statistics", "method"};
static uint32_t oids[OIDS_MAX];
static unsigned oid_count;
static const unsigned long long adapter = 1;

static unsigned hex(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
}

/* The list that the driver gave at its registration, in the answer to `declared`. */
static void seen(const struct frame *frame)
{
    static char text[OIDS_MAX * 8 + 1];
    if (!frame->id || oid_count || !strstr(frame->keys, " oids="))
        return;
    frame_text(frame, "oids", text, sizeof text);
    for (const char *at = text; strlen(at) >= 8 && oid_count < OIDS_MAX; at += 8) {
        uint32_t value = 0;
        for (int i = 6; i >= 0; i -= 2)
            value = value << 8 | hex(at[i]) << 4 | hex(at[i + 1]);
        oids[oid_count++] = value;
    }
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count, (void)arguments;
    session_start(seen);
    session_call(NULL, 0, "add-adapter adapter=1 luid=1");
    session_call(NULL, 0, "declared adapter=1");
    session_call(NULL, 0, "halt adapter=1");
    if (!oid_count)
        finding("the driver names no OID");
    return 0;
}

/* The power OIDs are NDIS' own: no protocol can send them, and NDIS sends them in one form only, which must succeed. */
static bool power(uint32_t oid, uint8_t kind)
{
    uint32_t state = 1 + kind % POWER_STATES;
    if (oid == SET_POWER)
        session_call(&state, sizeof state, "oid adapter=%llu type=set oid=%u", adapter, oid);
    else if (oid == QUERY_POWER)
        session_call(&state, sizeof state, "oid adapter=%llu type=query oid=%u", adapter, oid);
    return oid == SET_POWER || oid == QUERY_POWER;
}

static void request(struct input *input)
{
    uint8_t kind = take_u8(input), chosen = take_u8(input);
    uint32_t oid = chosen < 0xF0 ? oids[chosen % oid_count] : take_u32(input);
    unsigned first = take_u16(input) % LENGTH_LIMIT, second = kind & 8 ? take_u16(input) % LENGTH_LIMIT : first;
    size_t size = take_u8(input);
    const uint8_t *data = take_bytes(input, &size);
    if (power(oid, kind))
        return;
    if ((kind & 7) == 7) /* any type there is, and some that there are not */
        session_call(data, size, "oid adapter=%llu type=%u oid=%u in=%u out=%u", adapter, take_u8(input) % (METHOD + 8), oid, first, second);
    else
        session_call(data, size, "oid adapter=%llu type=%s oid=%u in=%u out=%u", adapter, types[kind & 3], oid, first, second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    session_call(NULL, 0, "add-adapter adapter=%llu luid=7", adapter);
    for (int i = 0; i < RECORDS_MAX && input.at < input.end; i++)
        request(&input);
    session_call(NULL, 0, "halt adapter=%llu", adapter);
    session_end();
    return 0;
}
