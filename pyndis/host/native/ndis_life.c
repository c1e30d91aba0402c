/* An adapter's life: initialize, restart, pause, halt, shutdown, and the attributes it declares. */
#include "contracts.h"
#include "locks.h"

const char *const life_names[] = {"halted", "initializing", "paused", "restarting", "running", "pausing", "shutdown"};
static struct adapter *adapters;
void device_idle_check(struct device *device, const char *call);
extern atomic_int halts_running, drains_waiting;

struct adapter *adapter_find(uint64_t id)
{
    kernel_lock();
    struct adapter *adapter = adapters;
    while (adapter && (adapter->id != id || !id))
        adapter = adapter->next;
    kernel_unlock();
    return adapter;
}

bool adapters_live(void)
{
    bool live = false;
    kernel_lock();
    for (struct adapter *adapter = adapters; adapter; adapter = adapter->next)
        live |= adapter->initialized && atomic_load(&adapter->life) != LIFE_SHUTDOWN;
    kernel_unlock();
    return live;
}

bool adapters_shut_down(void)
{
    bool any = false;
    kernel_lock();
    for (struct adapter *adapter = adapters; adapter; adapter = adapter->next)
        any |= adapter->initialized && atomic_load(&adapter->life) == LIFE_SHUTDOWN;
    kernel_unlock();
    return any;
}

/* The command uses the adapter from now on; a halt waits for it. FALSE: the adapter is halted, and the command is answered. */
bool adapter_enter(struct command *command, struct adapter *adapter, bool halted_too)
{
    kernel_lock();
    bool fine = (adapter->initialized && !adapter->halting) || (halted_too && !adapter->initialized);
    adapter->entered += fine;
    kernel_unlock();
    if (fine)
        command->adapter = adapter;
    else
        reply_error(command, "state", "the adapter is halted");
    return fine;
}

void adapter_leave(struct command *command)
{
    struct adapter *adapter = command->adapter;
    kernel_lock();
    adapter->entered--;
    object_signal_locked(&adapter->left);
    if (command->serialised)
        object_signal_locked(&adapter->pnp_free);
    kernel_unlock();
    command->adapter = NULL;
}

struct adapter *adapter_wanted(struct command *command)
{
    struct adapter *adapter = adapter_find(argument_number(command, "adapter", 0));
    if (!adapter) {
        reply_error(command, "usage", "no such adapter");
        return NULL;
    }
    return adapter_enter(command, adapter, false) ? adapter : NULL;
}

struct adapter *adapter_serialised(struct command *command)
{
    struct adapter *adapter = adapter_find(argument_number(command, "adapter", 0));
    if (!adapter) {
        reply_error(command, "usage", "no such adapter");
        return NULL;
    }
    wait_for(&adapter->pnp_free, "another PnP operation of the adapter goes on"); /* not entered yet: a halt waits for those that are */
    if (!adapter_wanted(command)) {
        object_signal(&adapter->pnp_free);
        return NULL;
    }
    command->serialised = true;
    return adapter;
}

void adapter_drain(struct adapter *adapter)
{
    for (;;) {
        kernel_lock();
        adapter->halting = true;
        bool alone = adapter->entered <= 1;
        if (!alone)
            adapter->left.SignalState = 0;
        kernel_unlock();
        if (alone)
            return;
        atomic_fetch_add(&drains_waiting, 1);
        wait_for(&adapter->left, "other commands on the adapter end");
        atomic_fetch_sub(&drains_waiting, 1);
    }
}

struct adapter *adapter_of(void *handle, const char *call)
{
    struct block *block = block_find(handle);
    if (block && block->live && block->kind == BLOCK_HANDLE && block->address == (uintptr_t)handle && block->record)
        return block->record;
    violation("InvalidHandle", handle, "%s(%p): %s", call, handle, block && !block->live ? "this adapter is halted" : "this is no adapter handle");
    return NULL;
}

/* ---- operations that may pend ---- */

void operation_start(struct operation *operation)
{
    object_init(&operation->done, EVENT_NOTIFICATION, false);
    atomic_store(&operation->state, 1);
}

