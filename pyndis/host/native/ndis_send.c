/* Sends: chains built by the stack, given to the driver, and taken back. */
#include "contracts.h"
#include "hold.h"
#include "locks.h"

enum { TICKS_PER_SECOND = 10000000 };
static const uint64_t SEND_LIMIT = 30ull * TICKS_PER_SECOND; /* NdisTimedDataSend */
static const uint64_t HANG_LIMIT = 22ull * TICKS_PER_SECOND; /* NdisTimedDataHang */

static bool status_valid(uint32_t status)
{
    static const uint32_t valid[] = {NDIS_STATUS_SUCCESS, NDIS_STATUS_INVALID_LENGTH, NDIS_STATUS_RESOURCES, NDIS_STATUS_PAUSED, NDIS_STATUS_SEND_ABORTED, NDIS_STATUS_RESET_IN_PROGRESS,
                                     NDIS_STATUS_LOW_POWER_STATE, NDIS_STATUS_NOT_ACCEPTED, NDIS_STATUS_FAILURE, NDIS_STATUS_MEDIA_DISCONNECTED, NDIS_STATUS_BUFFER_OVERFLOW,
                                     NDIS_STATUS_REQUEST_ABORTED, NDIS_STATUS_ADAPTER_NOT_READY, NDIS_STATUS_INVALID_PACKET};
    for (size_t i = 0; i < COUNT(valid); i++)
        if (valid[i] == status)
            return true;
    return false;
}

static void watch_fire(struct timer *timer)
{
    struct adapter *adapter = (struct adapter *)((char *)timer - offsetof(struct adapter, send_watch));
    struct send_nbl *late = NULL;
    pthread_mutex_lock(&adapter->lock);
    for (struct send_nbl *send = adapter->outstanding; send; send = send->next)
        if (clock_ticks() - send->sent >= SEND_LIMIT)
            late = send;
    bool more = adapter->outstanding != NULL;
    pthread_mutex_unlock(&adapter->lock);
    if (late)
        violation("NdisTimedDataSend", adapter->handle, "NBL %u of the send chain %llu is not completed after 30 seconds", late->index, (unsigned long long)late->chain);
    else if (more)
        timer_arm_locked(timer, clock_ticks() + SEND_LIMIT / 30);
}

static void hang_fire(struct timer *timer)
{
    struct adapter *adapter = (struct adapter *)((char *)timer - offsetof(struct adapter, hang_watch));
    pthread_mutex_lock(&adapter->lock);
    uint64_t since = adapter->progress;
    bool any = adapter->outstanding != NULL;
    pthread_mutex_unlock(&adapter->lock);
    if (any && atomic_load(&holds_standing)) /* a thread of the driver may not go on: that is no fault of its */
        timer_arm_locked(timer, clock_ticks() + HANG_LIMIT);
    else if (any && clock_ticks() - since >= HANG_LIMIT)
        violation("NdisTimedDataHang", adapter->handle, "sends are pending, and none has been completed for 22 seconds");
    else if (any)
        timer_arm_locked(timer, since + HANG_LIMIT);
}

static void watch_locked(struct timer *timer, void (*fire)(struct timer *timer), uint64_t due)
{
    if (timer->armed)
        return;
    timer->fire = fire;
    timer->hosts = true;
    timer_arm_locked(timer, due);
}

/* The count has reached or left zero: the event follows what it is now. */
static void idle_update(struct adapter *adapter)
{
    kernel_lock();
    if (atomic_load(&adapter->sends))
        adapter->sends_idle.SignalState = 0;
    else
        object_signal_locked(&adapter->sends_idle);
    kernel_unlock();
}

