/* Bitmaps of the runtime library, and numbers by chance. */
#include "host.h"

enum { NO_RUN = -1 };
static const uint32_t MULTIPLIER = 0x7FFFFFED, INCREMENT = 0x7FFFFFC3, MODULUS = 0x7FFFFFFF; /* of RtlRandom's documentation */

static uint32_t bits_in(const RTL_BITMAP *map)
{
    return map->SizeOfBitMap;
}

static bool bit(const RTL_BITMAP *map, uint32_t at)
{
    return ((const uint32_t *)map->Buffer)[at / 32] >> at % 32 & 1;
}

static void bit_put(RTL_BITMAP *map, uint32_t at, bool value)
{
    uint32_t *word = (uint32_t *)map->Buffer + at / 32, mask = 1u << at % 32;
    *word = value ? *word | mask : *word & ~mask;
}

static bool range_fits(const RTL_BITMAP *map, uint32_t at, uint32_t count, const char *call)
{
    if (at <= bits_in(map) && count <= bits_in(map) - at)
        return true;
    violation("BitmapRange", map, "%s: %u bits from %u do not lie in a bitmap of %u", call, count, at, bits_in(map));
    return false;
}

static void range_put(RTL_BITMAP *map, uint32_t at, uint32_t count, bool value, const char *call)
{
    for (uint32_t i = 0; range_fits(map, at, count, call) && i < count; i++)
        bit_put(map, at + i, value);
}

static bool range_is(const RTL_BITMAP *map, uint32_t at, uint32_t count, bool value)
{
    if (!count || at >= bits_in(map) || count > bits_in(map) - at)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (bit(map, at + i) != value)
            return false;
    return true;
}

/* The first run of clear bits from the hint on, then from the start. */
static uint32_t clear_run(const RTL_BITMAP *map, uint32_t count, uint32_t hint)
{
    uint32_t size = bits_in(map), from = hint < size ? hint : 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = (from + i) % size;
        if (range_is(map, at, count, false))
            return at;
    }
    return (uint32_t)NO_RUN;
}

EXPORT(void, RtlInitializeBitMap, RTL_BITMAP *map, uint32_t *buffer, uint32_t size)
{
    ENTER(RtlInitializeBitMap, map);
    map->SizeOfBitMap = size;
    map->Buffer = buffer;
}

EXPORT(void, RtlSetBits, RTL_BITMAP *map, uint32_t at, uint32_t count)
{
    ENTER(RtlSetBits, map);
    range_put(map, at, count, true, "RtlSetBits");
}

EXPORT(void, RtlClearBits, RTL_BITMAP *map, uint32_t at, uint32_t count)
{
    ENTER(RtlClearBits, map);
    range_put(map, at, count, false, "RtlClearBits");
}

EXPORT(void, RtlSetAllBits, RTL_BITMAP *map)
{
    ENTER(RtlSetAllBits, map);
    range_put(map, 0, bits_in(map), true, "RtlSetAllBits");
}

EXPORT(void, RtlClearAllBits, RTL_BITMAP *map)
{
    ENTER(RtlClearAllBits, map);
    range_put(map, 0, bits_in(map), false, "RtlClearAllBits");
}

EXPORT(void, RtlSetBit, RTL_BITMAP *map, uint32_t at)
{
    ENTER(RtlSetBit, map);
    range_put(map, at, 1, true, "RtlSetBit");
}

EXPORT(void, RtlClearBit, RTL_BITMAP *map, uint32_t at)
{
    ENTER(RtlClearBit, map);
    range_put(map, at, 1, false, "RtlClearBit");
}

EXPORT(uint8_t, RtlTestBit, RTL_BITMAP *map, uint32_t at)
{
    ENTER(RtlTestBit, map);
    return range_fits(map, at, 1, "RtlTestBit") && bit(map, at);
}

EXPORT(uint8_t, RtlAreBitsSet, RTL_BITMAP *map, uint32_t at, uint32_t count)
{
    ENTER(RtlAreBitsSet, map);
    return range_is(map, at, count, true);
}

EXPORT(uint8_t, RtlAreBitsClear, RTL_BITMAP *map, uint32_t at, uint32_t count)
{
    ENTER(RtlAreBitsClear, map);
    return range_is(map, at, count, false);
}

EXPORT(uint32_t, RtlNumberOfSetBits, RTL_BITMAP *map)
{
    ENTER(RtlNumberOfSetBits, map);
    uint32_t count = 0;
    for (uint32_t i = 0; i < bits_in(map); i++)
        count += bit(map, i);
    return count;
}

EXPORT(uint32_t, RtlFindClearBits, RTL_BITMAP *map, uint32_t count, uint32_t hint)
{
    ENTER(RtlFindClearBits, map);
    return clear_run(map, count, hint);
}

EXPORT(uint32_t, RtlFindClearBitsAndSet, RTL_BITMAP *map, uint32_t count, uint32_t hint)
{
    ENTER(RtlFindClearBitsAndSet, map);
    uint32_t at = clear_run(map, count, hint);
    if (at != (uint32_t)NO_RUN)
        range_put(map, at, count, true, "RtlFindClearBitsAndSet");
    return at;
}

EXPORT(uint32_t, RtlRandomEx, uint32_t *seed)
{
    ENTER(RtlRandomEx, seed);
    return *seed = (uint32_t)(((uint64_t)MULTIPLIER * *seed + INCREMENT) % MODULUS);
}
