/* The part of the C library that the kernel exports: strings of both widths, and printing into buffers. */
#include "host.h"
#include <ctype.h>
#include <strings.h>

void text_print(struct text *out, const char *format, ms_va_list *list);
enum { PRINT_FAILED = -1 };

/* ---- characters ---- */

EXPORT(int, tolower, int c)
{
    ENTER(tolower, NULL);
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

EXPORT(int, toupper, int c)
{
    ENTER(toupper, NULL);
    return c >= 'a' && c <= 'z' ? c - 32 : c;
}

EXPORT(int, isdigit, int c)
{
    ENTER(isdigit, NULL);
    return c >= '0' && c <= '9';
}

EXPORT(int, isxdigit, int c)
{
    ENTER(isxdigit, NULL);
    return c < 0x80 && isxdigit(c);
}

EXPORT(int, isspace, int c)
{
    ENTER(isspace, NULL);
    return c < 0x80 && isspace(c);
}

static uint16_t fold(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit + 32) : unit;
}

/* ---- narrow strings ---- */

EXPORT_GATED(const void *, memchr, false, const void *bytes, int byte, size_t size)
{
    ENTER(memchr, NULL);
    return memchr(bytes, byte, size);
}

EXPORT(const char *, strchr, const char *text, int c)
{
    ENTER(strchr, NULL);
    return strchr(text, c);
}

EXPORT(const char *, strrchr, const char *text, int c)
{
    ENTER(strrchr, NULL);
    return strrchr(text, c);
}

EXPORT(const char *, strstr, const char *text, const char *part)
{
    ENTER(strstr, NULL);
    return strstr(text, part);
}

EXPORT(size_t, strnlen, const char *text, size_t size)
{
    ENTER(strnlen, NULL);
    return strnlen(text, size);
}

EXPORT(char *, strcpy, char *to, const char *from)
{
    ENTER(strcpy, NULL);
    return strcpy(to, from);
}