void send_register(struct send_nbl *send)
{
    struct adapter *adapter = send->adapter;
    send->out = true;
    send_contract_begin(send);
    if (atomic_fetch_add(&adapter->sends, 1) == 0)
        idle_update(adapter);
    if (!settings.verifier)
        return;
    pthread_mutex_lock(&adapter->lock);
    send->sent = clock_ticks();
    send->delivered = send->marked = false; /* a run sends the same one again */
    send->previous = NULL;
    send->next = adapter->outstanding;
    if (send->next)
        send->next->previous = send;
    else
        adapter->progress = send->sent;
    adapter->outstanding = send;
    pthread_mutex_unlock(&adapter->lock);
    kernel_lock();
    watch_locked(&adapter->send_watch, watch_fire, send->sent + SEND_LIMIT + 1);
    watch_locked(&adapter->hang_watch, hang_fire, send->sent + HANG_LIMIT);
    kernel_unlock();
}

static void send_unregister(struct send_nbl *send)
{
    struct adapter *adapter = send->adapter;
    send->out = false;
    if (settings.verifier) {
        pthread_mutex_lock(&adapter->lock);
        if (send->previous)
            send->previous->next = send->next;
        else
            adapter->outstanding = send->next;
        if (send->next)
            send->next->previous = send->previous;
        adapter->progress = clock_ticks();
        bool none = !adapter->outstanding;
        pthread_mutex_unlock(&adapter->lock);
        if (none) {
            kernel_lock();
            timer_cancel_locked(&adapter->send_watch);
            timer_cancel_locked(&adapter->hang_watch);
            kernel_unlock();
        }
    }
    if (atomic_fetch_sub(&adapter->sends, 1) == 1)
        idle_update(adapter);
}

void sends_mark(struct adapter *adapter)
{
    pthread_mutex_lock(&adapter->lock);
    for (struct send_nbl *send = adapter->outstanding; send; send = send->next)
        send->marked = send->delivered;
    pthread_mutex_unlock(&adapter->lock);
}

int sends_marked(struct adapter *adapter)
{
    int count = 0;
    pthread_mutex_lock(&adapter->lock);
    for (struct send_nbl *send = adapter->outstanding; send; send = send->next)
        count += send->marked;
    pthread_mutex_unlock(&adapter->lock);
    return count;
}

/* The send handler has returned: what is left of its chain is the driver's for certain. */
static void delivered(struct adapter *adapter, uint64_t call)
{
    pthread_mutex_lock(&adapter->lock);
    for (struct send_nbl *send = adapter->outstanding; send; send = send->next)
        send->delivered |= send->call == call;
    pthread_mutex_unlock(&adapter->lock);
}

/* ---- building a chain from the client's description ---- */

struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static uint64_t take(struct reader *reader, size_t size)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < size) {
        reader->bad = true;
        return 0;
    }
    memcpy(&value, reader->at, size);
    reader->at += size;
    return value;
}

static MDL *data_mdl(uint32_t length, bool unmappable, uint8_t **bytes)
{
    if (unmappable) {
        struct memory *memory = memory_new(length, 0);
        memory->unmappable = true;
        *bytes = memory_bytes(memory);
        return mdl_for_memory(memory, 0, length, false);
    }
    struct block *data = block_new(BLOCK_POOL, length, false), *block = mdl_new(data->address, length);
    MDL *mdl = block_memory(block);
    data->hosts = block->hosts = true;
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    *bytes = mdl->MappedSystemVa = block_memory(data);
    return mdl;
}

NET_BUFFER *nb_new(void *pool, MDL *mdl, uint32_t offset, size_t length);

static void scatter(uint8_t *const *pieces, const uint32_t *sizes, uint32_t count, uint32_t offset, const uint8_t *data, uint32_t length)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < count && done < length; i++) {
        if (offset >= sizes[i]) {
            offset -= sizes[i];
            continue;
        }
        uint32_t part = sizes[i] - offset < length - done ? sizes[i] - offset : length - done;
        memcpy(pieces[i] + offset, data + done, part);
        done += part;
        offset = 0;
    }
}

