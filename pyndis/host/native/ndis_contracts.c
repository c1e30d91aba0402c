/* What a miniport owes NDIS beyond the documented rules' names: how it treats sends, where it may block, what shutdown may do. */
#include "contracts.h"

/* ---- sends ---- */

static uint64_t mixed(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001B3ull; /* a round of FNV-1a */
}

/* Over payload and shape: the packets' bytes, and where they lie in which MDLs. */
static uint64_t digest_of(const NET_BUFFER *nb)
{
    uint64_t digest = 0xCBF29CE484222325ull;
    for (; nb; nb = nb->Next) {
        digest = mixed(mixed(digest, nb->DataLength), nb->DataOffset);
        digest = mixed(mixed(digest, nb->CurrentMdlOffset), (uintptr_t)nb->CurrentMdl);
        for (const MDL *mdl = nb->MdlChain; mdl; mdl = mdl->Next)
            digest = mixed(digest, mdl->ByteCount);
        uint8_t *copy = calloc(1, nb->DataLength + 1u);
        size_t size = nb_copy(nb, 0, nb->DataLength, copy);
        for (size_t i = 0; i < size; i++)
            digest = mixed(digest, copy[i]);
        free(copy);
    }
    return digest;
}

void send_contract_begin(struct send_nbl *send)
{
    const struct adapter *adapter = send->adapter;
    if (!settings.verifier)
        return;
    send->digest = settings.guard ? digest_of(send->first) : 0;
    send->refused_in = atomic_load(&adapter->life) == LIFE_PAUSED ? adapter->pause_epoch : 0;
    send->after_removal = adapter->removal_told;
}

void send_contract_check(const struct send_nbl *send, const NET_BUFFER_LIST *nbl)
{
    static const uint8_t zero[sizeof nbl->ProtocolReserved];
    const struct adapter *adapter = send->adapter;
    if (!settings.verifier)
        return;
    if (send->digest && nbl->FirstNetBuffer == send->first && digest_of(send->first) != send->digest)
        violation("SendPayload", nbl, "the packets of an NBL, or their place in its MDLs, were changed while the driver had it");
    if (nbl->ParentNetBufferList || nbl->ChildRefCount || nbl->NdisPoolHandle || memcmp(nbl->ProtocolReserved, zero, sizeof zero))
        violation("NblPrivateField", nbl, "an NBL is completed with a changed ParentNetBufferList, ChildRefCount, NdisPoolHandle or ProtocolReserved");
    if (nbl->Status != NDIS_STATUS_SUCCESS)
        return;
    if (send->refused_in && send->refused_in == adapter->pause_epoch && atomic_load(&adapter->life) == LIFE_PAUSED)
        violation("SendWhilePaused", nbl, "an NBL that was sent while the adapter was paused is completed with success; NDIS_STATUS_PAUSED is wanted");
    if (send->after_removal)
        violation("SurpriseRemoval", nbl, "an NBL that was sent after surprise removal is completed with success; NDIS_STATUS_NOT_ACCEPTED is wanted");
}

/* ---- callbacks that may not wait ---- */

void blocking_check(const char *call)
{
    static const char *const quick[] = {"MiniportReturnNetBufferLists", "MiniportSendNetBufferLists", "MiniportCancelSend", "MiniportCancelOidRequest", "MiniportShutdownEx"};
    const struct frame *frame = self->frame;
    if (!frame || frame->callback || strcmp(frame->name, call)) /* the host's own waits have other names */
        return;
    while (frame && !frame->callback)
        frame = frame->outer;
    for (size_t i = 0; frame && i < COUNT(quick); i++)
        if (!strcmp(frame->name, quick[i]))
            violation("BlocksInCallback", frame->object, "%s waits in %s, which may not block", call, frame->name);
}

/* ---- shutdown ---- */

static bool forbidden_in_shutdown(const char *name)
{
    static const char *const prefixes[] = {"NdisAllocate", "NdisMAllocate", "ExAllocate", "IoAllocate", "NdisMSendNetBufferLists", "NdisMIndicate", "NdisMOidRequestComplete",
                                           "NdisMPauseComplete", "NdisMRestartComplete", "IoCompleteRequest", "IofCompleteRequest"};
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

void shutdown_check(const struct adapter *adapter, const uint32_t *before)
{
    for (unsigned i = 0; i < export_count(); i++)
        if (self->counts[i] != before[i] && forbidden_in_shutdown(export_name(i)))
            violation("MiniportShutdown", adapter->handle, "MiniportShutdownEx calls %s: it may neither allocate nor complete anything", export_name(i));
}

/* ---- statuses ---- */

void indication_check(const NDIS_STATUS_INDICATION *indication)
{
    if (indication->PortNumber || indication->Flags)
        violation("StatusIndication", indication, "a status is indicated on port %u with the flags 0x%x; both are 0 for a miniport without ports", indication->PortNumber,
                  indication->Flags);
    if (!indication->DestinationHandle != !indication->RequestId)
        violation("StatusIndication", indication, "a status is indicated with only one of DestinationHandle and RequestId");
    if (indication->StatusBufferSize && !indication->StatusBuffer)
        violation("StatusIndication", indication, "a status is indicated with %u bytes at no address", indication->StatusBufferSize);
}

/* A buffer that was too small: nothing is done, and the size that would do is told. */
void shortage_check(const struct oid_answer *answer, uint32_t oid, uint32_t out, bool query)
{
    if (answer->status != NDIS_STATUS_BUFFER_TOO_SHORT && answer->status != NDIS_STATUS_INVALID_LENGTH)
        return;
    if (answer->read)
        violation("OidBytes", NULL, "OID 0x%08x fails for its buffer's length and reports %u bytes read", oid, answer->read);
    if (query ? answer->needed <= out : !answer->needed)
        violation("OidBytes", NULL, "OID 0x%08x says that %u bytes are too few, and that it needs %u", oid, out, answer->needed);
}

/* ---- statistics ---- */

enum { COUNTERS = 18 }; /* of 64 bits, behind the header and SupportedStatistics */

void statistics_check(struct adapter *adapter, const void *info, uint32_t size)
{
    uint64_t counters[COUNTERS];
    uint32_t supported;
    if (size < sizeof(struct header) + sizeof supported + sizeof counters) {
        violation("Statistics", adapter->handle, "OID_GEN_STATISTICS answers with %u bytes, fewer than NDIS_STATISTICS_INFO has", size);
        return;
    }
    header_check(info, 0x80, 1, 152, 152, "NDIS_STATISTICS_INFO");
    memcpy(&supported, (const uint8_t *)info + sizeof(struct header), sizeof supported);
    memcpy(counters, (const uint8_t *)info + sizeof(struct header) + sizeof supported, sizeof counters);
    if (supported != adapter->statistics)
        violation("Statistics", adapter->handle, "OID_GEN_STATISTICS says that it has 0x%x; the general attributes say 0x%x", supported, adapter->statistics);
    for (int i = 0; i < COUNTERS; i++)
        if (counters[i] < adapter->counters[i])
            violation("Statistics", adapter->handle, "counter %d of OID_GEN_STATISTICS falls from %llu to %llu", i, (unsigned long long)adapter->counters[i],
                      (unsigned long long)counters[i]);
    memcpy(adapter->counters, counters, sizeof counters);
}
