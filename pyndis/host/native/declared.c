/* What the driver declared of itself and of an adapter, byte for byte, for a client that wants to read it. */
#include "ndis.h"

void declared_keep(struct adapter *adapter, const char *name, const void *bytes, size_t size)
{
    struct declared *at = adapter->declared;
    while (at->name && strcmp(at->name, name) && at < adapter->declared + COUNT(adapter->declared) - 1)
        at++;
    at->name = name;
    at->size = size < sizeof at->bytes ? size : sizeof at->bytes;
    memcpy(at->bytes, bytes, at->size);
}

static void hexadecimal(struct text *keys, const char *name, const uint8_t *bytes, size_t size)
{
    text_add(keys, " %s=", name);
    for (size_t i = 0; i < size; i++)
        text_add(keys, "%02x", bytes[i]);
}

COMMAND("declared", command_declared, ALWAYS)
{
    struct adapter *adapter = adapter_find(argument_number(command, "adapter", 0));
    struct text keys = {0};
    if (!adapter) {
        reply_error(command, "usage", "no such adapter");
        return;
    }
    hexadecimal(&keys, "characteristics", (const uint8_t *)&miniport.entry, ((const struct header *)&miniport.entry)->size);
    for (const struct declared *at = adapter->declared; at < adapter->declared + COUNT(adapter->declared) && at->name; at++)
        hexadecimal(&keys, at->name, at->bytes, at->size);
    reply_ok(command, &keys, NULL, 0);
    text_free(&keys);
}