static NET_BUFFER *nb_read(struct reader *reader)
{
    enum { PIECES = 256 };
    uint32_t length = (uint32_t)take(reader, 4), offset = (uint32_t)take(reader, 4), options = (uint32_t)take(reader, 4), count = (uint32_t)take(reader, 4);
    uint32_t sizes[PIECES] = {offset + length};
    uint8_t *pieces[PIECES];
    if (count > PIECES || offset > 1u << 24)
        reader->bad = true;
    uint64_t total = count ? 0 : sizes[0];
    for (uint32_t i = 0; i < count && !reader->bad; i++)
        total += sizes[i] = (uint32_t)take(reader, 4);
    if (reader->bad || total < (uint64_t)offset + length || (size_t)(reader->end - reader->at) < length || total > 1u << 26) {
        reader->bad = true;
        return NULL;
    }
    MDL *first = NULL, *last = NULL;
    count = count ? count : 1;
    for (uint32_t i = 0; i < count; i++) {
        MDL *mdl = data_mdl(sizes[i], options & 1, &pieces[i]);
        if (last)
            last->Next = mdl;
        else
            first = mdl;
        last = mdl;
    }
    scatter(pieces, sizes, count, offset, reader->at, length);
    reader->at += length;
    NET_BUFFER *nb = nb_new(NULL, first, offset, length);
    block_find(nb)->hosts = true;
    return nb;
}

static void mdl_chain_free(MDL *mdl)
{
    while (mdl) {
        MDL *next = mdl->Next;
        struct block *block = block_find(mdl);
        if (block->record) {
            struct memory *memory = block->record;
            mdl_end(mdl);
            memory_release(memory);
        } else {
            struct block *data = block_find(mdl->MappedSystemVa);
            block_free(block);
            block_free(data);
        }
        mdl = next;
    }
}

static void nbl_free(NET_BUFFER_LIST *nbl)
{
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    while (nb) {
        NET_BUFFER *next = nb->Next;
        mdl_chain_free(nb->MdlChain);
        block_free(block_find(nb));
        nb = next;
    }
    block_free(block_find(nbl));
}

static NET_BUFFER_LIST *nbl_read(struct reader *reader, struct adapter *adapter, uint64_t chain, uint32_t index, uint64_t cancel)
{
    uint32_t flags = (uint32_t)take(reader, 4);
    uint64_t own_cancel = take(reader, 8);
    uint32_t count = (uint32_t)take(reader, 4);
    NET_BUFFER_LIST *nbl = nbl_new(NULL, 0);
    struct block *block = block_find(nbl);
    NET_BUFFER *last = NULL;
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        NET_BUFFER *nb = nb_read(reader);
        if (!nb)
            break;
        if (last)
            last->Next = nb;
        else
            nbl->FirstNetBuffer = nb;
        last = nb;
    }
    struct send_nbl *send = calloc(1, sizeof *send);
    *send = (struct send_nbl){.adapter = adapter, .chain = chain, .index = index, .first = nbl->FirstNetBuffer};
    block->hosts = true;
    block->record = send;
    nbl->NblFlags = flags;
    cancel = own_cancel ? own_cancel : cancel;
    memcpy((void **)nbl->NetBufferListInfo + NetBufferListCancelId, &cancel, sizeof(void *));
    return nbl;
}

void send_call(struct adapter *adapter, NET_BUFFER_LIST *chain, uint32_t flags, bool dispatch)
{
    send_fn *handler = miniport.entry.SendNetBufferListsHandler;
    CALL_DRIVER("MiniportSendNetBufferLists", dispatch ? DISPATCH : self->irql, chain, handler(adapter->context, chain, 0, flags | (dispatch ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0)));
}

COMMAND("send", command_send, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    if (!adapter)
        return;
    struct reader reader = {command->payload, command->payload + command->payload_size, false};
    uint32_t count = (uint32_t)take(&reader, 4);
    NET_BUFFER_LIST *first = NULL, *last = NULL;
    for (uint32_t i = 0; i < count && !reader.bad; i++) {
        NET_BUFFER_LIST *nbl = nbl_read(&reader, adapter, argument_number(command, "chain", 0), i, argument_number(command, "cancel", 0));
        if (last)
            last->Next = nbl;
        else
            first = nbl;
        last = nbl;
    }
    if (reader.bad || !first) {
        while (first) {
            NET_BUFFER_LIST *next = first->Next;
            nbl_free(first);
            first = next;
        }
        reply_error(command, "usage", "the description of the send chain is malformed");
        return;
    }
    for (NET_BUFFER_LIST *nbl = first; nbl; nbl = nbl->Next) {
        struct send_nbl *send = block_find(nbl)->record;
        send->call = command->id;
        send_register(send);
    }
    send_call(adapter, first, (uint32_t)argument_number(command, "flags", 0), argument_number(command, "dispatch", 0));
    delivered(adapter, command->id);
}

