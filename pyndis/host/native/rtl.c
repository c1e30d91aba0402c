/* Run-time library: memory, strings, versions, printing. */
#include "pe.h"

EXPORT_GATED(void *, memcpy, false, void *to, const void *from, size_t size)
{
    ENTER(memcpy, NULL);
    return memmove(to, from, size);
}

EXPORT_GATED(void *, memmove, false, void *to, const void *from, size_t size)
{
    ENTER(memmove, NULL);
    return memmove(to, from, size);
}

EXPORT_GATED(void *, memset, false, void *to, int byte, size_t size)
{
    ENTER(memset, NULL);
    return memset(to, byte, size);
}

EXPORT_GATED(int, memcmp, false, const void *a, const void *b, size_t size)
{
    ENTER(memcmp, NULL);
    return memcmp(a, b, size);
}

EXPORT_GATED(void, RtlCopyMemory, false, void *to, const void *from, size_t size)
{
    ENTER(RtlCopyMemory, NULL);
    memcpy(to, from, size);
}

EXPORT_GATED(void, RtlMoveMemory, false, void *to, const void *from, size_t size)
{
    ENTER(RtlMoveMemory, NULL);
    memmove(to, from, size);
}

EXPORT_GATED(void, RtlZeroMemory, false, void *to, size_t size)
{
    ENTER(RtlZeroMemory, NULL);
    memset(to, 0, size);
}

EXPORT_GATED(void, RtlFillMemory, false, void *to, size_t size, int byte)
{
    ENTER(RtlFillMemory, NULL);
    memset(to, byte, size);
}

EXPORT_GATED(size_t, RtlCompareMemory, false, const uint8_t *a, const uint8_t *b, size_t size)
{
    ENTER(RtlCompareMemory, NULL);
    size_t same = 0;
    while (same < size && a[same] == b[same])
        same++;
    return same;
}

EXPORT(size_t, strlen, const char *text)
{
    ENTER(strlen, NULL);
    return strlen(text);
}

static size_t units(const uint16_t *text)
{
    size_t count = 0;
    while (text && text[count])
        count++;
    return count;
}

EXPORT(size_t, wcslen, const uint16_t *text)
{
    ENTER(wcslen, NULL);
    return units(text);
}

EXPORT(void, RtlInitUnicodeString, UNICODE_STRING *string, const uint16_t *text)
{
    ENTER(RtlInitUnicodeString, string);
    memset(string, 0, sizeof *string);
    size_t length = units(text) * 2;
    if (length > 65532)
        length = 65532;
    string->Length = (uint16_t)length;
    string->MaximumLength = (uint16_t)(text ? length + 2 : 0);
    string->Buffer = (void *)text;
}

EXPORT(void, NdisInitializeString, UNICODE_STRING *string, const char *text)
{
    ENTER(NdisInitializeString, string);
    (void)text;
    memset(string, 0, sizeof *string);
    violation("ObsoleteDDIs", string, "NdisInitializeString allocates a string that the driver must free: use RtlInitUnicodeString");
}

EXPORT(void, NdisInitUnicodeString, UNICODE_STRING *string, const uint16_t *text)
{
    ENTER(NdisInitUnicodeString, string);
    memset(string, 0, sizeof *string);
    string->Length = (uint16_t)(units(text) * 2);
    string->MaximumLength = (uint16_t)(string->Length + 2);
    string->Buffer = (void *)text;
}

static uint16_t upper(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit;
}

static int32_t compare(const UNICODE_STRING *a, const UNICODE_STRING *b, bool fold)
{
    const uint16_t *left = a->Buffer, *right = b->Buffer;
    size_t count = (a->Length < b->Length ? a->Length : b->Length) / 2;
    for (size_t i = 0; i < count; i++) {
        int32_t difference = fold ? upper(left[i]) - upper(right[i]) : left[i] - right[i];
        if (difference)
            return difference;
    }
    return a->Length - b->Length;
}

EXPORT(int32_t, RtlCompareUnicodeString, UNICODE_STRING *a, UNICODE_STRING *b, uint8_t fold)
{
    ENTER(RtlCompareUnicodeString, a);
    return compare(a, b, fold);
}

