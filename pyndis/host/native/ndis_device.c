/* Control devices, configuration, properties and small change of NDIS. */
#include "ndis.h"

void device_idle_check(struct device *device, const char *call);
static void *driver_device_handle(struct device *device)
{
    return (uint8_t *)device->object + 8; /* an opaque number: distinct from the device object */
}

static bool attributes_check(const NDIS_DEVICE_OBJECT_ATTRIBUTES *a)
{
    header_check(a, 0x85, 1, NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1, sizeof *a, "NDIS_DEVICE_OBJECT_ATTRIBUTES");
    if (!a->DeviceName || !a->SymbolicName || !a->MajorFunctions) {
        violation("DeviceAttributes", a, "a device is registered without a name, a link or dispatch entries");
        return false;
    }
    if (!a->DefaultSDDLString)
        note("DeviceSecurity", a, "a device is registered without a security descriptor");
    return true;
}

static void string_copy(char *to, size_t size, const void *string)
{
    const UNICODE_STRING *from = string;
    char *text = utf8_from_utf16(from->Buffer, from->Length / 2);
    snprintf(to, size, "%s", text);
    free(text);
}

EXPORT_F(uint32_t, NdisRegisterDeviceEx, void *handle, const NDIS_DEVICE_OBJECT_ATTRIBUTES *a, void **object, void **result)
{
    ENTER_FAILS(NdisRegisterDeviceEx, handle, true);
    const char *rest;
    char name[128];
    if (fail_)
        return NDIS_STATUS_RESOURCES;
    if (handle != miniport.handle) {
        violation("InvalidHandle", handle, "NdisRegisterDeviceEx takes the handle of NdisMRegisterMiniportDriver");
        return NDIS_STATUS_FAILURE;
    }
    if (!attributes_check(a))
        return NDIS_STATUS_FAILURE;
    string_copy(name, sizeof name, a->DeviceName);
    struct device *device = device_open_path(name, &rest);
    if (device) {
        device_release(device);
        return (uint32_t)STATUS_OBJECT_NAME_COLLISION;
    }
    device = device_new(name, a->ExtensionSize);
    string_copy(device->link, sizeof device->link, a->SymbolicName);
    if (a->DefaultSDDLString)
        string_copy(device->sddl, sizeof device->sddl, a->DefaultSDDLString);
    memcpy(device->table, a->MajorFunctions, sizeof device->table);
    device->object->DriverObject = driver_object();
    device->object->Flags = 0;
    *object = device->object;
    *result = driver_device_handle(device);
    return NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisDeregisterDeviceEx, void *handle)
{
    ENTER(NdisDeregisterDeviceEx, handle);
    struct device *device = device_of_object((uint8_t *)handle - 8);
    if (!device) {
        violation("InvalidHandle", handle, "NdisDeregisterDeviceEx(%p): no such device", handle);
        return;
    }
    device_idle_check(device, "NdisDeregisterDeviceEx");
    device_delete(device);
}

EXPORT(void *, NdisGetDeviceReservedExtension, void *object)
{
    ENTER(NdisGetDeviceReservedExtension, object);
    struct device *device = device_of_object(object);
    if (!device)
        violation("InvalidHandle", object, "NdisGetDeviceReservedExtension(%p): no such device", object);
    return device ? device->extension : NULL;
}

EXPORT(void, NdisMGetDeviceProperty, void *handle, void **physical, void **functional, void **next, void **resources, void **translated)
{
    ENTER(NdisMGetDeviceProperty, handle);
    struct adapter *adapter = adapter_of(handle, "NdisMGetDeviceProperty");
    if (!adapter)
        return;
    if (physical)
        *physical = adapter->physical_device->object;
    if (functional)
        *functional = adapter->functional_device->object;
    if (next)
        *next = adapter->physical_device->object;
    if (resources)
        *resources = NULL;
    if (translated)
        *translated = NULL;
}

