/* Small change of NDIS: what the system is like, which pool something is from, the read-write locks of old. */
#include "ndis.h"
#include "locks.h"

EXPORT(uint32_t, NdisGetHypervisorInfo, NDIS_HYPERVISOR_INFO *info)
{
    ENTER(NdisGetHypervisorInfo, info);
    info->Flags = info->PartitionType = 0;
    return NDIS_STATUS_SUCCESS;
}

EXPORT(uint32_t, NdisGetSharedDataAlignment, void)
{
    ENTER(NdisGetSharedDataAlignment, NULL);
    return 64;
}

EXPORT(uint8_t, NdisGeneratePartialCancelId, void)
{
    ENTER(NdisGeneratePartialCancelId, NULL);
    static atomic_uint last;
    return (uint8_t)(atomic_fetch_add(&last, 1) + 1);
}

EXPORT(void, NdisGetCurrentProcessorCpuUsage, uint32_t *usage)
{
    ENTER(NdisGetCurrentProcessorCpuUsage, NULL);
    *usage = 0;
}

EXPORT(void *, NdisGetPoolFromNetBufferList, const NET_BUFFER_LIST *nbl)
{
    ENTER(NdisGetPoolFromNetBufferList, nbl);
    return nbl->NdisPoolHandle;
}

EXPORT(void *, NdisGetPoolFromNetBuffer, const NET_BUFFER *nb)
{
    ENTER(NdisGetPoolFromNetBuffer, nb);
    return nb->NdisPoolHandle;
}

EXPORT(void, NdisCopySendNetBufferListInfo, NET_BUFFER_LIST *to, const NET_BUFFER_LIST *from)
{
    ENTER(NdisCopySendNetBufferListInfo, to);
    memcpy(to->NetBufferListInfo, from->NetBufferListInfo, sizeof to->NetBufferListInfo);
}

EXPORT(void, NdisCopyReceiveNetBufferListInfo, NET_BUFFER_LIST *to, const NET_BUFFER_LIST *from)
{
    ENTER(NdisCopyReceiveNetBufferListInfo, to);
    memcpy(to->NetBufferListInfo, from->NetBufferListInfo, sizeof to->NetBufferListInfo);
}

EXPORT(void, NdisOpenConfigurationKeyByName, uint32_t *status, void *handle, const UNICODE_STRING *name, void **key)
{
    ENTER(NdisOpenConfigurationKeyByName, handle);
    (void)name;
    if (!block_at(handle, BLOCK_CONFIGURATION))
        violation("InvalidHandle", handle, "NdisOpenConfigurationKeyByName(%p): no such configuration handle", handle);
    *key = NULL;
    *status = NDIS_STATUS_FILE_NOT_FOUND;
}

EXPORT(void, NdisInitializeReadWriteLock, NDIS_RW_LOCK *lock)
{
    ENTER(NdisInitializeReadWriteLock, lock);
    memset(lock, 0, sizeof *lock);
}

EXPORT(void, NdisAcquireReadWriteLock, NDIS_RW_LOCK *lock, uint8_t write, LOCK_STATE *state)
{
    ENTER(NdisAcquireReadWriteLock, lock);
    uint8_t old;
    enum lock_kind kind = write ? LOCK_RW_WRITE : LOCK_RW_READ;
    lock_acquire((_Atomic uintptr_t *)lock, kind, true, &old);
    state->LockState = (uint16_t)kind;
    state->OldIrql = old;
}

EXPORT(void, NdisReleaseReadWriteLock, NDIS_RW_LOCK *lock, LOCK_STATE *state)
{
    ENTER(NdisReleaseReadWriteLock, lock);
    lock_release((_Atomic uintptr_t *)lock, (enum lock_kind)state->LockState, state->OldIrql, "NdisReleaseReadWriteLock");
}
