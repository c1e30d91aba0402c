/* OID requests and status indications. */
#include "contracts.h"
#include "locks.h"

struct oid {
    struct adapter *adapter;
    struct block *block, *buffer;
    struct operation operation;
    bool direct, answered, reported; /* answered: by what its handler returned */
    uint64_t request_id;
    uint32_t oid;
    struct timer watch; /* NdisTimedOidComplete */
    struct oid *next;
};
static struct oid *open_oids; /* under the kernel lock */
enum { FILL = 0xA5 };
static const uint64_t OID_LIMIT = 12ull * 10000000;

/* OIDs that take something away: they succeed, unless the adapter is going. */
static bool delete_family(uint32_t oid)
{
    static const uint32_t family[] = {OID_RECEIVE_FILTER_CLEAR_FILTER, OID_RECEIVE_FILTER_FREE_QUEUE, OID_PM_REMOVE_WOL_PATTERN, OID_PM_REMOVE_PROTOCOL_OFFLOAD,
                                      OID_802_3_DELETE_MULTICAST_ADDRESS, OID_NIC_SWITCH_FREE_VF, OID_NIC_SWITCH_DELETE_SWITCH, OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA};
    for (size_t i = 0; i < COUNT(family); i++)
        if (family[i] == oid)
            return true;
    return false;
}

static void status_check(uint32_t oid, uint32_t status, const void *request)
{
    bool fine = status != NDIS_STATUS_PENDING;
    if (oid == OID_PNP_SET_POWER)
        fine = status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_NOT_ACCEPTED;
    else if (oid == OID_PNP_QUERY_POWER)
        fine = status == NDIS_STATUS_SUCCESS;
    else if (delete_family(oid))
        fine = status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_NOT_ACCEPTED || status == NDIS_STATUS_REQUEST_ABORTED || status == NDIS_STATUS_NOT_SUPPORTED;
    if (!fine)
        violation("NdisOidComplete", request, "OID 0x%08x ends with the status 0x%08x, which it may not have", oid, status);
}

static struct oid_answer answer_read(const NDIS_OID_REQUEST *request, uint32_t type, uint32_t status)
{
    struct oid_answer answer = {.status = status, .revision = request->SupportedRevision};
    if (type == NdisRequestMethod) {
        answer.written = request->DATA_METHOD_INFORMATION_BytesWritten;
        answer.read = request->DATA_METHOD_INFORMATION_BytesRead;
        answer.needed = request->DATA_METHOD_INFORMATION_BytesNeeded;
    } else if (type == NdisRequestSetInformation) {
        answer.read = request->DATA_SET_INFORMATION_BytesRead;
        answer.needed = request->DATA_SET_INFORMATION_BytesNeeded;
    } else {
        answer.written = request->DATA_QUERY_INFORMATION_BytesWritten;
        answer.needed = request->DATA_QUERY_INFORMATION_BytesNeeded;
    }
    return answer;
}

static void bytes_check(const struct oid_answer *answer, uint32_t oid, const uint8_t *before, const uint8_t *after, uint32_t in, uint32_t out, bool query)
{
    if (answer->written > out || answer->read > in)
        violation("OidBytes", after, "OID 0x%08x reports %u bytes written and %u read; the buffer has %u and %u", oid, answer->written, answer->read, out, in);
    if (!query)
        return;
    for (uint32_t i = answer->status ? 0 : answer->written; i < out; i++) {
        if (before[i] == after[i])
            continue;
        violation("OidBytes", after, "OID 0x%08x changes byte %u of its buffer and reports %u bytes written", oid, i, answer->written);
        return;
    }
    if (answer->status && answer->written)
        violation("OidBytes", after, "OID 0x%08x fails with 0x%08x and reports %u bytes written", oid, answer->status, answer->written);
}

static void watch_fire(struct timer *timer)
{
    struct oid *open = (struct oid *)((char *)timer - offsetof(struct oid, watch));
    violation("NdisTimedOidComplete", block_memory(open->block), "OID 0x%08x is not completed after 12 seconds", open->oid);
}

void oid_describe(struct text *report, const struct block *block)
{
    const struct oid *open = block->live ? block->record : NULL;
    if (open)
        text_add(report, "object OID 0x%08x on adapter %llu\n", open->oid, (unsigned long long)open->adapter->id);
}