EXPORT(uint32_t, NdisMQueryAdapterInstanceName, UNICODE_STRING *name, void *handle)
{
    ENTER(NdisMQueryAdapterInstanceName, handle);
    static const uint16_t text[] = u"Simulated adapter";
    struct adapter *adapter = adapter_of(handle, "NdisMQueryAdapterInstanceName");
    void *pool_allocate(size_t size, uint32_t tag, void *owner);
    if (!adapter)
        return NDIS_STATUS_FAILURE;
    name->Buffer = pool_allocate(sizeof text, 0x6D4E444E, handle);
    memcpy(name->Buffer, text, sizeof text);
    name->Length = sizeof text - 2;
    name->MaximumLength = sizeof text;
    return NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisWriteErrorLogEntry, void *handle, uint32_t code, uint32_t count, ...)
{
    ENTER(NdisWriteErrorLogEntry, handle);
    struct text text = {0};
    text_add(&text, "error log entry 0x%08x with %u values\n", code, count);
    event_send("debug", NULL, text.bytes, text.length);
    text_free(&text);
}

EXPORT(uint32_t, NdisMRemoveMiniport, void *handle)
{
    ENTER(NdisMRemoveMiniport, handle);
    adapter_of(handle, "NdisMRemoveMiniport");
    return NDIS_STATUS_SUCCESS;
}

EXPORT(uint32_t, NdisMNetPnPEvent, void *handle, const void *notification)
{
    ENTER(NdisMNetPnPEvent, handle);
    adapter_of(handle, "NdisMNetPnPEvent");
    (void)notification;
    if (self->in_oid)
        violation("NdisMNetPnPEventInOIDRequest", handle, "NdisMNetPnPEvent is called while an OID is handled");
    return NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisMResetComplete, void *handle, uint32_t status, uint8_t addressing)
{
    ENTER(NdisMResetComplete, handle);
    (void)status, (void)addressing;
    violation("ResetComplete", handle, "NdisMResetComplete is called when no reset is pending");
}

/* ---- configuration: `Name=Value` lines of the client ---- */

enum { ADDRESS_BYTES = 6 };
struct configuration {
    struct adapter *adapter;
    struct block *parameters[32];
    int count;
};

EXPORT_F(uint32_t, NdisOpenConfigurationEx, const NDIS_CONFIGURATION_OBJECT *object, void **result)
{
    ENTER_FAILS(NdisOpenConfigurationEx, object, true);
    header_check(object, 0xA9, 1, NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1, sizeof *object, "NDIS_CONFIGURATION_OBJECT");
    struct adapter *adapter = fail_ ? NULL : adapter_of(object->NdisHandle, "NdisOpenConfigurationEx");
    if (!adapter)
        return NDIS_STATUS_FAILURE;
    struct block *block = block_new(BLOCK_CONFIGURATION, 64, true);
    struct configuration *configuration = calloc(1, sizeof *configuration);
    configuration->adapter = adapter;
    block->record = configuration;
    block->owner = adapter->handle;
    *result = block_memory(block);
    return NDIS_STATUS_SUCCESS;
}

static const char *configured(const char *lines, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = lines; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
        if (!strncmp(at, key, length) && at[length] == '=')
            return at + length + 1;
    return NULL;
}