EXPORT(uint8_t, RtlEqualUnicodeString, UNICODE_STRING *a, UNICODE_STRING *b, uint8_t fold)
{
    ENTER(RtlEqualUnicodeString, a);
    return compare(a, b, fold) == 0;
}

EXPORT(void, RtlCopyUnicodeString, UNICODE_STRING *to, UNICODE_STRING *from)
{
    ENTER(RtlCopyUnicodeString, to);
    uint16_t length = from ? from->Length : 0;
    length = length > to->MaximumLength ? to->MaximumLength : length;
    if (length)
        memcpy(to->Buffer, from->Buffer, length);
    to->Length = length;
}

EXPORT(status_t, RtlAppendUnicodeToString, UNICODE_STRING *to, const uint16_t *text)
{
    ENTER(RtlAppendUnicodeToString, to);
    size_t length = units(text) * 2;
    if (to->Length + length > to->MaximumLength)
        return (status_t)STATUS_BUFFER_TOO_SMALL;
    memcpy((uint8_t *)to->Buffer + to->Length, text, length);
    to->Length = (uint16_t)(to->Length + length);
    return STATUS_SUCCESS;
}

EXPORT(status_t, RtlAppendUnicodeStringToString, UNICODE_STRING *to, UNICODE_STRING *from)
{
    ENTER(RtlAppendUnicodeStringToString, to);
    if (to->Length + from->Length > to->MaximumLength)
        return (status_t)STATUS_BUFFER_TOO_SMALL;
    memcpy((uint8_t *)to->Buffer + to->Length, from->Buffer, from->Length);
    to->Length = (uint16_t)(to->Length + from->Length);
    return STATUS_SUCCESS;
}

EXPORT(status_t, RtlIntegerToUnicodeString, uint32_t value, uint32_t base, UNICODE_STRING *to)
{
    ENTER(RtlIntegerToUnicodeString, to);
    char digits[33];
    size_t count = 0;
    base = base ? base : 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return (status_t)STATUS_INVALID_PARAMETER;
    do {
        digits[count++] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value);
    if (count * 2 > to->MaximumLength)
        return (status_t)STATUS_BUFFER_OVERFLOW;
    for (size_t i = 0; i < count; i++)
        ((uint16_t *)to->Buffer)[i] = (uint16_t)digits[count - 1 - i];
    to->Length = (uint16_t)(count * 2);
    if (to->Length < to->MaximumLength)
        ((uint16_t *)to->Buffer)[count] = 0;
    return STATUS_SUCCESS;
}

static void version_fill(OSVERSIONINFOW *version)
{
    version->dwMajorVersion = settings.os_major;
    version->dwMinorVersion = settings.os_minor;
    version->dwBuildNumber = settings.os_build;
    version->dwPlatformId = 2;
}

EXPORT(status_t, RtlGetVersion, OSVERSIONINFOW *version)
{
    ENTER(RtlGetVersion, version);
    if (version->dwOSVersionInfoSize != 276 && version->dwOSVersionInfoSize != 284)
        violation("VersionSize", version, "RtlGetVersion with the structure size %u; wanted 276 or 284", version->dwOSVersionInfoSize);
    version_fill(version);
    return STATUS_SUCCESS;
}

EXPORT(uint8_t, PsGetVersion, uint32_t *major, uint32_t *minor, uint32_t *build, void *unused)
{
    ENTER(PsGetVersion, NULL);
    (void)unused;
    if (major)
        *major = settings.os_major;
    if (minor)
        *minor = settings.os_minor;
    if (build)
        *build = settings.os_build;
    return 0;
}

EXPORT(uint8_t, IoIsWdmVersionAvailable, uint8_t major, uint8_t minor)
{
    ENTER(IoIsWdmVersionAvailable, NULL);
    return major < 6 || (major == 6 && minor <= 0x20);
}

EXPORT(uint8_t, RtlIsNtDdiVersionAvailable, uint32_t version)
{
    ENTER(RtlIsNtDdiVersionAvailable, NULL);
    return version >> 16 <= (settings.os_major << 8 | settings.os_minor);
}

