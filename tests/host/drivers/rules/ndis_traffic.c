/* Sends that stay too long, pauses with a wrong result, stalls. */
#include "probe.h"

static NDIS_HANDLE Adapter;
static NET_BUFFER_LIST *Kept;

/* The latest chain goes in front. */
static VOID
Keep(_Inout_ CALL *Call)
{
    NET_BUFFER_LIST *Last = Call->Chain;

    while (NET_BUFFER_LIST_NEXT_NBL(Last))
        Last = NET_BUFFER_LIST_NEXT_NBL(Last);
    NET_BUFFER_LIST_NEXT_NBL(Last) = Kept;
    Kept = Call->Chain;
    Adapter = Call->Adapter;
    Call->Taken = TRUE;
}

/* Completes the latest NBL, or (0) all. */
static VOID
Complete(_In_ ULONG Count)
{
    NET_BUFFER_LIST *First = Kept;

    if (!First)
        return;
    Kept = Count ? NET_BUFFER_LIST_NEXT_NBL(First) : NULL;
    if (Count)
        NET_BUFFER_LIST_NEXT_NBL(First) = NULL;
    CompleteSends(Adapter, First, NDIS_STATUS_SUCCESS, 0);
}

/* A control request completes one send: there is progress, but the first NBL waits for ever. */
BREAKS(NdisTimedDataSend, Send)
{
    Keep(Call);
}

BREAKS(NdisTimedDataSend, Control)
{
    UNREFERENCED_PARAMETER(Call);
    Complete(1);
}

BREAKS(NdisTimedDataSend, Pause)
{
    UNREFERENCED_PARAMETER(Call);
    Complete(0);
}

KEEPS(NdisTimedDataSend, Send)
{
    Keep(Call);
}

KEEPS(NdisTimedDataSend, Control)
{
    UNREFERENCED_PARAMETER(Call);
    Complete(0);
}

BREAKS(NdisTimedDataHang, Send)
{
    Keep(Call);
}

BREAKS(NdisTimedDataHang, Pause)
{
    UNREFERENCED_PARAMETER(Call);
    Complete(0);
}

KEEPS(NdisTimedDataHang, Send)
{
    Keep(Call);
}

KEEPS(NdisTimedDataHang, Control)
{
    UNREFERENCED_PARAMETER(Call);
    Complete(1);
}

BREAKS(MiniportPause_Return, Pause)
{
    Call->Status = NDIS_STATUS_FAILURE;
}

KEEPS(MiniportPause_Return, Pause)
{
    NdisMPauseComplete(Call->Adapter);
    Call->Status = NDIS_STATUS_PENDING;
}

BREAKS(NdisStallExecution_Delay, Control)
{
    UNREFERENCED_PARAMETER(Call);
    NdisStallExecution(51);
}

KEEPS(NdisStallExecution_Delay, Control)
{
    UNREFERENCED_PARAMETER(Call);
    NdisStallExecution(50);
}
