/* The miniport driver: registration, header rules, load, entry, unload. */
#include "ndis.h"
#include "pe.h"
#include "sched.h"
#include "paged.h"
#include "tracked.h"

struct miniport miniport;
struct settings settings = {.guard = true, .virtual_clock = true, .verifier = true, .auto_advance = true, .cpus = 2, .stack_limit = 20480};
static struct block *driver_block, *registry_block;
static const char *driver_state = "none";
static uint32_t entry_status;
static bool loading;

void *driver_object(void)
{
    return driver_block ? block_memory(driver_block) : NULL;
}

bool header_check(const void *object, uint8_t type, uint8_t revision, unsigned size, unsigned full, const char *what)
{
    const struct header *header = object;
    if (header->type == type && header->revision == revision && header->size >= size && header->size <= full)
        return true;
    violation("NdisObjectHeader", object, "%s has the header type 0x%02x, revision %u, size %u; wanted 0x%02x, %u and %u to %u for the registered version", what, header->type,
              header->revision, header->size, type, revision, size, full);
    return header->type == type && header->size >= size;
}

static bool handlers_present(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c)
{
    return c->InitializeHandlerEx && c->HaltHandlerEx && c->UnloadHandler && c->PauseHandler && c->RestartHandler && c->OidRequestHandler && c->SendNetBufferListsHandler &&
           c->ReturnNetBufferListsHandler && c->CancelSendHandler && c->DevicePnPEventNotifyHandler && c->ShutdownHandlerEx && c->CancelOidRequestHandler;
}

/* What NDIS puts into the driver object at registration: requests to an adapter's device object come here, unless the driver
   has put an entry of its own in its place, which may pass on to this one. */
static MS status_t ndis_dispatch(DEVICE_OBJECT *device, IRP *irp)
{
    (void)device;
    uint8_t major = irp_stack(irp)->MajorFunction;
    bool fine = major == IRP_MJ_CREATE || major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE;
    status_t status = fine ? STATUS_SUCCESS : (status_t)STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus_Status = status;
    irp_complete(irp, 0);
    return status;
}

/* What the I/O manager puts there before DriverEntry. */
static MS status_t no_dispatch(DEVICE_OBJECT *device, IRP *irp)
{
    (void)device;
    irp->IoStatus_Status = (int32_t)STATUS_INVALID_DEVICE_REQUEST;
    irp_complete(irp, 0);
    return (status_t)STATUS_INVALID_DEVICE_REQUEST;
}

static void dispatch_set(DRIVER_OBJECT *driver, void *function)
{
    for (int i = 0; i < 28; i++)
        ((void **)driver->MajorFunction)[i] = function;
}

typedef MS uint32_t options_fn(void *handle, void *context);

static uint32_t registration_check(const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c)
{
    unsigned version = (unsigned)c->MajorNdisVersion << 8 | c->MinorNdisVersion;
    if (version < 0x0600 || version > ndis_version())
        return NDIS_STATUS_BAD_VERSION;
    bool newest = version >= 0x0650;
    const struct header *header = (const struct header *)c;
    unsigned least = newest ? NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3 : NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    if (header->type != 0x8A || header->revision != (newest ? 3 : 2) || header->size < least || header->size > sizeof *c) {
        violation("NdisMRegisterMiniportDriver", c, "the characteristics have the header type 0x%02x, revision %u, size %u; wanted 0x8a, %d and %u to %zu", header->type,
                  header->revision, header->size, newest ? 3 : 2, least, sizeof *c);
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    }
    if (!handlers_present(c)) {
        violation("NdisMRegisterMiniportDriver", c, "a required handler of the miniport is NULL");
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    }
    if (!c->DirectOidRequestHandler != !c->CancelDirectOidRequestHandler)
        violation("NdisMRegisterMiniportDriver", c, "only one of the two direct OID handlers is set");
    return NDIS_STATUS_SUCCESS;
}

EXPORT_F(uint32_t, NdisMRegisterMiniportDriver, void *driver, UNICODE_STRING *path, void *context, NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c, void **handle)
{
    ENTER_FAILS(NdisMRegisterMiniportDriver, driver, true);
    (void)path;
    if (fail_)
        return NDIS_STATUS_RESOURCES;
    if (!loading || miniport.registered) {
        violation("NdisMRegisterMiniportDriver", driver, "NdisMRegisterMiniportDriver is called %s", loading ? "twice" : "outside DriverEntry");
        return NDIS_STATUS_FAILURE;
    }
    miniport.version = (unsigned)c->MajorNdisVersion << 8 | c->MinorNdisVersion; /* header rules follow it already now */
    uint32_t status = registration_check(c);
    if (status)
        return status;
    memset(&miniport.entry, 0, sizeof miniport.entry);
    memcpy(&miniport.entry, c, ((const struct header *)c)->size < sizeof *c ? ((const struct header *)c)->size : sizeof *c);
    struct block *block = block_new(BLOCK_HANDLE, 16, true);
    miniport.handle = block_memory(block);
    miniport.context = context;
    miniport.registered = true;
    dispatch_set(driver_object(), (void *)ndis_dispatch);
    options_fn *options = miniport.entry.SetOptionsHandler;
    if (options) {
        CALL_DRIVER("MiniportSetOptions", PASSIVE, miniport.handle, status = options(miniport.handle, context));
        if (status) {
            miniport.registered = false;
            return status;
        }
    }
    *handle = miniport.handle;
    return NDIS_STATUS_SUCCESS;
}