EXPORT(char *, strncpy, char *to, const char *from, size_t size)
{
    ENTER(strncpy, NULL);
    size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

EXPORT(char *, strcat, char *to, const char *from)
{
    ENTER(strcat, NULL);
    return strcat(to, from);
}

EXPORT(int, _strnicmp, const char *a, const char *b, size_t size)
{
    ENTER(_strnicmp, NULL);
    return strncasecmp(a, b, size);
}

EXPORT(int, atoi, const char *text)
{
    ENTER(atoi, NULL);
    return (int)strtol(text, NULL, 10);
}

/* ---- wide strings ---- */

static size_t units_up_to(const uint16_t *text, size_t size)
{
    size_t count = 0;
    while (count < size && text[count])
        count++;
    return count;
}

static int compare(const uint16_t *a, const uint16_t *b, size_t size, bool folded)
{
    for (size_t i = 0; i < size; i++) {
        int difference = folded ? fold(a[i]) - fold(b[i]) : a[i] - b[i];
        if (difference || !a[i])
            return difference;
    }
    return 0;
}

EXPORT(int, wcscmp, const uint16_t *a, const uint16_t *b)
{
    ENTER(wcscmp, NULL);
    return compare(a, b, SIZE_MAX, false);
}

EXPORT(int, wcsncmp, const uint16_t *a, const uint16_t *b, size_t size)
{
    ENTER(wcsncmp, NULL);
    return compare(a, b, size, false);
}

EXPORT(int, _wcsicmp, const uint16_t *a, const uint16_t *b)
{
    ENTER(_wcsicmp, NULL);
    return compare(a, b, SIZE_MAX, true);
}

EXPORT(int, _wcsnicmp, const uint16_t *a, const uint16_t *b, size_t size)
{
    ENTER(_wcsnicmp, NULL);
    return compare(a, b, size, true);
}

EXPORT(size_t, wcsnlen, const uint16_t *text, size_t size)
{
    ENTER(wcsnlen, NULL);
    return units_up_to(text, size);
}

EXPORT(uint16_t *, wcscpy, uint16_t *to, const uint16_t *from)
{
    ENTER(wcscpy, NULL);
    return memcpy(to, from, 2 * units_up_to(from, SIZE_MAX) + 2);
}

EXPORT(uint16_t *, wcsncpy, uint16_t *to, const uint16_t *from, size_t size)
{
    ENTER(wcsncpy, NULL);
    size_t count = units_up_to(from, size);
    memcpy(to, from, 2 * count);
    memset(to + count, 0, 2 * (size - count));
    return to;
}

EXPORT(uint16_t *, wcscat, uint16_t *to, const uint16_t *from)
{
    ENTER(wcscat, NULL);
    memcpy(to + units_up_to(to, SIZE_MAX), from, 2 * units_up_to(from, SIZE_MAX) + 2);
    return to;
}

EXPORT(const uint16_t *, wcschr, const uint16_t *text, uint16_t unit)
{
    ENTER(wcschr, NULL);
    while (*text && *text != unit)
        text++;
    return *text == unit ? text : NULL;
}

EXPORT(const uint16_t *, wcsrchr, const uint16_t *text, uint16_t unit)
{
    ENTER(wcsrchr, NULL);
    size_t at = units_up_to(text, SIZE_MAX) + 1;
    while (at > 0 && text[at - 1] != unit)
        at--;
    return at ? text + at - 1 : NULL;
}

EXPORT(const uint16_t *, wcsstr, const uint16_t *text, const uint16_t *part)
{
    ENTER(wcsstr, NULL);
    size_t length = units_up_to(part, SIZE_MAX);
    for (;; text++) {
        if (!compare(text, part, length, false))
            return text;
        if (!*text)
            return NULL;
    }
}

/* ---- printing: as much as fits; -1 when it is not all ---- */

static int narrow_out(char *to, size_t size, const char *format, ms_va_list *list)
{
    struct text text = {0};
    text_print(&text, format, list);
    size_t length = text.length, copied = length < size ? length : size;
    memcpy(to, text.bytes ? text.bytes : "", copied);
    if (copied < size)
        to[copied] = 0;
    text_free(&text);
    return length > size ? PRINT_FAILED : (int)length;
}

/* A wide format as a narrow one: `%s` is a wide string there, `%S` and `%hs` are narrow ones. */
static char *narrow_format(const uint16_t *format)
{
    char *plain = utf8_from_utf16(format, units_up_to(format, SIZE_MAX)), *result = calloc(2, strlen(plain) + 1), *to = result;
    bool conversion = false, given = false;
    for (const char *at = plain; *at; at++) {
        if (conversion && !given && (*at == 's' || *at == 'S'))
            *to++ = *at == 's' ? 'w' : 'h';
        given = conversion && (given || strchr("hlw", *at));
        *to++ = conversion && *at == 'S' ? 's' : *at;
        conversion = conversion ? strchr("-+ #0123456789.hlwIz*", *at) != NULL : *at == '%';
        given = given && conversion;
    }
    free(plain);
    return result;
}

static int wide_out(uint16_t *to, size_t size, const uint16_t *format, ms_va_list *list)
{
    struct text text = {0};
    char *narrow = narrow_format(format);
    text_print(&text, narrow, list);
    uint16_t *units = calloc(text.length + 1, 2);
    size_t count = text.length ? utf16_from_utf8(text.bytes, units, text.length) : 0, copied = count < size ? count : size;
    memcpy(to, units, 2 * copied);
    if (copied < size)
        to[copied] = 0;
    free(units);
    free(narrow);
    text_free(&text);
    return count > size ? PRINT_FAILED : (int)count;
}

EXPORT(int, _vsnprintf, char *to, size_t size, const char *format, ms_va_list list)
{
    ENTER(_vsnprintf, NULL);
    return narrow_out(to, size, format, &list);
}

EXPORT(int, _vsnwprintf, uint16_t *to, size_t size, const uint16_t *format, ms_va_list list)
{
    ENTER(_vsnwprintf, NULL);
    return wide_out(to, size, format, &list);
}

EXPORT(int, _snprintf, char *to, size_t size, const char *format, ...)
{
    ENTER(_snprintf, NULL);
    ms_va_list list;
    ms_va_start(list, format);
    int result = narrow_out(to, size, format, &list);
    ms_va_end(list);
    return result;
}

EXPORT(int, _snwprintf, uint16_t *to, size_t size, const uint16_t *format, ...)
{
    ENTER(_snwprintf, NULL);
    ms_va_list list;
    ms_va_start(list, format);
    int result = wide_out(to, size, format, &list);
    ms_va_end(list);
    return result;
}

EXPORT(int, swprintf, uint16_t *to, const uint16_t *format, ...)
{
    ENTER(swprintf, NULL);
    ms_va_list list;
    ms_va_start(list, format);
    int result = wide_out(to, SIZE_MAX / 4, format, &list);
    ms_va_end(list);
    return result;
}
