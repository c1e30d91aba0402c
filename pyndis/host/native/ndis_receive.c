/* Receives: what the driver indicates, how the stack keeps it and gives it back. */
#include "ndis.h"
#include "locks.h"

enum { MEDIUM_802_3 = 0, MEDIUM_IP = 19, ETHERNET_HEADER = 14, CHAIN_LIMIT = 1 << 20 };

static void *info(const NET_BUFFER_LIST *nbl, unsigned index)
{
    return ((void **)nbl->NetBufferListInfo)[index];
}

static bool nb_check(const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb)
{
    MDL *mdl = nb->CurrentMdl;
    uint64_t bytes = 0;
    if (mdl && nb->CurrentMdlOffset >= mdl->ByteCount && nb->DataLength) {
        violation("NetBufferData", nbl, "CurrentMdlOffset %u lies beyond the current MDL's %u bytes", nb->CurrentMdlOffset, mdl->ByteCount);
        return false;
    }
    for (; mdl; mdl = mdl->Next) {
        if (!mdl_is_nonpaged(mdl))
            violation("NonPagedMdl", nbl, "an MDL of an indicated NBL describes neither nonpaged pool nor locked pages");
        bytes += mdl->ByteCount;
    }
    if (bytes >= (uint64_t)nb->CurrentMdlOffset + nb->DataLength)
        return true;
    violation("NetBufferData", nbl, "a NET_BUFFER says %u bytes; its MDLs hold %llu from its start on", nb->DataLength, (unsigned long long)(bytes - nb->CurrentMdlOffset));
    return false;
}

static void protocol_check(const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb)
{
    uint8_t first = 0;
    if (nb->CurrentMdl && mdl_is_hostile(nb->CurrentMdl))
        return; /* the client has changed the packet since the driver looked */
    nb_copy(nb, 0, 1, &first);
    unsigned version = first >> 4, frame = __builtin_bswap16((uint16_t)(uintptr_t)info(nbl, NetBufferListFrameType));
    uint32_t flag = version == 4 ? NDIS_NBL_FLAGS_IS_IPV4 : version == 6 ? NDIS_NBL_FLAGS_IS_IPV6 : 0;
    unsigned wanted = version == 4 ? 0x0800 : 0x86DD;
    if (!flag)
        violation("NblProtocol", nbl, "a packet that starts with 0x%02x is neither IPv4 nor IPv6", first);
    else if ((nbl->NblFlags & (NDIS_NBL_FLAGS_IS_IPV4 | NDIS_NBL_FLAGS_IS_IPV6)) != flag || frame != wanted)
        violation("NblProtocol", nbl, "an IPv%u packet is indicated with the NBL flags 0x%x and frame type 0x%04x", version, nbl->NblFlags, frame);
}

/* The MTU says nothing of a frame's header. */
static void length_check(const struct adapter *adapter, const NET_BUFFER_LIST *nbl, uint32_t length)
{
    uint32_t header = adapter->media == MEDIUM_802_3 ? ETHERNET_HEADER : 0;
    if (length < header)
        violation("NblLength", nbl, "a frame of %u bytes is indicated; its header alone has %u", length, header);
    if (adapter->mtu && length > adapter->mtu + header)
        violation("NblLength", nbl, "a packet of %u bytes is indicated; the MTU is %u", length - header, adapter->mtu);
}

