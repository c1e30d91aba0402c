/* The client's commands on adapters. */
#include "ndis.h"

struct adapter *adapter_new(uint64_t id, uint32_t luid, uint32_t iftype, const void *configuration, size_t size);
bool adapter_enter(struct command *command, struct adapter *adapter, bool halted_too);
void adapter_pnp_event(struct adapter *adapter, uint32_t event);
void devices_list(struct text *paths);
void adapter_shutdown(struct adapter *adapter, bool bugcheck_);
status_t target_notify(struct adapter *adapter, const char *event, int *callbacks);

static uint32_t set_u32(struct adapter *adapter, uint32_t oid, uint32_t value)
{
    return oid_request(adapter, NdisRequestSetInformation, oid, &value, 4, 0, 0, false).status;
}

/* What the protocols above do when they bind: they set the lookahead and the packet filter. */
static void bind(struct adapter *adapter)
{
    set_u32(adapter, OID_GEN_CURRENT_LOOKAHEAD, 128);
    set_u32(adapter, OID_GEN_CURRENT_PACKET_FILTER, adapter->filters & (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST | NDIS_PACKET_TYPE_BROADCAST));
}

COMMAND("add-adapter", command_add_adapter, NEEDS_DRIVER)
{
    uint64_t id = argument_number(command, "adapter", 0);
    if (!miniport.registered) {
        reply_error(command, "state", "the driver has no registered miniport");
        return;
    }
    struct adapter *adapter = adapter_find(id);
    if (!id || (adapter && adapter->initialized)) {
        reply_error(command, "usage", "adapter=%llu is missing or in use", (unsigned long long)id);
        return;
    }
    if (!adapter)
        adapter = adapter_new(id, (uint32_t)argument_number(command, "luid", 7), (uint32_t)argument_number(command, "iftype", 53), command->payload, command->payload_size);
    uint32_t status = adapter_initialize(adapter), restarted = 0;
    if (!status && argument_number(command, "restart", 1)) {
        restarted = adapter_restart(adapter);
        if (!restarted && argument_number(command, "bind", 1))
            bind(adapter);
    }
    struct text keys = {0}, devices = {0};
    text_add(&keys, " status=0x%08x restart_status=0x%08x mtu=%u media=%u physical=%u iftype=%u flags=0x%x", status, restarted, adapter->mtu, adapter->media, adapter->physical,
             adapter->if_type, adapter->flags);
    text_value(&keys, "interface", adapter->interface);
    devices_list(&devices);
    text_value(&keys, "devices", devices.bytes ? devices.bytes : "");
    text_free(&devices);
    reply_ok(command, &keys, NULL, 0);
    text_free(&keys);
}

static struct adapter *adapter_in(struct command *command, int life, const char *wanted)
{
    struct adapter *adapter = adapter_serialised(command);
    if (adapter && atomic_load(&adapter->life) != life) {
        reply_error(command, "state", "the adapter is %s; %s wants it %s", life_names[atomic_load(&adapter->life)], command->word, wanted);
        return NULL;
    }
    return adapter;
}

COMMAND("pause", command_pause, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_in(command, LIFE_RUNNING, "running");
    if (adapter)
        reply_format(command, "status=0x%08x", adapter_pause(adapter, (uint32_t)argument_number(command, "reason", 0), argument_number(command, "wait_sends", 0)));
}

COMMAND("restart", command_restart, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_in(command, LIFE_PAUSED, "paused");
    if (adapter)
        reply_format(command, "status=0x%08x", adapter_restart(adapter));
}

static uint32_t set_power(struct adapter *adapter, int state)
{
    return set_u32(adapter, OID_PNP_SET_POWER, (uint32_t)state + 1);
}

static uint32_t power_down(struct adapter *adapter, int state, bool pauses, bool halts)
{
    uint32_t wanted = (uint32_t)state + 1;
    bool running = atomic_load(&adapter->life) == LIFE_RUNNING;
    if (!halts) {
        struct oid_answer answer = oid_request(adapter, NdisRequestQueryInformation, OID_PNP_QUERY_POWER, &wanted, 4, 4, 0, false);
        if (answer.status)
            violation("NdisOidComplete", adapter->handle, "OID_PNP_QUERY_POWER was answered with 0x%08x; it must succeed", answer.status);
    }
    if (running && (pauses || halts))
        adapter_pause(adapter, NDIS_PAUSE_LOW_POWER, false);
    if (halts) {
        adapter_halt(adapter, NdisHaltDevicePoweredDown);
        return 0;
    }
    uint32_t status = set_power(adapter, state);
    adapter->power = state;
    return status;
}

