#include "tun.h"
#include "miniport.h"

NDIS_HANDLE DriverHandle;
USHORT NdisVersion;

DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD TunUnload;

static VOID **Kept;

/* Memory that only the driver's unload frees. */
VOID
KeepBlock(VOID)
{
    VOID **Block = ExAllocatePoolWithTag(NonPagedPoolNx, 100, POOL_TAG);

    if (!Block)
        return;
    *Block = Kept;
    Kept = Block;
}

_Use_decl_annotations_ VOID
TunUnload(DRIVER_OBJECT *DriverObject)
{
    VOID **Next;

    UNREFERENCED_PARAMETER(DriverObject);
    for (VOID **Block = Kept; Block; Block = Next)
    {
        Next = *Block;
        ExFreePoolWithTag(Block, POOL_TAG);
    }
    if (!MISTAKE(NO_DEREGISTER))
        NdisMDeregisterMiniportDriver(DriverHandle);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(DRIVER_OBJECT *DriverObject, UNICODE_STRING *RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Miniport = {
        .Header = { .Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    .Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    .Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 },
        .MajorDriverVersion = 1,
        .InitializeHandlerEx = TunInitialize,
        .HaltHandlerEx = TunHalt,
        .UnloadHandler = TunUnload,
        .PauseHandler = TunPause,
        .RestartHandler = TunRestart,
        .OidRequestHandler = TunOid,
        .SendNetBufferListsHandler = TunSend,
        .ReturnNetBufferListsHandler = TunReturn,
        .CancelSendHandler = TunCancelSend,
        .DevicePnPEventNotifyHandler = TunPnpEvent,
        .ShutdownHandlerEx = TunShutdown,
        .CancelOidRequestHandler = TunCancelOid,
    };

    if (MISTAKE(CHARACTERISTICS_SIZE))
        Miniport.Header.Size = 40;
    if (MISTAKE(NO_RETURN_HANDLER))
        Miniport.ReturnNetBufferListsHandler = NULL;
    if (MISTAKE(POOL_LEAK))
        (VOID)ExAllocatePoolWithTag(NonPagedPoolNx, 100, POOL_TAG);
    NdisVersion = NegotiatedVersion(6 << 8 | 50);
    if (NdisVersion < (6 << 8 | 20))
        return NDIS_STATUS_UNSUPPORTED_REVISION;
    Miniport.MajorNdisVersion = (UCHAR)(NdisVersion >> 8);
    Miniport.MinorNdisVersion = (UCHAR)NdisVersion;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport, &DriverHandle);
}