COMMAND("cancel-send", command_cancel_send, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    cancel_fn *handler = miniport.entry.CancelSendHandler;
    void *id = (void *)(uintptr_t)argument_number(command, "cancel", 0);
    if (adapter)
        CALL_DRIVER("MiniportCancelSend", argument_number(command, "dispatch", 0) ? DISPATCH : PASSIVE, adapter->handle, handler(adapter->context, id));
}

/* ---- completion ---- */

static bool completed_check(struct adapter *adapter, NET_BUFFER_LIST *nbl)
{
    struct block *block = block_find(nbl);
    if (!block || block->kind != BLOCK_NBL || block->address != (uintptr_t)nbl) {
        violation("NdisMSendNetBufferListsComplete", nbl, "NdisMSendNetBufferListsComplete(%p): this is no NBL", (void *)nbl);
        return false;
    }
    if (!block->live) {
        violation("NdisMSendNetBufferListsComplete", nbl, "an NBL is completed a second time");
        return false;
    }
    struct send_nbl *send = block->hosts ? block->record : NULL;
    if (!send || send->adapter != adapter) {
        violation("NdisMSendNetBufferListsComplete", nbl, "an NBL is completed that the stack did not send to this adapter");
        return false;
    }
    if (!send->out) {
        violation("NdisMSendNetBufferListsComplete", nbl, "an NBL is completed that the driver does not have");
        return false;
    }
    if (!status_valid((uint32_t)nbl->Status))
        violation("SendCompleteStatus", nbl, "an NBL is completed with the status 0x%08x, which no send may have", (uint32_t)nbl->Status);
    if (nbl->FirstNetBuffer != send->first)
        violation("SendCompleteNetBuffers", nbl, "an NBL is completed with another list of NET_BUFFERs than it was sent with");
    send_contract_check(send, nbl);
    return true;
}

static void sent_event(struct adapter *adapter, const struct send_nbl *send, uint32_t status, uint32_t flags)
{
    struct text header = {0};
    pthread_mutex_lock(&adapter->lock);
    uint64_t order = ++adapter->completions;
    pthread_mutex_unlock(&adapter->lock);
    text_add(&header, " adapter=%llu chain=%llu nbl=%u status=0x%08x flags=0x%x irql=%u order=%llu", (unsigned long long)adapter->id, (unsigned long long)send->chain, send->index, status,
             flags, self->irql, (unsigned long long)order);
    event_send("sent", &header, NULL, 0);
    text_free(&header);
}

EXPORT(void, NdisMSendNetBufferListsComplete, void *handle, NET_BUFFER_LIST *chain, uint32_t flags)
{
    ENTER(NdisMSendNetBufferListsComplete, chain);
    struct adapter *adapter = adapter_of(handle, "NdisMSendNetBufferListsComplete");
    locks_free_check("NdisMSendNetBufferListsComplete", chain);
    if ((flags & NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL) && self->irql != DISPATCH)
        violation("Irql_SendRcv_Function", chain, "a completion says DISPATCH_LEVEL at IRQL %u", self->irql);
    while (adapter && chain) {
        if (!completed_check(adapter, chain))
            return;
        NET_BUFFER_LIST *next = chain->Next;
        struct send_nbl *send = block_find(chain)->record;
        send_unregister(send);
        if (send->finished) {
            send->finished(send, chain);
        } else {
            sent_event(adapter, send, (uint32_t)chain->Status, flags);
            block_find(chain)->record = NULL;
            nbl_free(chain);
            free(send);
        }
        chain = next;
    }
}