EXPORT(uint32_t, NdisGetVersion, void)
{
    ENTER(NdisGetVersion, NULL);
    return settings.ndis_major << 16 | settings.ndis_minor;
}

/* ---- printing ---- */

static void print_string(struct text *out, const UNICODE_STRING *string, bool wide)
{
    if (!string || !string->Buffer) {
        text_add(out, "(null)");
        return;
    }
    if (!wide) {
        text_raw(out, string->Buffer, string->Length);
        return;
    }
    char *text = utf8_from_utf16(string->Buffer, string->Length / 2);
    text_add(out, "%s", text);
    free(text);
}

/* One conversion of a kernel format; `at` is after the percent sign. Returns where it ends. */
static const char *print_one(struct text *out, const char *at, ms_va_list *list)
{
    char format[32] = "%";
    size_t n = 1;
    bool wide = false, big = false;
    while (*at && strchr("-+ #0123456789.", *at) && n < 20)
        format[n++] = *at++;
    for (; *at && strchr("lhwIz", *at); at++) {
        wide |= *at == 'w' || *at == 'l';
        if (*at == 'l' && at[1] == 'l')
            big = true;
        if (*at == 'I' && at[1] == '6' && at[2] == '4')
            big = true, at += 2;
        else if (*at == 'I' && at[1] == '3' && at[2] == '2')
            at += 2;
        else if (*at == 'z' || *at == 'I')
            big = true;
        if (*at == 'w' && at[1] == 'Z') {
            print_string(out, __builtin_va_arg(*list, UNICODE_STRING *), true);
            return at + 2;
        }
    }
    switch (*at) {
    case 'Z': print_string(out, __builtin_va_arg(*list, UNICODE_STRING *), wide); break;
    case 's':
    case 'S':
        if (wide || *at == 'S') {
            const uint16_t *text = __builtin_va_arg(*list, const uint16_t *);
            char *narrow = utf8_from_utf16(text, units(text));
            text_add(out, "%s", narrow);
            free(narrow);
        } else {
            const char *text = __builtin_va_arg(*list, const char *);
            text_add(out, "%s", text ? text : "(null)");
        }
        break;
    case 'p': text_add(out, "%016llx", (unsigned long long)__builtin_va_arg(*list, uint64_t)); break;
    case 'c': text_add(out, "%c", __builtin_va_arg(*list, int)); break;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        memcpy(format + n, "ll", 2);
        format[n + 2] = *at;
        if (big)
            text_add(out, format, __builtin_va_arg(*list, long long));
        else if (*at == 'd' || *at == 'i')
            text_add(out, format, (long long)__builtin_va_arg(*list, int));
        else
            text_add(out, format, (long long)__builtin_va_arg(*list, unsigned));
        break;
    case '%': text_add(out, "%%"); break;
    default: text_add(out, "%%%c", *at); break;
    }
    return *at ? at + 1 : at;
}

/* What the kernel's printing functions make of a format. */
void text_print(struct text *out, const char *format, ms_va_list *list)
{
    while (*format) {
        size_t plain = strcspn(format, "%");
        text_raw(out, format, plain);
        format += plain;
        if (*format == '%')
            format = print_one(out, format + 1, list);
    }
}

static void print(const char *format, ms_va_list *list)
{
    struct text out = {0};
    text_print(&out, format, list);
    event_send("debug", NULL, out.bytes, out.length);
    text_free(&out);
}

EXPORT(uint32_t, DbgPrint, const char *format, ...)
{
    ENTER(DbgPrint, NULL);
    ms_va_list list;
    ms_va_start(list, format);
    print(format, &list);
    ms_va_end(list);
    return 0;
}

EXPORT(uint32_t, DbgPrintEx, uint32_t component, uint32_t level, const char *format, ...)
{
    ENTER(DbgPrintEx, NULL);
    (void)component, (void)level;
    ms_va_list list;
    ms_va_start(list, format);
    print(format, &list);
    ms_va_end(list);
    return 0;
}
