/* Device objects, their names, links and security. */
#include "io.h"
#include "tracked.h"
#include <strings.h>

static struct device *devices;

struct device *device_new(const char *name, size_t extension)
{
    struct device *device = calloc(1, sizeof *device);
    device->block = block_new(BLOCK_DEVICE, sizeof(DEVICE_OBJECT), true);
    device->block->record = device;
    device->object = block_memory(device->block);
    device->object->Type = 3;
    device->object->Size = sizeof(DEVICE_OBJECT);
    device->object->DeviceType = FILE_DEVICE_NETWORK;
    device->object->StackSize = 1;
    device->object->ReferenceCount = 0;
    device->dispatch = device->table;
    atomic_init(&device->references, 1);
    snprintf(device->name, sizeof device->name, "%s", name);
    if (extension) {
        struct block *block = block_new(BLOCK_POOL, extension, true);
        block->hosts = true;
        block->tag = 0x45564544;
        device->extension = block_memory(block);
    }
    kernel_lock();
    device->next = devices;
    devices = device;
    kernel_unlock();
    return device;
}

static void dangling_check(const struct device *device, const char *when)
{
    int left = atomic_load(&device->drivers);
    if (left > 0)
        violation("DanglingDeviceObjectReference", device->object, "%d references on a device object are left %s", left, when);
}

void device_delete(struct device *device)
{
    kernel_lock();
    for (struct device **at = &devices; *at; at = &(*at)->next) {
        if (*at == device) {
            *at = device->next;
            break;
        }
    }
    kernel_unlock();
    dangling_check(device, "when it is deleted");
    device->block->hosts = true; /* gone for the driver; what is open keeps the memory */
    device->link[0] = device->name[0] = 0;
    device_release(device);
}

void device_release(struct device *device)
{
    if (atomic_fetch_sub(&device->references, 1) > 1)
        return;
    if (device->extension) {
        struct block *block = block_find(device->extension);
        memory_leaves(block->address, block->size, "the deletion of a device");
        block_free(block);
    }
    device->block->record = NULL;
    block_free(device->block);
    free(device);
}

/* The rest of `path` after `name` when it names the device or something below it. */
static const char *below(const char *path, const char *name)
{
    size_t length = strlen(name);
    if (!length || strncasecmp(path, name, length) || (path[length] && path[length] != '\\'))
        return NULL;
    return path + length;
}

static const char *strip_dos(const char *path)
{
    static const char *const roots[] = {"\\\\.\\", "\\??\\", "\\DosDevices\\", "\\\\?\\", "\\GLOBAL??\\"};
    for (size_t i = 0; i < COUNT(roots); i++)
        if (!strncasecmp(path, roots[i], strlen(roots[i])))
            return path + strlen(roots[i]);
    return NULL;
}

struct device *device_open_path(const char *path, const char **rest)
{
    const char *dos = strip_dos(path);
    struct device *found = NULL;
    if (dos && !strncasecmp(dos, "GLOBALROOT", 10))
        path = dos + 10, dos = NULL;
    kernel_lock();
    for (struct device *device = devices; device && !found; device = device->next) {
        const char *link = strip_dos(device->link);
        *rest = dos ? (link ? below(dos, link) : NULL) : below(path, device->name);
        if (*rest)
            found = device;
    }
    if (found)
        atomic_fetch_add(&found->references, 1);
    kernel_unlock();
    return found;
}

/* The paths by which user mode reaches the driver's own devices, comma-separated. */
void devices_list(struct text *paths)
{
    kernel_lock();
    for (struct device *device = devices; device; device = device->next) {
        const char *link = strip_dos(device->link);
        if (link && !device->silent && !device->adapter)
            text_add(paths, "%s\\\\.\\%s", paths->length ? "," : "", link);
    }
    kernel_unlock();
}

struct device *device_of_object(const void *object)
{
    struct block *block = block_at(object, BLOCK_DEVICE);
    return block ? block->record : NULL;
}