EXPORT(void, NdisMDeregisterMiniportDriver, void *handle)
{
    ENTER(NdisMDeregisterMiniportDriver, handle);
    if (!miniport.registered || handle != miniport.handle) {
        violation("InvalidHandle", handle, "NdisMDeregisterMiniportDriver(%p): no such registration", handle);
        return;
    }
    miniport.registered = false;
    block_free(block_at(handle, BLOCK_HANDLE));
}

EXPORT(uint32_t, NdisSetOptionalHandlers, void *handle, void *handlers)
{
    ENTER(NdisSetOptionalHandlers, handle);
    (void)handlers;
    return NDIS_STATUS_SUCCESS;
}

/* ---- the session's commands ---- */

static const struct {
    const char *name;
    unsigned major, minor, build, ndis_minor;
} systems[] = {{"win7", 6, 1, 7601, 20}, {"win8", 6, 2, 9200, 30}, {"win81", 6, 3, 9600, 40}, {"win10", 10, 0, 19041, 83}};

static bool system_set(const char *name)
{
    for (size_t i = 0; i < COUNT(systems); i++) {
        if (strcmp(systems[i].name, name))
            continue;
        settings.os_major = systems[i].major;
        settings.os_minor = systems[i].minor;
        settings.os_build = systems[i].build;
        settings.ndis_major = 6;
        settings.ndis_minor = systems[i].ndis_minor;
        return true;
    }
    return false;
}

void rules_allow(const char *list);

COMMAND("configure", command_configure, ALWAYS | INLINE)
{
    const char *os = argument(command, "os"), *ndis = argument(command, "ndis"), *clock = argument(command, "clock"), *pool = argument(command, "special_pool");
    if (strcmp(driver_state, "none")) {
        reply_error(command, "state", "configure comes before load");
        return;
    }
    if (!system_set(os ? os : "win10") || (ndis && sscanf(ndis, "%u.%u", &settings.ndis_major, &settings.ndis_minor) != 2)) {
        reply_error(command, "usage", "os is win7, win8, win81 or win10; ndis is like 6.83");
        return;
    }
    if (pool && strcmp(pool, "overrun") && strcmp(pool, "underrun")) {
        reply_error(command, "usage", "special_pool is overrun or underrun");
        return;
    }
    rules_allow(argument(command, "allow"));
    settings.guard = argument_number(command, "guard", 1);
    settings.measure_stack = argument_number(command, "measure_stack", 0);
    settings.underrun = pool && !strcmp(pool, "underrun");
    settings.verifier = argument_number(command, "verifier", 1);
    settings.auto_advance = argument_number(command, "auto_advance", 1);
    settings.cpus = (int)argument_number(command, "cpus", 2);
    settings.cpus = settings.cpus < 1 ? 1 : settings.cpus > CPUS_MAX ? CPUS_MAX : settings.cpus;
    settings.stack_limit = (unsigned)argument_number(command, "stack_limit", 20480);
    settings.virtual_clock = !(clock && !strcmp(clock, "real"));
    const char *schedule = argument(command, "schedule");
    if (schedule && !schedule_set(schedule))
        reply_error(command, "usage", "the schedule %s is none", schedule);
    else if (schedule && !settings.virtual_clock)
        reply_error(command, "usage", "a deterministic schedule wants the virtual clock");
}

void settings_start(void)
{
    system_set("win10");
}

static uint8_t *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    if (!file)
        return NULL;
    long end = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    if (end >= 0 && !fseek(file, 0, SEEK_SET)) {
        *size = (size_t)end;
        bytes = malloc(*size + 1);
        if (bytes && fread(bytes, 1, *size, file) != *size)
            free(bytes), bytes = NULL;
    }
    fclose(file);
    return bytes;
}

