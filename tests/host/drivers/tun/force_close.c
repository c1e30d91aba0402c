/* At halt, user processes may still hold handles. They are closed for them, so that the device can go. */
#include "tun.h"

#define EXTENDED_HANDLES 64 /* SystemExtendedHandleInformation */
#define FIRST_TABLE (64 * 1024)
#define LARGEST_TABLE (64 * 1024 * 1024)

typedef struct _HANDLE_ENTRY
{
    VOID *Object;
    ULONG_PTR ProcessId;
    ULONG_PTR Handle;
    ULONG Access;
    USHORT BackTrace;
    USHORT ObjectType;
    ULONG Attributes;
    ULONG Reserved;
} HANDLE_ENTRY;

typedef struct _HANDLE_TABLE
{
    ULONG_PTR Count;
    ULONG_PTR Reserved;
    HANDLE_ENTRY Entries[];
} HANDLE_TABLE;

NTSYSAPI NTSTATUS NTAPI ZwQuerySystemInformation(ULONG Class, VOID *Information, ULONG Length, ULONG *Returned);
NTKERNELAPI NTSTATUS ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE Mode);

/* All handles of the system, to be freed; NULL without memory. */
static HANDLE_TABLE *
QueryHandles(TUN *Tun)
{
    for (ULONG Size = FIRST_TABLE; Size <= LARGEST_TABLE; Size *= 2)
    {
        HANDLE_TABLE *Table = NdisAllocateMemoryWithTagPriority(Tun->Adapter, Size, POOL_TAG, NormalPoolPriority);
        NTSTATUS Status;

        if (!Table)
            return NULL;
        Status = ZwQuerySystemInformation(EXTENDED_HANDLES, Table, Size, NULL);
        if (NT_SUCCESS(Status))
            return Table;
        NdisFreeMemory(Table, 0, 0);
        if (Status != STATUS_INFO_LENGTH_MISMATCH)
            return NULL;
    }
    return NULL;
}

/* In the owner's context: the table is a snapshot, so the handle may name another object by now. */
static BOOLEAN
IsOurs(TUN *Tun, HANDLE Handle)
{
    FILE_OBJECT *File;
    BOOLEAN Ours;

    if (!NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, *IoFileObjectType, UserMode, (VOID **)&File, NULL)))
        return FALSE;
    Ours = File->DeviceObject == Tun->Device;
    ObDereferenceObject(File);
    return Ours;
}

static VOID
CloseIn(TUN *Tun, const HANDLE_ENTRY *Entry)
{
    PEPROCESS Process;
    KAPC_STATE State;

    if (!NT_SUCCESS(PsLookupProcessByProcessId((HANDLE)Entry->ProcessId, &Process)))
        return;
    KeStackAttachProcess(Process, &State);
    if (IsOurs(Tun, (HANDLE)Entry->Handle))
        ObCloseHandle((HANDLE)Entry->Handle, UserMode);
    KeUnstackDetachProcess(&State);
    ObDereferenceObject(Process);
}

static BOOLEAN
AllClosed(TUN *Tun)
{
    LARGE_INTEGER Now = { 0 };

    return KeWaitForSingleObject(&Tun->AllClosed, Executive, KernelMode, FALSE, &Now) == STATUS_SUCCESS;
}

VOID
CloseHandlesByForce(TUN *Tun)
{
    while (!AllClosed(Tun))
    {
        HANDLE_TABLE *Table = QueryHandles(Tun);

        for (ULONG_PTR Index = 0; Table && Index < Table->Count; ++Index)
            CloseIn(Tun, &Table->Entries[Index]);
        if (Table)
            NdisFreeMemory(Table, 0, 0);
        if (!AllClosed(Tun))
            NdisMSleep(100 * 1000);
    }
}