/* At unload: devices of the system that the driver still references. */
void devices_leak_check(void)
{
    for (struct device *device = devices; device; device = device->next)
        dangling_check(device, "after unload");
}

static bool sid_matches(const char *sid, size_t length, const char *user)
{
    static const struct {
        const char *user, *sids;
    } members[] = {{"SYSTEM", "SY,BA,AU,WD,S-1-5-18"}, {"Administrator", "BA,AU,WD,BU,IU,S-1-5-32-544"}, {"LocalService", "LS,AU,WD"}, {"NetworkService", "NS,AU,WD"}};
    const char *sids = "AU,WD,BU,IU";
    for (size_t i = 0; i < COUNT(members); i++)
        if (!strcasecmp(user, members[i].user))
            sids = members[i].sids;
    for (const char *at = sids; *at;) {
        size_t n = strcspn(at, ",");
        if (n == length && !strncmp(at, sid, n))
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* Whether the device's security descriptor lets `user` open it. Without one, everybody may. */
bool device_allows(const struct device *device, const char *user)
{
    const char *at = device->sddl;
    if (!*at)
        return true;
    while ((at = strchr(at, '('))) {
        const char *end = strchr(at, ')'), *sid = at;
        if (!end)
            return false;
        for (int fields = 0; fields < 5 && sid; fields++)
            sid = memchr(sid, ';', (size_t)(end - sid)) ? (const char *)memchr(sid, ';', (size_t)(end - sid)) + 1 : NULL;
        if (at[1] == 'A' && sid && sid_matches(sid, (size_t)(end - sid), user))
            return true;
        at = end;
    }
    return false;
}

/* ---- exports: devices outside NDIS ---- */

static char *string_of(const UNICODE_STRING *string)
{
    string_check(string, self->frame->name);
    return utf8_from_utf16(string->Buffer, string->Length / 2);
}

extern void *driver_object(void);

EXPORT_F(status_t, IoCreateDevice, DRIVER_OBJECT *driver, uint32_t extension, UNICODE_STRING *name, uint32_t type, uint32_t characteristics, uint8_t exclusive, DEVICE_OBJECT **result)
{
    ENTER_FAILS(IoCreateDevice, driver, true);
    (void)exclusive;
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    char *text = name ? string_of(name) : strdup("");
    struct device *device = device_new(text, extension);
    free(text);
    device->object->DriverObject = driver;
    device->object->DeviceType = type;
    device->object->Characteristics = characteristics;
    device->object->DeviceExtension = device->extension;
    device->dispatch = (void *)driver->MajorFunction;
    *result = device->object;
    return STATUS_SUCCESS;
}

EXPORT(void, IoDeleteDevice, DEVICE_OBJECT *object)
{
    ENTER(IoDeleteDevice, object);
    struct device *device = device_of_object(object);
    if (!device)
        violation("DeleteDevice", object, "IoDeleteDevice on something that is no device");
    else
        device_delete(device);
}

EXPORT_F(status_t, IoCreateSymbolicLink, UNICODE_STRING *link, UNICODE_STRING *name)
{
    ENTER_FAILS(IoCreateSymbolicLink, link, true);
    if (fail_)
        return (status_t)STATUS_INSUFFICIENT_RESOURCES;
    char *from = string_of(link), *to = string_of(name);
    const char *rest;
    struct device *device = device_open_path(to, &rest);
    if (device) {
        snprintf(device->link, sizeof device->link, "%s", from);
        device_release(device);
    }
    free(from);
    free(to);
    return device ? STATUS_SUCCESS : (status_t)STATUS_OBJECT_NAME_NOT_FOUND;
}

EXPORT(status_t, IoDeleteSymbolicLink, UNICODE_STRING *link)
{
    ENTER(IoDeleteSymbolicLink, link);
    char *text = string_of(link);
    const char *rest;
    struct device *device = device_open_path(text, &rest);
    free(text);
    bool found = device != NULL;
    if (found) {
        device->link[0] = 0;
        device_release(device);
    }
    return found ? STATUS_SUCCESS : (status_t)STATUS_OBJECT_NAME_NOT_FOUND;
}
