/* NDIS spin locks, as imports of their own: our headers make executive spin locks of them. */
#include "probe.h"

#undef NdisAcquireSpinLock
#undef NdisReleaseSpinLock
#undef NdisDprAcquireSpinLock
#undef NdisDprReleaseSpinLock
DECLSPEC_IMPORT VOID NTAPI NdisAcquireSpinLock(NDIS_SPIN_LOCK *SpinLock);
DECLSPEC_IMPORT VOID NTAPI NdisReleaseSpinLock(NDIS_SPIN_LOCK *SpinLock);
DECLSPEC_IMPORT VOID NTAPI NdisDprAcquireSpinLock(NDIS_SPIN_LOCK *SpinLock);
DECLSPEC_IMPORT VOID NTAPI NdisDprReleaseSpinLock(NDIS_SPIN_LOCK *SpinLock);

static NDIS_SPIN_LOCK Lock;

BREAKS(SpinLock_Ndis, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisAcquireSpinLock(&Lock);
}

BREAKS(SpinLock_Ndis_Twice, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisAcquireSpinLock(&Lock);
    NdisAcquireSpinLock(&Lock);
}

KEEPS(SpinLock_Ndis, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    NdisAcquireSpinLock(&Lock);
    NdisReleaseSpinLock(&Lock);
}

static VOID
AtDispatch(_In_ VOID (*Function)(VOID))
{
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Function();
    KeLowerIrql(Irql);
}

static VOID
TakePlainReleaseDpr(VOID)
{
    NdisAcquireSpinLock(&Lock);
    NdisDprReleaseSpinLock(&Lock);
}

BREAKS(SpinLockBalanced, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakePlainReleaseDpr);
}

static VOID
TakeTwoRounds(VOID)
{
    for (int Round = 0; Round < 2; ++Round)
    {
        NdisAcquireSpinLock(&Lock);
        NdisReleaseSpinLock(&Lock);
    }
}

KEEPS(SpinLockBalanced, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakeTwoRounds);
}

static VOID
TakeDpr(VOID)
{
    NdisDprAcquireSpinLock(&Lock);
}

BREAKS(SpinLockDpr, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakeDpr);
}

static VOID
TakeAndReleaseDpr(VOID)
{
    NdisDprAcquireSpinLock(&Lock);
    NdisDprReleaseSpinLock(&Lock);
}

KEEPS(SpinLockDpr, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakeAndReleaseDpr);
}

static VOID
ReleaseDprTwice(VOID)
{
    TakeAndReleaseDpr();
    NdisDprReleaseSpinLock(&Lock);
}

BREAKS(SpinLockDprRelease, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(ReleaseDprTwice);
}

KEEPS(SpinLockDprRelease, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakeAndReleaseDpr);
}

static VOID
ReleaseTwice(VOID)
{
    TakeTwoRounds();
    NdisReleaseSpinLock(&Lock);
}

BREAKS(SpinLockRelease_Ndis, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(ReleaseTwice);
}

KEEPS(SpinLockRelease_Ndis, Halt)
{
    UNREFERENCED_PARAMETER(Call);
    AtDispatch(TakeTwoRounds);
}
