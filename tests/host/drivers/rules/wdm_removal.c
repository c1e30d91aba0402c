/* Remove locks: each acquire is released with its tag, and the lock is ended before its memory is. */
#include "probe.h"

static IO_REMOVE_LOCK RemoveLock;
static PVOID Tag; /* of an acquire that is still to be released */

static VOID
Start(VOID)
{
    IoInitializeRemoveLock(&RemoveLock, POOL_TAG, 0, 0);
}

static VOID
End(VOID)
{
    if (Tag)
        IoReleaseRemoveLock(&RemoveLock, Tag);
    if (NT_SUCCESS(IoAcquireRemoveLock(&RemoveLock, &RemoveLock)))
        IoReleaseRemoveLockAndWait(&RemoveLock, &RemoveLock);
}

static VOID
Hold(_In_ CALL *Call)
{
    if (NT_SUCCESS(IoAcquireRemoveLock(&RemoveLock, Call->Irp)))
        Tag = Call->Irp;
}

static VOID
HoldAndRelease(_In_ CALL *Call)
{
    if (NT_SUCCESS(IoAcquireRemoveLock(&RemoveLock, Call->Irp)))
        IoReleaseRemoveLock(&RemoveLock, Call->Irp);
}

#define LIFE_OF_LOCK(Kind, Name)                                                                                         \
    Kind(Name, Registered)                                                                                               \
    {                                                                                                                    \
        UNREFERENCED_PARAMETER(Call);                                                                                    \
        Start();                                                                                                         \
    }                                                                                                                    \
    Kind(Name, Unload)                                                                                                   \
    {                                                                                                                    \
        UNREFERENCED_PARAMETER(Call);                                                                                    \
        End();                                                                                                           \
    }
#define REMOVE_LOCK_SCENES(Name, Hook)                                                                                   \
    LIFE_OF_LOCK(BREAKS, Name)                                                                                           \
    LIFE_OF_LOCK(KEEPS, Name)                                                                                            \
    BREAKS(Name, Hook)                                                                                                   \
    {                                                                                                                    \
        Hold(Call);                                                                                                      \
    }                                                                                                                    \
    KEEPS(Name, Hook)                                                                                                    \
    {                                                                                                                    \
        HoldAndRelease(Call);                                                                                            \
    }

REMOVE_LOCK_SCENES(RemoveLockReleaseCreate, Create)
REMOVE_LOCK_SCENES(RemoveLockReleaseClose, Close)
REMOVE_LOCK_SCENES(RemoveLockReleaseCleanup, Cleanup)
REMOVE_LOCK_SCENES(RemoveLockReleaseRead, Read)
REMOVE_LOCK_SCENES(RemoveLockReleaseWrite, Write)
REMOVE_LOCK_SCENES(RemoveLockReleaseDeviceControl, Control)
REMOVE_LOCK_SCENES(RemoveLockReleaseInternalDeviceControl, Control)
REMOVE_LOCK_SCENES(RemoveLockReleaseShutdown, Control)
REMOVE_LOCK_SCENES(RemoveLockRelease2, Control)

LIFE_OF_LOCK(BREAKS, RemoveLock)
LIFE_OF_LOCK(KEEPS, RemoveLock)

BREAKS(RemoveLock, Control)
{
    if (!NT_SUCCESS(IoAcquireRemoveLock(&RemoveLock, Call->Irp)))
        return;
    IoReleaseRemoveLock(&RemoveLock, Call->Device);
    IoReleaseRemoveLock(&RemoveLock, Call->Irp);
}

KEEPS(RemoveLock, Control)
{
    HoldAndRelease(Call);
}

LIFE_OF_LOCK(BREAKS, RemoveLock_Again)

BREAKS(RemoveLock_Again, Control)
{
    UNREFERENCED_PARAMETER(Call);
    Start();
}

BREAKS(RemoveLockCheck, Registered)
{
    UNREFERENCED_PARAMETER(Call);
    Start();
}

LIFE_OF_LOCK(KEEPS, RemoveLockCheck)