static bool nbl_check(struct adapter *adapter, NET_BUFFER_LIST *nbl)
{
    struct block *block = block_at(nbl, BLOCK_NBL);
    if (!block || block->hosts) {
        violation("IndicateInvalid", nbl, "an NBL is indicated that is %s", block ? "not the driver's" : "freed, or none at all");
        return false;
    }
    if (atomic_load(&block->lent) > 0) {
        violation("IndicateWhileLent", nbl, "an NBL is indicated that is still out with the stack");
        return false;
    }
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    if (nbl->SourceHandle != adapter->handle)
        violation("NblSourceHandle", nbl, "the NBL's SourceHandle is %p; wanted the adapter's handle %p", nbl->SourceHandle, adapter->handle);
    if (nbl->Status != 0)
        violation("NblStatus", nbl, "an NBL is indicated with the status 0x%08x", (uint32_t)nbl->Status);
    if (!nb || nb->Next)
        violation("NblNetBuffers", nbl, "an indicated NBL holds %s NET_BUFFER: exactly one is wanted", nb ? "more than one" : "no");
    for (; nb; nb = nb->Next) {
        if (!nb_check(nbl, nb))
            return false;
        if (adapter->media == MEDIUM_IP && settings.verifier)
            protocol_check(nbl, nb);
        length_check(adapter, nbl, nb->DataLength);
    }
    return true;
}

static bool state_check(struct adapter *adapter, const void *chain)
{
    int life = atomic_load(&adapter->life);
    bool fine = life == LIFE_RUNNING || life == LIFE_RESTARTING || (life == LIFE_PAUSING && self->epoch < adapter->pause_epoch);
    if (!fine)
        violation("IndicateInWrongState", chain, "a receive is indicated while the adapter is %s", life_names[life]);
    return life != LIFE_HALTED;
}

static void lend(NET_BUFFER_LIST *nbl, int by)
{
    atomic_fetch_add(&block_find(nbl)->lent, by);
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = nb->Next)
        mdl_lend(nb->MdlChain, by);
}

static void received_event(struct adapter *adapter, NET_BUFFER_LIST *nbl, uint32_t flags, uint64_t call, bool held)
{
    struct text header = {0}, data = {0};
    text_add(&header, " adapter=%llu nbl=%llu call=%llu frame=0x%x nbl_flags=0x%x flags=0x%x irql=%u held=%d lengths=", (unsigned long long)adapter->id,
             (unsigned long long)block_find(nbl)->number, (unsigned long long)call, __builtin_bswap16((uint16_t)(uintptr_t)info(nbl, NetBufferListFrameType)), nbl->NblFlags, flags,
             self->irql, held);
    const char *comma = "";
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = nb->Next, comma = ",") {
        uint8_t *copy = malloc(nb->DataLength + 1u);
        size_t size = nb_copy(nb, 0, nb->DataLength, copy);
        text_raw(&data, copy, size);
        text_add(&header, "%s%u", comma, nb->DataLength);
        free(copy);
    }
    event_send("received", &header, data.bytes, data.length);
    text_free(&header);
    text_free(&data);
}

/* The stack is done with it: ownership goes back. */
void nbl_returned(struct adapter *adapter, NET_BUFFER_LIST *nbl)
{
    lend(nbl, -1);
    atomic_fetch_sub(&adapter->lent, 1);
}

void return_call(struct adapter *adapter, NET_BUFFER_LIST *chain, bool dispatch)
{
    return_fn *handler = miniport.entry.ReturnNetBufferListsHandler;
    CALL_DRIVER("MiniportReturnNetBufferLists", dispatch ? DISPATCH : self->irql, chain, handler(adapter->context, chain, dispatch ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0));
}

struct later {
    struct adapter *adapter;
    NET_BUFFER_LIST *chain;
};

static void chain_give_back(struct adapter *adapter, NET_BUFFER_LIST *chain)
{
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
        nbl_returned(adapter, nbl);
    return_call(adapter, chain, self->irql == DISPATCH);
}

static void return_later(void *argument)
{
    struct later *later = argument;
    struct text header = {0};
    const char *comma = " nbls=";
    text_add(&header, " adapter=%llu", (unsigned long long)later->adapter->id);
    for (NET_BUFFER_LIST *nbl = later->chain; nbl; nbl = nbl->Next, comma = ",")
        text_add(&header, "%s%llu", comma, (unsigned long long)block_find(nbl)->number);
    chain_give_back(later->adapter, later->chain);
    event_send("returned", &header, NULL, 0);
    text_free(&header);
    free(later);
}