bool operation_complete(struct operation *operation, uint32_t status)
{
    int state = atomic_load(&operation->state);
    if (state != 1 && state != 3)
        return false;
    operation->status = status;
    if (!atomic_compare_exchange_strong(&operation->state, &state, 2)) {
        if (state != 3 || !atomic_compare_exchange_strong(&operation->state, &state, 2))
            return false;
    }
    object_signal(&operation->done);
    return true;
}

static void pending_event(const char *call)
{
    struct text header = {0};
    text_add(&header, " command=%llu", (unsigned long long)self->command);
    text_value(&header, "call", call);
    event_send("pending", &header, NULL, 0);
    text_free(&header);
}

uint32_t operation_finish(struct operation *operation, uint32_t status, const char *call, const char *rule)
{
    int expected = 1;
    if (status != NDIS_STATUS_PENDING) {
        if (atomic_load(&operation->state) == 2)
            violation(rule, NULL, "%s returned 0x%08x for what it has already completed", call, status);
        atomic_store(&operation->state, 0);
        return status;
    }
    if (atomic_compare_exchange_strong(&operation->state, &expected, 3))
        pending_event(call);
    wait_for(&operation->done, call);
    atomic_store(&operation->state, 0);
    return operation->status;
}

/* ---- callbacks ---- */

static void *parameters_new(size_t size, uint8_t type, uint8_t revision, uint16_t length, struct block **block)
{
    *block = block_new(BLOCK_DATA, size, true);
    *(struct header *)block_memory(*block) = (struct header){type, revision, length};
    return block_memory(*block);
}

static void adapter_wipe(struct adapter *adapter)
{
    adapter->halting = false;
    adapter->registration_set = adapter->general_set = adapter->removed = adapter->removal_told = false;
    adapter->packet_filter = 0;
    memset(adapter->counters, 0, sizeof adapter->counters);
    adapter->context = NULL;
    adapter->power = 0;
    adapter->link = 0;
    adapter->sends = adapter->lent = adapter->indicating = 0;
    adapter->held_count = 0;
}

static void handle_new_for(struct adapter *adapter)
{
    adapter->block = block_new(BLOCK_HANDLE, 16, true);
    adapter->block->record = adapter;
    adapter->handle = block_memory(adapter->block);
}

static void adapter_gone(struct adapter *adapter)
{
    leaks_report(adapter->handle, "after the adapter is gone");
    atomic_store(&adapter->life, LIFE_HALTED);
    adapter->initialized = false;
    adapter->block->record = NULL;
    block_free(adapter->block);
}

static void pnp_event_send(struct adapter *adapter, uint32_t event, uint32_t value)
{
    struct block *block, *data = block_new(BLOCK_DATA, 4, true);
    NET_DEVICE_PNP_EVENT *message = parameters_new(sizeof *message, 0x80, 1, NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1, &block);
    event_fn *handler = miniport.entry.DevicePnPEventNotifyHandler;
    memcpy(block_memory(data), &value, 4);
    message->DevicePnPEvent = event;
    if (event == NdisDevicePnPEventPowerProfileChanged) {
        message->InformationBuffer = block_memory(data);
        message->InformationBufferLength = 4;
    }
    CALL_DRIVER("MiniportDevicePnPEventNotify", PASSIVE, message, handler(adapter->context, message));
    block_free(block);
    block_free(data);
}

void adapter_pnp_event(struct adapter *adapter, uint32_t event)
{
    if (event == NdisDevicePnPEventSurpriseRemoved)
        adapter->removed = true;
    pnp_event_send(adapter, event, 1);
    adapter->removal_told |= event == NdisDevicePnPEventSurpriseRemoved;
}

