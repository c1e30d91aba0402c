/* What is made and must be unmade: generic objects, MDLs, NET_BUFFERs, work items, configurations; and tags. */
#include "probe.h"

static NDIS_GENERIC_OBJECT *Object;

static VOID
MakeObject(VOID)
{
    Object = NdisAllocateGenericObject(NULL, POOL_TAG, 32);
}

BREAKS(NdisAllocateGenericObject, Initialize)
{
    UNREFERENCED_PARAMETER(Call);
    MakeObject();
}

KEEPS(NdisAllocateGenericObject, Initialize)
{
    UNREFERENCED_PARAMETER(Call);
    MakeObject();
}

KEEPS(NdisAllocateGenericObject, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    if (Object)
        NdisFreeGenericObject(Object);
}

static PVOID Bytes;
static MDL *Mdl;

static VOID
MakeMdl(_In_ NDIS_HANDLE Adapter)
{
    Bytes = NdisAllocateMemoryWithTagPriority(Adapter, 64, POOL_TAG, NormalPoolPriority);
    Mdl = Bytes ? NdisAllocateMdl(Adapter, Bytes, 64) : NULL;
}

BREAKS(NdisAllocateMdl, Initialize)
{
    MakeMdl(Call->Adapter);
}

BREAKS(NdisAllocateMdl, Halt)
{
    if (Bytes)
        NdisFreeMemoryWithTagPriority(Call->Adapter, Bytes, POOL_TAG);
}

BREAKS(NdisAllocateMdl_Stack, Halt)
{
    UCHAR OnStack[64];
    MDL *OfStack = NdisAllocateMdl(Call->Adapter, OnStack, sizeof(OnStack));

    if (OfStack)
        NdisFreeMdl(OfStack);
}

KEEPS(NdisAllocateMdl, Initialize)
{
    MakeMdl(Call->Adapter);
}

KEEPS(NdisAllocateMdl, Halt)
{
    if (Mdl)
        NdisFreeMdl(Mdl);
    if (Bytes)
        NdisFreeMemoryWithTagPriority(Call->Adapter, Bytes, POOL_TAG);
}

static NDIS_HANDLE BufferPool;
static NET_BUFFER *Buffer;

static VOID
MakeBuffer(_In_ NDIS_HANDLE Adapter)
{
    NET_BUFFER_POOL_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_BUFFER_POOL_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 },
        .PoolTag = POOL_TAG,
    };

    BufferPool = NdisAllocateNetBufferPool(Adapter, &Parameters);
    Buffer = BufferPool ? NdisAllocateNetBuffer(BufferPool, NULL, 0, 0) : NULL;
}

BREAKS(NdisAllocateNetBuffer, Initialize)
{
    MakeBuffer(Call->Adapter);
}

KEEPS(NdisAllocateNetBuffer, Initialize)
{
    MakeBuffer(Call->Adapter);
}

KEEPS(NdisAllocateNetBuffer, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    if (Buffer)
        NdisFreeNetBuffer(Buffer);
    if (BufferPool)
        NdisFreeNetBufferPool(BufferPool);
}

static VOID
AllocateWithTag(_In_ NDIS_HANDLE Adapter, _In_ ULONG Tag)
{
    PVOID Block = NdisAllocateMemoryWithTagPriority(Adapter, 16, Tag, NormalPoolPriority);

    if (Block)
        NdisFreeMemory(Block, 0, 0);
}

BREAKS(NdisAllocateMemoryWithTagPriority, Halt)
{
    AllocateWithTag(Call->Adapter, 0);
}

KEEPS(NdisAllocateMemoryWithTagPriority, Halt)
{
    AllocateWithTag(Call->Adapter, POOL_TAG);
}

static NDIS_HANDLE Item;

BREAKS(Init_NdisAllocateIoWorkItem, Initialize)
{
    Item = NdisAllocateIoWorkItem(Call->Adapter);
}

/* Made, and initialize fails after that. */
BREAKS(Init_NdisAllocateIoWorkItem_Failing, Initialize)
{
    Item = NdisAllocateIoWorkItem(Call->Adapter);
    Call->Status = NDIS_STATUS_RESOURCES;
}

KEEPS(Init_NdisAllocateIoWorkItem, Initialize)
{
    Item = NdisAllocateIoWorkItem(Call->Adapter);
}

KEEPS(Init_NdisAllocateIoWorkItem, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    if (Item)
        NdisFreeIoWorkItem(Item);
}

static NDIS_HANDLE Configuration;

static VOID
OpenConfiguration(_In_ NDIS_HANDLE Adapter)
{
    NDIS_CONFIGURATION_OBJECT Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT,
                    .Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1,
                    .Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1 },
        .NdisHandle = Adapter,
    };

    (VOID)NdisOpenConfigurationEx(&Parameters, &Configuration);
}

BREAKS(NdisOpenConfigurationEx, Initialize)
{
    OpenConfiguration(Call->Adapter);
}

KEEPS(NdisOpenConfigurationEx, Initialize)
{
    OpenConfiguration(Call->Adapter);
    if (Configuration)
        NdisCloseConfiguration(Configuration);
}

static NDIS_HANDLE LastAdapter;

static VOID
IndicateNothing(_In_ NDIS_HANDLE Adapter)
{
    NDIS_STATUS_INDICATION Indication = {
        .Header = { .Type = NDIS_OBJECT_TYPE_STATUS_INDICATION,
                    .Revision = NDIS_STATUS_INDICATION_REVISION_1,
                    .Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 },
        .SourceHandle = Adapter,
        .StatusCode = NDIS_STATUS_MEDIA_SPECIFIC_INDICATION,
    };

    NdisMIndicateStatusEx(Adapter, &Indication);
}

/* Halt has returned when the driver is unloaded. */
BREAKS(NdisMIndicateStatusEx, Halt)
{
    LastAdapter = Call->Adapter;
}

BREAKS(NdisMIndicateStatusEx, Unload)
{
    UNREFERENCED_PARAMETER(Call);
    IndicateNothing(LastAdapter);
}

BREAKS(NdisMIndicateStatusEx_Early, Attributes)
{
    IndicateNothing(Call->Adapter);
}

KEEPS(NdisMIndicateStatusEx, General)
{
    IndicateNothing(Call->Adapter);
}

KEEPS(NdisMIndicateStatusEx, Halt)
{
    IndicateNothing(Call->Adapter);
}