/* Who hears of it may ask for it at once: it is there before the event is out, and nobody takes it before that. */
static void hold(struct adapter *adapter, NET_BUFFER_LIST *nbl, uint32_t flags, uint64_t call)
{
    pthread_mutex_lock(&adapter->lock);
    nbl->Next = NULL;
    if (adapter->held_count == adapter->held_capacity) {
        adapter->held_capacity = adapter->held_capacity * 2 + 64;
        adapter->held = realloc(adapter->held, adapter->held_capacity * sizeof *adapter->held);
    }
    adapter->held[adapter->held_count++] = nbl;
    received_event(adapter, nbl, flags, call, true);
    pthread_mutex_unlock(&adapter->lock);
}

static uint32_t chain_check(struct adapter *adapter, NET_BUFFER_LIST *chain, uint32_t flags)
{
    uint32_t count = 0;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next) {
        if (++count > CHAIN_LIMIT || !nbl_check(adapter, nbl)) {
            if (count > CHAIN_LIMIT)
                violation("NblChain", chain, "the indicated chain has no end");
            return 0;
        }
        if (!(flags & NDIS_RECEIVE_FLAGS_RESOURCES)) {
            lend(nbl, 1);
            atomic_fetch_add(&adapter->lent, 1);
        }
    }
    return count;
}

static void deliver(struct adapter *adapter, NET_BUFFER_LIST *chain, uint32_t flags)
{
    bool resources = flags & NDIS_RECEIVE_FLAGS_RESOURCES, held = adapter->returns == RETURNS_HELD && !resources;
    pthread_mutex_lock(&adapter->lock);
    uint64_t call = ++adapter->calls;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
        block_find(nbl)->number = ++adapter->indicated;
    pthread_mutex_unlock(&adapter->lock);
    for (NET_BUFFER_LIST *nbl = chain, *next; nbl; nbl = next) {
        next = nbl->Next;
        if (held)
            hold(adapter, nbl, flags, call);
        else
            received_event(adapter, nbl, flags, call, false);
    }
    if (resources || held)
        return;
    if (adapter->returns == RETURNS_INLINE) {
        chain_give_back(adapter, chain);
        return;
    }
    struct later *later = malloc(sizeof *later);
    *later = (struct later){adapter, chain};
    submit("return", return_later, later, (struct job_options){0});
}

EXPORT(void, NdisMIndicateReceiveNetBufferLists, void *handle, NET_BUFFER_LIST *chain, uint32_t port, uint32_t count, uint32_t flags)
{
    ENTER(NdisMIndicateReceiveNetBufferLists, chain);
    struct adapter *adapter = adapter_of(handle, "NdisMIndicateReceiveNetBufferLists");
    locks_free_check("NdisMIndicateReceiveNetBufferLists", chain);
    if (!adapter || !state_check(adapter, chain))
        return;
    if (!adapter->packet_filter && !adapter->filter_noted) {
        adapter->filter_noted = true;
        note("PacketFilter", chain, "a receive is indicated while the packet filter is 0");
    }
    if (port)
        violation("PortNumber", chain, "a receive is indicated on port %u, which was not made", port);
    if ((flags & NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL) && self->irql != DISPATCH)
        violation("Irql_SendRcv_Function", chain, "an indication says DISPATCH_LEVEL at IRQL %u", self->irql);
    atomic_fetch_add(&adapter->indicating, 1);
    uint32_t found = chain_check(adapter, chain, flags);
    if (found != count)
        violation("NblChain", chain, "NumberOfNetBufferLists is %u; the chain has %u", count, found);
    if (found && adapter->run) {
        run_receive(adapter->run, chain);
        if (!(flags & NDIS_RECEIVE_FLAGS_RESOURCES))
            chain_give_back(adapter, chain);
    } else if (found)
        deliver(adapter, chain, flags);
    atomic_fetch_sub(&adapter->indicating, 1);
}