uint32_t adapter_initialize(struct adapter *adapter)
{
    struct block *block;
    NDIS_MINIPORT_INIT_PARAMETERS *parameters = parameters_new(sizeof *parameters, 0x81, 1, NDIS_SIZEOF_MINIPORT_INIT_PARAMETER_REVISION_1, &block);
    initialize_fn *handler = miniport.entry.InitializeHandlerEx;
    uint64_t luid = (uint64_t)adapter->iftype << 48 | (uint64_t)adapter->luid << 24;
    uint32_t status;
    adapter_wipe(adapter);
    handle_new_for(adapter);
    adapter->initialized = true;
    atomic_store(&adapter->life, LIFE_INITIALIZING);
    parameters->IfIndex = adapter->luid + 10;
    memcpy((uint8_t *)parameters + __builtin_offsetof(NDIS_MINIPORT_INIT_PARAMETERS, NetLuid), &luid, 8);
    CALL_DRIVER("MiniportInitializeEx", PASSIVE, adapter->handle, status = handler(adapter->handle, miniport.context, parameters));
    block_free(block);
    if (status != NDIS_STATUS_SUCCESS) {
        if (status >> 30 != 3 && status != NDIS_STATUS_NOT_ACCEPTED)
            violation("MiniportInitialize_Return", adapter->handle, "MiniportInitializeEx returned 0x%08x, neither success nor an error", status);
        adapter_gone(adapter);
        return status;
    }
    if (!adapter->registration_set || !adapter->general_set)
        violation("MiniportAttributes", adapter->handle, "MiniportInitializeEx succeeded without %s attributes", adapter->registration_set ? "general" : "registration");
    atomic_store(&adapter->life, LIFE_PAUSED);
    pnp_event_send(adapter, NdisDevicePnPEventPowerProfileChanged, 1);
    return status;
}

uint32_t adapter_restart(struct adapter *adapter)
{
    struct block *block;
    void *parameters = parameters_new(sizeof(NDIS_MINIPORT_RESTART_PARAMETERS), 0x80, 1, NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1, &block);
    parameters_fn *handler = miniport.entry.RestartHandler;
    uint32_t status;
    operation_start(&adapter->restart);
    atomic_store(&adapter->life, LIFE_RESTARTING);
    CALL_DRIVER("MiniportRestart", PASSIVE, adapter->handle, status = handler(adapter->context, parameters));
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_PENDING && status >> 30 != 3)
        violation("MiniportRestart_Return", adapter->handle, "MiniportRestart returned 0x%08x, neither success nor pending nor an error", status);
    status = operation_finish(&adapter->restart, status, "MiniportRestart", "NdisMRestartComplete");
    atomic_store(&adapter->life, status == NDIS_STATUS_SUCCESS ? LIFE_RUNNING : LIFE_PAUSED);
    block_free(block);
    return status;
}

static void paused_check(struct adapter *adapter)
{
    int sends = sends_marked(adapter), lent = atomic_load(&adapter->lent), indicating = atomic_load(&adapter->indicating);
    if (sends || lent || indicating)
        violation("NdisMPauseComplete", adapter->handle, "the pause completes with %d sends not completed, %d NBLs not returned and %d indications running", sends, lent, indicating);
}

uint32_t adapter_pause(struct adapter *adapter, uint32_t reason, bool wait_sends)
{
    struct block *block;
    uint32_t *parameters = parameters_new(12, 0x80, 1, 12, &block);
    parameters_fn *handler = miniport.entry.PauseHandler;
    uint32_t status;
    parameters[2] = reason;
    if (wait_sends && atomic_load(&adapter->sends))
        wait_for(&adapter->sends_idle, "the stack waits for its sends");
    operation_start(&adapter->pause);
    sends_mark(adapter);
    adapter->pause_epoch = UINT64_MAX; /* until the handler returns, a call that came later may not have seen it */
    atomic_store(&adapter->life, LIFE_PAUSING);
    CALL_DRIVER("MiniportPause", PASSIVE, adapter->handle, status = handler(adapter->context, parameters));
    adapter->pause_epoch = atomic_fetch_add(&pause_epoch, 1) + 1;
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_PENDING) {
        violation("MiniportPause_Return", adapter->handle, "MiniportPause returned 0x%08x; it may return success or pending", status);
        status = NDIS_STATUS_SUCCESS;
    }
    bool synchronous = status == NDIS_STATUS_SUCCESS;
    status = operation_finish(&adapter->pause, status, "MiniportPause", "NdisMPauseComplete");
    if (synchronous)
        paused_check(adapter);
    atomic_store(&adapter->life, LIFE_PAUSED);
    block_free(block);
    return status;
}

EXPORT(void, NdisMPauseComplete, void *handle)
{
    ENTER(NdisMPauseComplete, handle);
    struct adapter *adapter = adapter_of(handle, "NdisMPauseComplete");
    locks_free_check("NdisMPauseComplete", handle);
    if (!adapter)
        return;
    paused_check(adapter);
    if (!operation_complete(&adapter->pause, NDIS_STATUS_SUCCESS))
        violation("NdisMPauseComplete", handle, "NdisMPauseComplete is called when no pause is pending");
}