EXPORT(void, NdisReadConfiguration, uint32_t *status, NDIS_CONFIGURATION_PARAMETER **result, void *handle, const UNICODE_STRING *keyword, int type)
{
    ENTER(NdisReadConfiguration, handle);
    struct block *block = block_at(handle, BLOCK_CONFIGURATION);
    struct configuration *configuration = block ? block->record : NULL;
    *status = NDIS_STATUS_FAILURE;
    if (!configuration) {
        violation("InvalidHandle", handle, "NdisReadConfiguration(%p): no such configuration handle", handle);
        return;
    }
    char *key = utf8_from_utf16(keyword->Buffer, keyword->Length / 2);
    const char *value = configured(configuration->adapter->configuration, key);
    free(key);
    if (!value || configuration->count == (int)COUNT(configuration->parameters))
        return;
    size_t length = strcspn(value, "\n");
    struct block *made = configuration->parameters[configuration->count++] = block_new(BLOCK_DATA, sizeof(NDIS_CONFIGURATION_PARAMETER) + 2 * length + 2, true);
    NDIS_CONFIGURATION_PARAMETER *parameter = block_memory(made);
    parameter->ParameterType = (uint32_t)type;
    if (type == NdisParameterString) {
        uint16_t *units = (uint16_t *)(parameter + 1);
        UNICODE_STRING *string = (UNICODE_STRING *)parameter->ParameterData_StringData;
        for (size_t i = 0; i < length; i++)
            units[i] = (uint8_t)value[i];
        string->Buffer = units;
        string->Length = (uint16_t)(2 * length);
        string->MaximumLength = (uint16_t)(2 * length + 2);
    } else {
        parameter->ParameterData_IntegerData = (uint32_t)strtoul(value, NULL, type == NdisParameterHexInteger ? 16 : 0);
    }
    *result = parameter;
    *status = NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisWriteConfiguration, uint32_t *status, void *handle, const UNICODE_STRING *keyword, const NDIS_CONFIGURATION_PARAMETER *parameter)
{
    ENTER(NdisWriteConfiguration, handle);
    (void)keyword, (void)parameter;
    if (!block_at(handle, BLOCK_CONFIGURATION))
        violation("InvalidHandle", handle, "NdisWriteConfiguration(%p): no such configuration handle", handle);
    *status = NDIS_STATUS_SUCCESS;
}

/* The twelve hexadecimal digits that the registry's NetworkAddress has, with or without separators. */
static unsigned address_parse(const char *text, uint8_t *address, unsigned size)
{
    static const char hexadecimal[] = "0123456789abcdef";
    unsigned digits = 0;
    for (; *text && *text != '\n' && digits < 2 * size; text++) {
        const char *digit = memchr(hexadecimal, *text | 0x20, 16);
        if (!digit && *text != '-' && *text != ':')
            return 0;
        if (!digit)
            continue;
        address[digits / 2] = (uint8_t)(address[digits / 2] << 4 | (digit - hexadecimal));
        digits++;
    }
    return digits == 2 * size ? size : 0;
}

EXPORT(void, NdisReadNetworkAddress, uint32_t *status, void **address, uint32_t *length, void *handle)
{
    ENTER(NdisReadNetworkAddress, handle);
    struct block *block = block_at(handle, BLOCK_CONFIGURATION);
    struct configuration *configuration = block ? block->record : NULL;
    *address = NULL;
    *length = 0;
    *status = NDIS_STATUS_FAILURE;
    if (!configuration) {
        violation("InvalidHandle", handle, "NdisReadNetworkAddress(%p): no such configuration handle", handle);
        return;
    }
    const char *value = configured(configuration->adapter->configuration, "NetworkAddress");
    if (!value || configuration->count == (int)COUNT(configuration->parameters))
        return;
    struct block *made = configuration->parameters[configuration->count] = block_new(BLOCK_DATA, ADDRESS_BYTES, true);
    *length = address_parse(value, block_memory(made), ADDRESS_BYTES);
    if (!*length) {
        block_free(made);
        return;
    }
    configuration->count++;
    *address = block_memory(made);
    *status = NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisCloseConfiguration, void *handle)
{
    ENTER(NdisCloseConfiguration, handle);
    struct block *block = block_at(handle, BLOCK_CONFIGURATION);
    if (!block) {
        violation("InvalidHandle", handle, "NdisCloseConfiguration(%p): no such configuration handle", handle);
        return;
    }
    struct configuration *configuration = block->record;
    while (configuration->count)
        block_free(configuration->parameters[--configuration->count]);
    free(configuration);
    block_free(block);
}