/* ---- commands ---- */

COMMAND("returns", command_returns, ALWAYS)
{
    struct adapter *adapter = adapter_wanted(command);
    const char *mode = argument(command, "mode");
    if (!adapter)
        return;
    if (mode && !strcmp(mode, "inline"))
        adapter->returns = RETURNS_INLINE;
    else if (mode && !strcmp(mode, "thread"))
        adapter->returns = RETURNS_THREAD;
    else if (mode && !strcmp(mode, "held"))
        adapter->returns = RETURNS_HELD;
    else
        reply_error(command, "usage", "mode is inline, thread or held");
}

/* The place of the first of these numbers that no held NBL has; `count` if all have. Under the adapter's lock. */
static size_t unknown_at(const struct adapter *adapter, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < adapter->held_count && block_find(adapter->held[at])->number != numbers[i])
            at++;
        if (at == adapter->held_count)
            return i;
    }
    return count;
}

static NET_BUFFER_LIST *held_take(struct adapter *adapter, uint64_t number)
{
    NET_BUFFER_LIST *found = NULL;
    for (size_t i = 0; i < adapter->held_count && !found; i++) {
        if (number && block_find(adapter->held[i])->number != number)
            continue;
        found = adapter->held[i];
        memmove(&adapter->held[i], &adapter->held[i + 1], (adapter->held_count - i - 1) * sizeof found);
        adapter->held_count--;
    }
    return found;
}

/* The held NBLs to give back, in order, as a chain; all of those asked for or, with an error, none. */
static NET_BUFFER_LIST *held_chain(struct command *command, struct adapter *adapter, uint32_t *count)
{
    const char *all = argument(command, "all"), *listed = argument(command, "nbls");
    size_t room = listed ? strlen(listed) / 2 + 1 : 0, asked = 0;
    uint64_t *numbers = calloc(room + 1, sizeof *numbers);
    NET_BUFFER_LIST *first = NULL, *last = NULL;
    argument_list(command, "nbls", numbers, room, &asked);
    pthread_mutex_lock(&adapter->lock);
    size_t unknown = all ? asked : unknown_at(adapter, numbers, asked);
    if (unknown < asked)
        reply_error(command, "usage", "the stack does not hold the NBL %llu", (unsigned long long)numbers[unknown]);
    for (size_t i = 0; unknown == asked && (all ? adapter->held_count > 0 : i < asked); i++) {
        NET_BUFFER_LIST *nbl = held_take(adapter, all ? 0 : numbers[i]);
        if (!nbl)
            continue;
        ++*count;
        if (all && !strcmp(all, "reverse")) {
            nbl->Next = first;
            first = nbl;
            continue;
        }
        nbl->Next = NULL;
        if (last)
            last->Next = nbl;
        else
            first = nbl;
        last = nbl;
    }
    pthread_mutex_unlock(&adapter->lock);
    free(numbers);
    return first;
}

COMMAND("return", command_return, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    uint32_t count = 0, status = (uint32_t)argument_number(command, "status", 0);
    bool dispatch = argument_number(command, "dispatch", 0), chained = argument_number(command, "chained", 1);
    NET_BUFFER_LIST *chain = adapter ? held_chain(command, adapter, &count) : NULL;
    if (!adapter)
        return;
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next) {
        nbl->Status = (int32_t)status;
        nbl_returned(adapter, nbl);
    }
    while (chain) {
        NET_BUFFER_LIST *next = chained ? NULL : chain->Next;
        if (!chained)
            chain->Next = NULL;
        if (!next)
            adapter_leave(command); /* the driver may give its last reference back, and NDIS does not wait for the handler then */
        return_call(adapter, chain, dispatch);
        chain = next;
    }
    reply_format(command, "returned=%u", count);
}
