/* Strings of the runtime library: case, prefixes, numbers, GUIDs. Case is folded as far as ASCII goes. */
#include "host.h"

void *pool_allocate(size_t size, uint32_t tag, void *owner);
enum { STRING_TAG = 0x67727453, GUID_UNITS = 38 };

static uint16_t upper(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit;
}

EXPORT(uint16_t, RtlUpcaseUnicodeChar, uint16_t unit)
{
    ENTER(RtlUpcaseUnicodeChar, NULL);
    return upper(unit);
}

EXPORT(uint16_t, RtlDowncaseUnicodeChar, uint16_t unit)
{
    ENTER(RtlDowncaseUnicodeChar, NULL);
    return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit + 32) : unit;
}

EXPORT_F(status_t, RtlUpcaseUnicodeString, UNICODE_STRING *to, const UNICODE_STRING *from, uint8_t allocate)
{
    ENTER_FAILS(RtlUpcaseUnicodeString, to, true);
    if (allocate) {
        to->Buffer = fail_ ? NULL : pool_allocate(from->Length, STRING_TAG, NULL);
        to->MaximumLength = from->Length;
        if (!to->Buffer)
            return (status_t)STATUS_NO_MEMORY;
    } else if (to->MaximumLength < from->Length) {
        return (status_t)STATUS_BUFFER_OVERFLOW;
    }
    for (unsigned i = 0; i < from->Length / 2u; i++)
        ((uint16_t *)to->Buffer)[i] = upper(((const uint16_t *)from->Buffer)[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

EXPORT(uint8_t, RtlPrefixUnicodeString, const UNICODE_STRING *prefix, const UNICODE_STRING *string, uint8_t folded)
{
    ENTER(RtlPrefixUnicodeString, string);
    const uint16_t *a = prefix->Buffer, *b = string->Buffer;
    if (prefix->Length > string->Length)
        return 0;
    for (unsigned i = 0; i < prefix->Length / 2u; i++)
        if (folded ? upper(a[i]) != upper(b[i]) : a[i] != b[i])
            return 0;
    return 1;
}

EXPORT(status_t, RtlInitUnicodeStringEx, UNICODE_STRING *string, const uint16_t *text)
{
    ENTER(RtlInitUnicodeStringEx, string);
    size_t count = 0;
    while (text && text[count])
        count++;
    memset(string, 0, sizeof *string);
    if (count * 2 > 65532)
        return (status_t)STATUS_NAME_TOO_LONG;
    string->Buffer = (void *)text;
    string->Length = (uint16_t)(2 * count);
    string->MaximumLength = (uint16_t)(text ? 2 * count + 2 : 0);
    return STATUS_SUCCESS;
}

EXPORT(void, RtlInitString, UNICODE_STRING *string, const char *text)
{
    ENTER(RtlInitString, string);
    size_t length = text ? strlen(text) : 0;
    memset(string, 0, sizeof *string);
    string->Buffer = (void *)text;
    string->Length = (uint16_t)length;
    string->MaximumLength = (uint16_t)(text ? length + 1 : 0);
}

/* A number with its sign and base as C writes them, or 0b and 0o; false when there is a base that is none. */
static bool number_of(const char *text, uint32_t base, uint32_t *value)
{
    bool negative = false;
    while (*text == ' ' || *text == '\t')
        text++;
    if (*text == '-' || *text == '+')
        negative = *text++ == '-';
    if (!base && *text == '0' && text[1]) {
        base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : text[1] == 'b' ? 2 : 10;
        text += base == 10 ? 0 : 2;
    }
    base = base ? base : 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return false;
    uint32_t number = (uint32_t)strtoull(text, NULL, (int)base);
    *value = negative ? 0 - number : number;
    return true;
}

EXPORT(status_t, RtlUnicodeStringToInteger, const UNICODE_STRING *string, uint32_t base, uint32_t *value)
{
    ENTER(RtlUnicodeStringToInteger, string);
    char *text = utf8_from_utf16(string->Buffer, string->Length / 2u);
    bool fine = number_of(text, base, value);
    free(text);
    return fine ? STATUS_SUCCESS : (status_t)STATUS_INVALID_PARAMETER;
}

EXPORT(status_t, RtlCharToInteger, const char *text, uint32_t base, uint32_t *value)
{
    ENTER(RtlCharToInteger, text);
    return number_of(text, base, value) ? STATUS_SUCCESS : (status_t)STATUS_INVALID_PARAMETER;
}

/* ---- GUIDs ---- */

EXPORT(status_t, RtlGUIDFromString, const UNICODE_STRING *string, uint8_t *guid)
{
    ENTER(RtlGUIDFromString, string);
    unsigned parts[11];
    int end = 0;
    char *text = utf8_from_utf16(string->Buffer, string->Length / 2u);
    int found = sscanf(text, "{%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x}%n", &parts[0], &parts[1], &parts[2], &parts[3], &parts[4], &parts[5], &parts[6], &parts[7], &parts[8],
                       &parts[9], &parts[10], &end);
    free(text);
    if (found != (int)COUNT(parts) || end != GUID_UNITS || string->Length != 2 * GUID_UNITS)
        return (status_t)STATUS_INVALID_PARAMETER;
    uint16_t middle[2] = {(uint16_t)parts[1], (uint16_t)parts[2]};
    memcpy(guid, &parts[0], 4);
    memcpy(guid + 4, middle, 4);
    for (int i = 0; i < 8; i++)
        guid[8 + i] = (uint8_t)parts[3 + i];
    return STATUS_SUCCESS;
}

EXPORT_F(status_t, RtlStringFromGUID, const uint8_t *guid, UNICODE_STRING *string)
{
    ENTER_FAILS(RtlStringFromGUID, string, true);
    char text[GUID_UNITS + 1];
    uint32_t first;
    uint16_t middle[2];
    string->Buffer = fail_ ? NULL : pool_allocate(2 * (GUID_UNITS + 1), STRING_TAG, NULL);
    if (!string->Buffer)
        return (status_t)STATUS_NO_MEMORY;
    memcpy(&first, guid, 4);
    memcpy(middle, guid + 4, 4);
    snprintf(text, sizeof text, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", first, middle[0], middle[1], guid[8], guid[9], guid[10], guid[11], guid[12], guid[13], guid[14],
             guid[15]);
    for (int i = 0; i <= GUID_UNITS; i++)
        ((uint16_t *)string->Buffer)[i] = (uint8_t)text[i];
    string->Length = 2 * GUID_UNITS;
    string->MaximumLength = 2 * (GUID_UNITS + 1);
    return STATUS_SUCCESS;
}
