/* Strings that grow, and the protocol's encoding of values. */
#include "host.h"

static void reserve(struct text *text, size_t more)
{
    if (text->bytes && text->length + more + 1 <= text->capacity)
        return;
    text->capacity = (text->length + more + 1) * 2;
    text->bytes = realloc(text->bytes, text->capacity);
    if (!text->bytes)
        abort();
}

void text_raw(struct text *text, const void *bytes, size_t length)
{
    reserve(text, length);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    reserve(text, (size_t)length);
    va_start(list, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, list);
    va_end(list);
    text->length += (size_t)length;
}

void text_value(struct text *text, const char *key, const char *value)
{
    static const char plain[] = "_-.:,/\\+@#()*{}";
    text_add(text, " %s=", key);
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        bool letter = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
        if (letter || strchr(plain, *at))
            text_raw(text, at, 1);
        else
            text_add(text, "%%%02X", *at);
    }
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

char *utf8_from_utf16(const uint16_t *units, size_t count)
{
    struct text text = {0};
    reserve(&text, count);
    text.bytes[0] = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t point = units[i];
        if (point >= 0xD800 && point < 0xDC00 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00)
            point = 0x10000 + ((point & 0x3FF) << 10) + (units[++i] & 0x3FF);
        unsigned char out[4];
        size_t n = 0;
        if (point < 0x80) {
            out[n++] = (unsigned char)point;
        } else if (point < 0x800) {
            out[n++] = (unsigned char)(0xC0 | point >> 6);
            out[n++] = (unsigned char)(0x80 | (point & 0x3F));
        } else {
            if (point >= 0x10000)
                out[n++] = (unsigned char)(0xF0 | point >> 18), out[n++] = (unsigned char)(0x80 | (point >> 12 & 0x3F));
            else
                out[n++] = (unsigned char)(0xE0 | point >> 12);
            out[n++] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
            out[n++] = (unsigned char)(0x80 | (point & 0x3F));
        }
        text_raw(&text, out, n);
    }
    return text.bytes;
}

/* Only the basic plane: paths and names of devices. Returns the units written. */
size_t utf16_from_utf8(const char *bytes, uint16_t *units, size_t capacity)
{
    size_t n = 0;
    const unsigned char *at = (const unsigned char *)bytes;
    while (*at && n < capacity) {
        if (*at < 0x80) {
            units[n++] = *at++;
        } else if (*at < 0xE0 && at[1]) {
            units[n++] = (uint16_t)((*at & 0x1F) << 6 | (at[1] & 0x3F));
            at += 2;
        } else if (at[1] && at[2]) {
            units[n++] = (uint16_t)((*at & 0x0F) << 12 | (at[1] & 0x3F) << 6 | (at[2] & 0x3F));
            at += 3;
        } else {
            break;
        }
    }
    return n;
}
