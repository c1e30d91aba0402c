/* What the miniports written by hand have in common: asked of NDIS, or told it, by all of them in the same way. */
#pragma once

#include <ntifs.h>
#include <ndis.h>

/* The version that both the system and the driver know, major in the high byte. */
static inline USHORT
NegotiatedVersion(USHORT Newest)
{
    ULONG Offered = NdisGetVersion();
    USHORT Version = (USHORT)((Offered >> 16) << 8 | (Offered & 0xFF));

    return min(Version, Newest);
}

/* Tells the stack whether the link is up; `Speed` is of both ways, in bits per second. */
static inline VOID
IndicateLinkState(NDIS_HANDLE Adapter, BOOLEAN Connected, ULONG64 Speed)
{
    NDIS_LINK_STATE Link = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NDIS_LINK_STATE_REVISION_1,
                    .Size = NDIS_SIZEOF_LINK_STATE_REVISION_1 },
        .MediaConnectState = Connected ? MediaConnectStateConnected : MediaConnectStateDisconnected,
        .MediaDuplexState = MediaDuplexStateFull,
        .XmitLinkSpeed = Speed,
        .RcvLinkSpeed = Speed,
        .PauseFunctions = NdisPauseFunctionsUnsupported,
    };
    NDIS_STATUS_INDICATION Indication = {
        .Header = { .Type = NDIS_OBJECT_TYPE_STATUS_INDICATION,
                    .Revision = NDIS_STATUS_INDICATION_REVISION_1,
                    .Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 },
        .SourceHandle = Adapter,
        .StatusCode = NDIS_STATUS_LINK_STATE,
        .StatusBuffer = &Link,
        .StatusBufferSize = sizeof(Link),
    };

    NdisMIndicateStatusEx(Adapter, &Indication);
}

/* A pool of NBLs with one NB each; NULL if there is none. */
static inline NDIS_HANDLE
AllocateNblPool(NDIS_HANDLE Adapter, ULONG Tag)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
        .fAllocateNetBuffer = TRUE,
        .PoolTag = Tag,
    };

    return NdisAllocateNetBufferListPool(Adapter, &Parameters);
}

/* A timer that calls `Function` with `Context`; NULL if there is none. */
static inline NDIS_HANDLE
AllocateTimer(NDIS_HANDLE Adapter, ULONG Tag, PNDIS_TIMER_FUNCTION Function, VOID *Context)
{
    NDIS_TIMER_CHARACTERISTICS Characteristics = {
        .Header = { .Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
                    .Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1,
                    .Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 },
        .AllocationTag = Tag,
        .TimerFunction = Function,
        .FunctionContext = Context,
    };
    NDIS_HANDLE Timer;

    return NdisAllocateTimerObject(Adapter, &Characteristics, &Timer) == NDIS_STATUS_SUCCESS ? Timer : NULL;
}