static struct oid *oid_open(struct adapter *adapter, uint32_t type, uint32_t oid, const void *data, uint32_t in, uint32_t out, uint64_t id, bool direct)
{
    struct oid *open = calloc(1, sizeof *open);
    uint32_t size = in > out ? in : out;
    bool newer = miniport.version >= 0x0632;
    open->adapter = adapter;
    open->direct = direct;
    open->request_id = id;
    open->block = block_new(BLOCK_OID, sizeof(NDIS_OID_REQUEST), true);
    open->block->record = open;
    open->block->hosts = true;
    open->buffer = block_new(BLOCK_DATA, size, true);
    memcpy(block_memory(open->buffer), data, size);
    NDIS_OID_REQUEST *request = block_memory(open->block);
    *(struct header *)request = (struct header){0x96, newer ? 2 : 1, newer ? NDIS_SIZEOF_OID_REQUEST_REVISION_2 : NDIS_SIZEOF_OID_REQUEST_REVISION_1};
    request->RequestType = type;
    request->RequestId = (void *)(uintptr_t)id;
    request->RequestHandle = adapter->handle;
    request->DATA_QUERY_INFORMATION_Oid = oid; /* the three kinds begin alike: OID, buffer, length */
    request->DATA_QUERY_INFORMATION_InformationBuffer = size ? block_memory(open->buffer) : NULL;
    request->DATA_QUERY_INFORMATION_InformationBufferLength = type == NdisRequestSetInformation || type == NdisRequestMethod ? in : out;
    if (type == NdisRequestMethod)
        request->DATA_METHOD_INFORMATION_OutputBufferLength = out;
    kernel_lock();
    open->oid = oid;
    open->watch.fire = watch_fire;
    open->watch.hosts = true;
    timer_arm_locked(&open->watch, clock_ticks() + OID_LIMIT);
    open->next = open_oids;
    open_oids = open;
    kernel_unlock();
    return open;
}

static void oid_close(struct oid *open)
{
    kernel_lock();
    timer_cancel_locked(&open->watch);
    for (struct oid **at = &open_oids; *at; at = &(*at)->next) {
        if (*at == open) {
            *at = open->next;
            break;
        }
    }
    kernel_unlock();
    open->block->record = NULL;
    open->block->number = open->answered;
    block_free(open->block);
    block_free(open->buffer);
    free(open);
}

struct oid_answer oid_request(struct adapter *adapter, uint32_t type, uint32_t oid, void *buffer, uint32_t in, uint32_t out, uint64_t id, bool direct)
{
    oid_fn *handler = direct ? miniport.entry.DirectOidRequestHandler : miniport.entry.OidRequestHandler;
    uint32_t status, size = in > out ? in : out;
    if (!handler)
        return (struct oid_answer){.status = NDIS_STATUS_NOT_SUPPORTED};
    if (!direct)
        wait_for(&adapter->oid_free, "NDIS serialises OID requests");
    struct oid *open = oid_open(adapter, type, oid, buffer, in, out, id, direct);
    NDIS_OID_REQUEST *request = block_memory(open->block);
    operation_start(&open->operation);
    self->in_oid = true;
    CALL_DRIVER(direct ? "MiniportDirectOidRequest" : "MiniportOidRequest", self->irql, request, status = handler(adapter->context, request));
    self->in_oid = false;
    open->answered = status != NDIS_STATUS_PENDING;
    status = operation_finish(&open->operation, status, "MiniportOidRequest", "NdisOidDoubleComplete");
    status_check(oid, status, request);
    struct oid_answer answer = answer_read(request, type, status);
    bool query = type == NdisRequestQueryInformation || type == NdisRequestQueryStatistics;
    shortage_check(&answer, oid, type == NdisRequestSetInformation ? in : out, query);
    if (status == NDIS_STATUS_SUCCESS && adapter->removal_told && !direct)
        note("SurpriseRemoval", request, "OID 0x%08x succeeds after surprise removal; NDIS_STATUS_NOT_ACCEPTED is wanted", oid);
    if (status == NDIS_STATUS_SUCCESS && type == NdisRequestSetInformation && oid == OID_GEN_CURRENT_PACKET_FILTER && in >= sizeof adapter->packet_filter)
        memcpy(&adapter->packet_filter, buffer, sizeof adapter->packet_filter);
    if (status == NDIS_STATUS_SUCCESS && query && oid == OID_GEN_STATISTICS && answer.written <= out)
        statistics_check(adapter, block_memory(open->buffer), answer.written);
    bytes_check(&answer, oid, buffer, block_memory(open->buffer), in, out, query);
    memcpy(buffer, block_memory(open->buffer), size);
    oid_close(open);
    if (!direct)
        object_signal(&adapter->oid_free);
    return answer;
}