COMMAND("power", command_power, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_find(argument_number(command, "adapter", 0));
    int state = (int)argument_number(command, "state", 0);
    const char *order = argument(command, "order");
    if (!adapter || state < 0 || state > 3) {
        reply_error(command, "usage", "power wants an adapter and a state 0 to 3");
        return;
    }
    bool halts = !(adapter->flags & NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND);
    bool pauses = order ? !strcmp(order, "pause") : !(adapter->flags & NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND) || miniport.version < 0x061E;
    wait_for(&adapter->pnp_free, "another PnP operation of the adapter goes on");
    if (!adapter_enter(command, adapter, halts && state == 0)) {
        object_signal(&adapter->pnp_free);
        return;
    }
    command->serialised = true;
    uint32_t status;
    if (state) {
        status = power_down(adapter, state, pauses, halts);
    } else if (!adapter->initialized) {
        status = adapter_initialize(adapter);
        status = status ? status : adapter_restart(adapter);
    } else {
        status = set_power(adapter, 0);
        adapter->power = 0;
        if (atomic_load(&adapter->life) == LIFE_PAUSED && !(order && !strcmp(order, "nopause")))
            adapter_restart(adapter);
    }
    reply_format(command, "status=0x%08x", status);
}

COMMAND("pnp", command_pnp, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    const char *event = argument(command, "event");
    int callbacks = 1;
    status_t status = 0;
    if (!adapter)
        return;
    if (event && !strcmp(event, "surprise_removed"))
        adapter_pnp_event(adapter, NdisDevicePnPEventSurpriseRemoved);
    else if (event && !strcmp(event, "power_profile"))
        adapter_pnp_event(adapter, NdisDevicePnPEventPowerProfileChanged);
    else if (event && (!strcmp(event, "query_remove") || !strcmp(event, "remove_cancelled") || !strcmp(event, "remove_complete")))
        status = target_notify(adapter, event, &callbacks);
    else {
        reply_error(command, "usage", "unknown event %s", event ? event : "(none)");
        return;
    }
    reply_format(command, "callbacks=%d status=0x%08x", callbacks, (uint32_t)status);
}

static void halt_whole(struct adapter *adapter, uint32_t action, bool pause, bool wait_sends)
{
    if (pause && atomic_load(&adapter->life) == LIFE_RUNNING)
        adapter_pause(adapter, 0, wait_sends);
    adapter_halt(adapter, action);
}

COMMAND("surprise-remove", command_surprise_remove, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_serialised(command);
    if (!adapter)
        return;
    adapter_pnp_event(adapter, NdisDevicePnPEventSurpriseRemoved);
    halt_whole(adapter, NdisHaltDeviceSurpriseRemoved, true, argument_number(command, "wait_sends", 0));
}

COMMAND("halt", command_halt, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_serialised(command);
    if (!adapter)
        return;
    if (atomic_load(&adapter->life) == LIFE_SHUTDOWN) {
        reply_error(command, "state", "the adapter is shut down: no callback follows");
        return;
    }
    halt_whole(adapter, (uint32_t)argument_number(command, "action", 0), argument_number(command, "pause", 1), argument_number(command, "wait_sends", 0));
}

COMMAND("shutdown", command_shutdown, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    if (adapter)
        adapter_shutdown(adapter, argument_number(command, "bugcheck", 0));
}

COMMAND("link", command_link, ALWAYS)
{
    struct adapter *adapter = adapter_find(argument_number(command, "adapter", 0));
    static const char *const states[] = {"unknown", "connected", "disconnected"};
    if (adapter)
        reply_format(command, "state=%s sends=%d lent=%d life=%s power=%d", states[adapter->link % 3], adapter->sends, adapter->lent, life_names[adapter->life], adapter->power);
    else
        reply_error(command, "usage", "no such adapter");
}