EXPORT(void, NdisMRestartComplete, void *handle, uint32_t status)
{
    ENTER(NdisMRestartComplete, handle);
    struct adapter *adapter = adapter_of(handle, "NdisMRestartComplete");
    locks_free_check("NdisMRestartComplete", handle);
    if (adapter && !operation_complete(&adapter->restart, status))
        violation("NdisMRestartComplete", handle, "NdisMRestartComplete is called when no restart is pending");
}

void adapter_halt(struct adapter *adapter, uint32_t action)
{
    action_fn *handler = miniport.entry.HaltHandlerEx;
    adapter_drain(adapter);
    if (atomic_load(&adapter->sends))
        wait_for(&adapter->sends_idle, "the stack waits for its sends");
    atomic_fetch_add(&halts_running, 1);
    CALL_DRIVER("MiniportHaltEx", PASSIVE, adapter->handle, handler(adapter->context, action));
    atomic_fetch_sub(&halts_running, 1);
    int sends = atomic_load(&adapter->sends), lent = atomic_load(&adapter->lent);
    if (sends || lent)
        violation("HaltWithWorkInFlight", adapter->handle, "MiniportHaltEx returned with %d sends and %d receives in flight", sends, lent);
    adapter_gone(adapter);
}

void adapter_shutdown(struct adapter *adapter, bool bugcheck_)
{
    action_fn *handler = miniport.entry.ShutdownHandlerEx;
    uint32_t before[COUNTS_MAX];
    memcpy(before, self->counts, sizeof before);
    atomic_store(&adapter->life, LIFE_SHUTDOWN);
    CALL_DRIVER("MiniportShutdownEx", bugcheck_ ? HIGH : PASSIVE, adapter->handle, handler(adapter->context, bugcheck_));
    shutdown_check(adapter, before);
}

/* ---- attributes ---- */

static bool context_taken(const void *context)
{
    bool taken = false;
    kernel_lock();
    for (const struct adapter *adapter = adapters; adapter && context; adapter = adapter->next)
        taken |= adapter->initialized && adapter->context == context;
    kernel_unlock();
    return taken;
}

static uint32_t registration_set(struct adapter *adapter, const NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *a)
{
    if (atomic_load(&adapter->life) != LIFE_INITIALIZING || adapter->registration_set) {
        violation("MiniportAttributes", adapter->handle, "registration attributes are set %s", adapter->registration_set ? "twice" : "outside MiniportInitializeEx");
        return NDIS_STATUS_FAILURE;
    }
    header_check(a, 0x9E, miniport.version >= 0x061E ? 2 : 1, NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2, sizeof *a, "NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES");
    if (context_taken(a->MiniportAdapterContext))
        violation("MiniportAttributes", adapter->handle, "MiniportAdapterContext is that of another adapter");
    if ((a->AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND) && miniport.version < 0x061E)
        violation("MiniportAttributes", adapter->handle, "NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND is set by a miniport of NDIS 6.%u; it is of 6.30", miniport.version & 0xFF);
    if (!a->MiniportAdapterContext)
        violation("MiniportAttributes", adapter->handle, "MiniportAdapterContext is NULL");
    declared_keep(adapter, "registration", a, ((const struct header *)a)->size);
    adapter->context = a->MiniportAdapterContext;
    adapter->flags = a->AttributeFlags;
    adapter->registration_set = true;
    return NDIS_STATUS_SUCCESS;
}