static bool in_work_item(void)
{
    for (const struct frame *frame = self->frame; frame; frame = frame->outer)
        if (frame->callback && strstr(frame->name, "WorkItem"))
            return true;
    return false;
}

/* A second completion, by what happened the first time. */
static void completed_twice(const struct block *block, const struct oid *open, const void *request, const char *call)
{
    if (!block || block->kind != BLOCK_OID)
        violation("NdisOidDoubleComplete", request, "%s completes a request that is none of NDIS'", call);
    else if (open ? open->answered : block->number != 0)
        violation("DoubleComplete", request, "%s completes a request that its handler has answered", call);
    else
        violation(in_work_item() ? "DoubleCompleteWorkItem" : "NdisOidDoubleComplete", request, "%s completes a request that is already complete", call);
}

/* While a halt waits for the adapter's OIDs and nothing runs: a pended one is lost, and ends here. */
void oids_stuck_check_locked(void)
{
    struct oid *stuck = NULL;
    for (struct oid *open = open_oids; open && !stuck; open = open->next)
        if (open->adapter->halting && !open->reported && atomic_load(&open->operation.state) == 3)
            stuck = open;
    if (!stuck)
        return;
    stuck->reported = true;
    violation("NdisOidDoubleRequest", block_memory(stuck->block), "OID 0x%08x is pended and nothing will complete it: the adapter cannot be halted", stuck->oid);
    stuck->operation.status = NDIS_STATUS_FAILURE;
    atomic_store(&stuck->operation.state, 2);
    object_signal_locked(&stuck->operation.done);
}

static void oid_completed(void *handle, NDIS_OID_REQUEST *request, uint32_t status, const char *call)
{
    locks_free_check(call, request);
    if (!adapter_of(handle, call))
        return;
    struct block *block = block_find(request);
    struct oid *open = block && block->live && block->kind == BLOCK_OID && block->address == (uintptr_t)request ? block->record : NULL;
    if (status == NDIS_STATUS_PENDING)
        violation("NdisOidComplete", request, "%s with NDIS_STATUS_PENDING", call);
    if (!open || !operation_complete(&open->operation, status))
        completed_twice(block, open, request, call);
}

EXPORT(void, NdisMOidRequestComplete, void *handle, NDIS_OID_REQUEST *request, uint32_t status)
{
    ENTER(NdisMOidRequestComplete, request);
    oid_completed(handle, request, status, "NdisMOidRequestComplete");
}

EXPORT(void, NdisMDirectOidRequestComplete, void *handle, NDIS_OID_REQUEST *request, uint32_t status)
{
    ENTER(NdisMDirectOidRequestComplete, request);
    oid_completed(handle, request, status, "NdisMDirectOidRequestComplete");
}

/* ---- commands ---- */

static bool type_of(const char *name, uint32_t *type)
{
    static const struct {
        const char *name;
        uint32_t type;
    } types[] = {{"query", NdisRequestQueryInformation}, {"set", NdisRequestSetInformation}, {"statistics", NdisRequestQueryStatistics}, {"method", NdisRequestMethod}};
    for (size_t i = 0; name && i < COUNT(types); i++) {
        if (!strcmp(types[i].name, name)) {
            *type = types[i].type;
            return true;
        }
    }
    *type = name ? (uint32_t)strtoul(name, NULL, 0) : 0;
    return name && *name >= '0' && *name <= '9';
}

