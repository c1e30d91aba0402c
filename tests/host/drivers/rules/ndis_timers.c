/* Timers. */
#include "probe.h"

static NDIS_HANDLE Timer;
static NDIS_TIMER_FUNCTION Elapsed;

_Use_decl_annotations_ static VOID
Elapsed(PVOID One, PVOID Context, PVOID Two, PVOID Three)
{
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Two);
    UNREFERENCED_PARAMETER(Three);
}

static VOID
MakeTimer(_In_ NDIS_HANDLE Adapter)
{
    NDIS_TIMER_CHARACTERISTICS Characteristics = {
        .Header = { .Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
                    .Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1,
                    .Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 },
        .AllocationTag = POOL_TAG,
        .TimerFunction = Elapsed,
    };

    (VOID)NdisAllocateTimerObject(Adapter, &Characteristics, &Timer);
}

static VOID
SetTimer(_In_ LONG Period)
{
    (VOID)NdisSetTimerObject(Timer, (LARGE_INTEGER){ .QuadPart = -10000000LL }, Period, NULL);
}

BREAKS(CancelTimerObject, Initialize)
{
    MakeTimer(Call->Adapter);
}

BREAKS(CancelTimerObject, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    SetTimer(0);
}

KEEPS(CancelTimerObject, Initialize)
{
    MakeTimer(Call->Adapter);
}

KEEPS(CancelTimerObject, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    SetTimer(0);
    (VOID)NdisCancelTimerObject(Timer);
    NdisFreeTimerObject(Timer);
}

BREAKS(PeriodicTimer, Initialize)
{
    MakeTimer(Call->Adapter);
}

BREAKS(PeriodicTimer, Halt)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Call);
    SetTimer(1000);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    (VOID)NdisCancelTimerObject(Timer);
    KeLowerIrql(Irql);
    NdisFreeTimerObject(Timer);
}

KEEPS(PeriodicTimer, Initialize)
{
    MakeTimer(Call->Adapter);
}

KEEPS(PeriodicTimer, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    SetTimer(1000);
    (VOID)NdisCancelTimerObject(Timer);
    NdisFreeTimerObject(Timer);
}