COMMAND("load", command_load, NEEDS_DRIVER)
{
    const char *path = argument(command, "path"), *name = argument(command, "name"), *code = "bad-image";
    struct text text = {0};
    size_t size = command->payload_size;
    uint8_t *bytes = path ? file_read(path, &size) : command->payload;
    if (strcmp(driver_state, "none")) {
        reply_error(command, "state", "an image is loaded already");
    } else if (!bytes) {
        reply_error(command, "usage", "cannot read %s", path);
    } else if (!image_load(bytes, size, name ? name : "driver.sys", &code, &text)) {
        reply_error(command, code, "%s", text.bytes ? text.bytes : "");
    } else {
        driver_state = "loaded";
        clock_start();
        reply_format(command, "base=%p size=%zu entry=0x%x imports=%u", (void *)image.base, image.size, image.entry, image.imports);
    }
    if (path)
        free(bytes);
    text_free(&text);
}

static void driver_object_make(const char *registry)
{
    driver_block = block_new(BLOCK_DATA, sizeof(DRIVER_OBJECT), true);
    DRIVER_OBJECT *driver = block_memory(driver_block);
    driver->Type = 4;
    driver->Size = sizeof *driver;
    driver->DriverStart = image.base;
    driver->DriverSize = (uint32_t)image.size;
    driver->DriverInit = image.base + image.entry;
    dispatch_set(driver, (void *)no_dispatch);
    uint16_t units[256];
    size_t count = utf16_from_utf8(registry, units, COUNT(units));
    registry_block = block_new(BLOCK_DATA, sizeof(UNICODE_STRING) + 2 * count, true);
    UNICODE_STRING *path = block_memory(registry_block);
    memcpy(path + 1, units, 2 * count);
    path->Buffer = (void *)(path + 1);
    path->Length = path->MaximumLength = (uint16_t)(2 * count);
}

void timers_leak_check(void);
void references_leak_check(void);
void devices_leak_check(void);
void process_routines_leak_check(void);
void providers_leak_check(void);

static void unloaded_check(void)
{
    memory_leaves((uintptr_t)image.base, image.size, "the image");
    devices_leak_check();
    timers_leak_check();
    process_routines_leak_check();
    providers_leak_check();
    references_leak_check();
    leaks_report(NULL, "after unload");
}

typedef MS status_t entry_fn(void *driver, void *registry);
typedef MS void unload_fn(void *driver);

COMMAND("entry", command_entry, NEEDS_DRIVER)
{
    const char *registry = argument(command, "registry");
    if (strcmp(driver_state, "loaded")) {
        reply_error(command, "state", "entry comes once, after load");
        return;
    }
    driver_object_make(registry ? registry : "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\driver");
    entry_fn *entry = (entry_fn *)(image.base + image.entry);
    status_t status;
    loading = true;
    CALL_DRIVER("DriverEntry", PASSIVE, driver_object(), status = entry(driver_object(), block_memory(registry_block)));
    loading = false;
    sections_discard();
    block_free(registry_block); /* the driver may not keep the path */
    entry_status = (uint32_t)status;
    driver_state = status == 0 ? "started" : "failed";
    if (status == 0 && !miniport.registered)
        violation("NdisMRegisterMiniportDriver", NULL, "DriverEntry succeeded without a registered miniport");
    if (status && miniport.registered)
        violation("NdisMDeregisterMiniportDriver", NULL, "DriverEntry failed with 0x%08x and left the miniport registered", entry_status);
    if (status)
        unloaded_check();
    reply_format(command, "status=0x%08x", entry_status);
}

bool adapters_live(void);
bool adapters_shut_down(void);

COMMAND("unload", command_unload, NEEDS_DRIVER)
{
    if (strcmp(driver_state, "started") || adapters_live()) {
        reply_error(command, "state", strcmp(driver_state, "started") ? "the driver is not started" : "an adapter is not halted");
        return;
    }
    if (adapters_shut_down()) {
        driver_state = "unloaded"; /* the system is off: nothing is called any more */
        return;
    }
    unload_fn *unload = miniport.entry.UnloadHandler;
    CALL_DRIVER("MiniportDriverUnload", PASSIVE, driver_object(), unload(driver_object()));
    driver_state = "unloaded";
    if (miniport.registered)
        violation("NdisMDeregisterMiniportDriver", miniport.handle, "Unload returned with the miniport still registered");
    int running = driver_activity();
    if (running)
        violation("UnloadWhileRunning", NULL, "Unload returned while %d callbacks or threads of the driver were queued or running", running);
    unloaded_check();
}

static void driver_block_count(struct block *block, void *argument)
{
    unsigned *count = argument;
    *count += !block->hosts;
}

COMMAND("state", command_state, ALWAYS)
{
    unsigned blocks = 0;
    blocks_each(driver_block_count, &blocks);
    reply_format(command, "driver=%s entry_status=0x%08x now=%llu busy=%ld violations=%u blocks=%u paged=%d", atomic_load(&driver_dead) ? "dead" : driver_state,
                 entry_status, (unsigned long long)clock_ticks(), busy_count(), violation_count(), blocks, paged_armed);
}

COMMAND("exit", command_exit, ALWAYS)
{
    reply_ok(command, NULL, NULL, 0);
    _exit(0);
}