static uint32_t general_set(struct adapter *adapter, const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *a)
{
    if (atomic_load(&adapter->life) != LIFE_INITIALIZING || !adapter->registration_set || adapter->general_set) {
        violation("MiniportAttributes", adapter->handle, "general attributes are set at the wrong time: once, from MiniportInitializeEx, after the registration attributes");
        return NDIS_STATUS_FAILURE;
    }
    header_check(a, 0x9F, 2, NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2, sizeof *a, "NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES");
    if (!a->PowerManagementCapabilitiesEx || a->PowerManagementCapabilities)
        violation("MiniportAttributes", adapter->handle, "PowerManagementCapabilitiesEx must be set and PowerManagementCapabilities NULL from NDIS 6.20 on");
    if (a->PowerManagementCapabilitiesEx) {
        const struct header *pm = a->PowerManagementCapabilitiesEx;
        unsigned revision = miniport.version >= 0x061E ? 2 : 1;
        if (pm->type != 0x80 || pm->revision != revision)
            note("HeaderRevision", pm, "NDIS_PM_CAPABILITIES has type 0x%02x, revision %u; wanted 0x80, %u", pm->type, pm->revision, revision);
    }
    if (!a->SupportedOidList || !a->SupportedOidListLength || a->SupportedOidListLength % 4)
        violation("MiniportAttributes", adapter->handle, "the supported OID list has %u bytes: a multiple of 4 above 0 is wanted", a->SupportedOidListLength);
    declared_keep(adapter, "general", a, ((const struct header *)a)->size);
    if (a->PowerManagementCapabilitiesEx)
        declared_keep(adapter, "power", a->PowerManagementCapabilitiesEx, ((const struct header *)a->PowerManagementCapabilitiesEx)->size);
    if (a->SupportedOidList)
        declared_keep(adapter, "oids", a->SupportedOidList, a->SupportedOidListLength);
    adapter->media = a->MediaType;
    adapter->physical = a->PhysicalMediumType;
    adapter->mtu = a->MtuSize;
    adapter->filters = a->SupportedPacketFilters;
    adapter->if_type = a->IfType;
    adapter->statistics = a->SupportedStatistics;
    adapter->link = (int)a->MediaConnectState;
    adapter->general_set = true;
    return NDIS_STATUS_SUCCESS;
}

EXPORT_F(uint32_t, NdisMSetMiniportAttributes, void *handle, const struct header *attributes)
{
    ENTER_FAILS(NdisMSetMiniportAttributes, handle, true);
    struct adapter *adapter = adapter_of(handle, "NdisMSetMiniportAttributes");
    if (fail_ || !adapter)
        return NDIS_STATUS_RESOURCES;
    if (attributes->type == 0x9E)
        return registration_set(adapter, (const void *)attributes);
    if (attributes->type == 0x9F)
        return general_set(adapter, (const void *)attributes);
    return NDIS_STATUS_SUCCESS;
}

/* ---- making one ---- */

struct adapter *adapter_new(uint64_t id, uint32_t luid, uint32_t iftype, const void *configuration, size_t size)
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    char name[96];
    adapter->id = id;
    adapter->luid = luid;
    adapter->iftype = iftype;
    adapter->configuration = malloc(size + 1);
    memcpy(adapter->configuration, configuration, size);
    adapter->configuration[size] = 0;
    pthread_mutex_init(&adapter->lock, NULL);
    object_init(&adapter->sends_idle, EVENT_NOTIFICATION, true);
    object_init(&adapter->oid_free, EVENT_SYNCHRONIZATION, true);
    object_init(&adapter->pnp_free, EVENT_SYNCHRONIZATION, true);
    object_init(&adapter->left, EVENT_NOTIFICATION, false);
    snprintf(name, sizeof name, "\\Device\\%08x-pdo", luid);
    adapter->physical_device = device_new(name, 0);
    adapter->physical_device->silent = true;
    adapter->physical_device->block->hosts = true;
    snprintf(name, sizeof name, "\\Device\\NDMP%u", luid);
    adapter->functional_device = device_new(name, 0);
    adapter->functional_device->block->hosts = true;
    adapter->functional_device->adapter = adapter;
    DRIVER_OBJECT *driver = driver_object();
    adapter->functional_device->dispatch = (void *)driver->MajorFunction;
    adapter->functional_device->object->DriverObject = driver;
    adapter->functional_device->object->Flags = DO_DIRECT_IO;
    snprintf(adapter->interface, sizeof adapter->interface, "\\\\?\\ROOT#NET#%04u#{cac88484-7515-4c03-82e6-71a87abac361}", luid);
    snprintf(adapter->functional_device->link, sizeof adapter->functional_device->link, "%s", adapter->interface);
    kernel_lock();
    adapter->next = adapters;
    adapters = adapter;
    kernel_unlock();
    return adapter;
}
