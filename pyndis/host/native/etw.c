/* Event tracing: providers come and go, nobody listens. A provider that outlives the driver is a callback into freed code. */
#include "host.h"

struct provider {
    uint64_t handle;
    struct provider *next;
};
static struct provider *providers;
static uint64_t last_handle;

EXPORT_F(status_t, EtwRegister, const void *id, void *callback, void *context, uint64_t *handle)
{
    ENTER_FAILS(EtwRegister, id, true);
    (void)callback, (void)context;
    if (fail_)
        return (status_t)STATUS_NO_MEMORY;
    struct provider *provider = calloc(1, sizeof *provider);
    kernel_lock();
    provider->handle = *handle = ++last_handle;
    provider->next = providers;
    providers = provider;
    kernel_unlock();
    return STATUS_SUCCESS;
}

static bool provider_end(uint64_t handle)
{
    bool found = false;
    kernel_lock();
    for (struct provider **at = &providers; *at && !found; at = found ? at : &(*at)->next) {
        if ((*at)->handle != handle)
            continue;
        struct provider *gone = *at;
        *at = gone->next;
        free(gone);
        found = true;
    }
    kernel_unlock();
    return found;
}

EXPORT(status_t, EtwUnregister, uint64_t handle)
{
    ENTER(EtwUnregister, NULL);
    if (provider_end(handle))
        return STATUS_SUCCESS;
    violation("InvalidHandle", NULL, "EtwUnregister(%llu): no such provider", (unsigned long long)handle);
    return (status_t)STATUS_INVALID_HANDLE;
}

void providers_leak_check(void)
{
    kernel_lock();
    const struct provider *left = providers;
    kernel_unlock();
    if (left)
        violation("NotificationLeak", NULL, "a provider of event tracing is still registered at unload");
}

EXPORT(status_t, EtwWrite, uint64_t handle, const void *event, const void *activity, uint32_t count, const void *data)
{
    ENTER(EtwWrite, event);
    (void)handle, (void)activity, (void)count, (void)data;
    return STATUS_SUCCESS;
}

EXPORT(status_t, EtwWriteTransfer, uint64_t handle, const void *event, const void *activity, const void *related, uint32_t count, const void *data)
{
    ENTER(EtwWriteTransfer, event);
    (void)handle, (void)activity, (void)related, (void)count, (void)data;
    return STATUS_SUCCESS;
}

EXPORT(uint8_t, EtwEventEnabled, uint64_t handle, const void *event)
{
    ENTER(EtwEventEnabled, event);
    (void)handle;
    return 0;
}

EXPORT(uint8_t, EtwProviderEnabled, uint64_t handle, uint8_t level, uint64_t keyword)
{
    ENTER(EtwProviderEnabled, NULL);
    (void)handle, (void)level, (void)keyword;
    return 0;
}

EXPORT(status_t, EtwSetInformation, uint64_t handle, int class, const void *information, uint32_t length)
{
    ENTER(EtwSetInformation, NULL);
    (void)handle, (void)class, (void)information, (void)length;
    return STATUS_SUCCESS;
}

EXPORT(status_t, IoWMIRegistrationControl, void *device, uint32_t action)
{
    ENTER(IoWMIRegistrationControl, device);
    (void)action;
    return STATUS_SUCCESS;
}