COMMAND("oid", command_oid, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    uint32_t type;
    if (!adapter)
        return;
    if (!type_of(argument(command, "type"), &type) || !argument(command, "oid")) {
        reply_error(command, "usage", "oid wants type=query, set, method or statistics, and oid=");
        return;
    }
    uint32_t length = (uint32_t)argument_number(command, "length", command->payload_size);
    uint32_t in = (uint32_t)argument_number(command, "in", type == NdisRequestSetInformation || type == NdisRequestMethod ? length : 0);
    uint32_t out = (uint32_t)argument_number(command, "out", type == NdisRequestSetInformation ? 0 : length);
    uint32_t size = in > out ? in : out;
    if (size > 1u << 24) {
        reply_error(command, "usage", "a buffer of %u bytes is too large", size);
        return;
    }
    uint8_t *buffer = malloc(size + 1u);
    memset(buffer, FILL, size);
    memcpy(buffer, command->payload, command->payload_size < size ? command->payload_size : size);
    struct oid_answer answer = oid_request(adapter, type, (uint32_t)argument_number(command, "oid", 0), buffer, in, out, argument_number(command, "request_id", 0),
                                           argument_number(command, "direct", 0));
    struct text keys = {0};
    text_add(&keys, " status=0x%08x written=%u read=%u needed=%u supported_revision=%u", answer.status, answer.written, answer.read, answer.needed, answer.revision);
    reply_ok(command, &keys, buffer, size);
    text_free(&keys);
    free(buffer);
}

COMMAND("cancel-oid", command_cancel_oid, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    bool direct = argument_number(command, "direct", 0);
    cancel_fn *handler = direct ? miniport.entry.CancelDirectOidRequestHandler : miniport.entry.CancelOidRequestHandler;
    void *id = (void *)(uintptr_t)argument_number(command, "request_id", 0);
    if (adapter && handler)
        CALL_DRIVER("MiniportCancelOidRequest", PASSIVE, adapter->handle, handler(adapter->context, id));
}

/* ---- status ---- */

/* The adapter that may indicate a status; NULL after a breach. */
static struct adapter *indicating_adapter(void *handle)
{
    const struct block *block = block_find(handle);
    if (block && block->kind == BLOCK_HANDLE && !block->live) {
        violation("NdisMIndicateStatusEx", handle, "a status is indicated after the adapter was halted");
        return NULL;
    }
    return adapter_of(handle, "NdisMIndicateStatusEx");
}

EXPORT(void, NdisMIndicateStatusEx, void *handle, const NDIS_STATUS_INDICATION *indication)
{
    ENTER(NdisMIndicateStatusEx, handle);
    static const char *const states[] = {"unknown", "connected", "disconnected"};
    struct adapter *adapter = indicating_adapter(handle);
    locks_free_check("NdisMIndicateStatusEx", handle);
    if (!adapter)
        return;
    header_check(indication, 0x98, 1, NDIS_SIZEOF_STATUS_INDICATION_REVISION_1, sizeof *indication, "NDIS_STATUS_INDICATION");
    if (!adapter->registration_set)
        violation("NdisMIndicateStatusEx", handle, "a status is indicated before the registration attributes are set");
    indication_check(indication);
    if (indication->SourceHandle != handle)
        violation("StatusSourceHandle", handle, "the status indication's SourceHandle is %p; wanted %p", indication->SourceHandle, handle);
    struct text header = {0};
    text_add(&header, " adapter=%llu code=0x%08x", (unsigned long long)adapter->id, (uint32_t)indication->StatusCode);
    if ((uint32_t)indication->StatusCode == NDIS_STATUS_LINK_STATE && indication->StatusBufferSize >= sizeof(NDIS_LINK_STATE)) {
        const NDIS_LINK_STATE *link = indication->StatusBuffer;
        header_check(link, 0x80, 1, NDIS_SIZEOF_LINK_STATE_REVISION_1, sizeof *link, "NDIS_LINK_STATE");
        if ((int)link->MediaConnectState == adapter->link)
            note("LinkStateRepeated", handle, "the link state %s is indicated again", states[adapter->link % 3]);
        adapter->link = (int)link->MediaConnectState;
        text_add(&header, " state=%s xmit=%llu rcv=%llu", states[adapter->link % 3], (unsigned long long)link->XmitLinkSpeed, (unsigned long long)link->RcvLinkSpeed);
    }
    event_send("status", &header, indication->StatusBuffer, indication->StatusBuffer ? indication->StatusBufferSize : 0);
    text_free(&header);
}
