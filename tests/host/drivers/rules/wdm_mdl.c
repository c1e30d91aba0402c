/* The MDLs of requests and of a driver's own: rights, fields, pages that stay locked; and what is handed to system services. */
#include "probe.h"

static MDL *Locked; /* over a client's memory */

static volatile UCHAR *
MapIrp(_In_ CALL *Call)
{
    return Call->Irp->MdlAddress ? MmGetSystemAddressForMdlSafe(Call->Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute) : NULL;
}

BREAKS(InvariantMdl, Write)
{
    volatile UCHAR *Bytes = MapIrp(Call);

    if (Bytes)
        Bytes[0] = 1;
}

KEEPS(InvariantMdl, Write)
{
    volatile UCHAR *Bytes = MapIrp(Call);

    Call->Status = Bytes && Bytes[0] == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* A partial MDL has no more rights than its source. */
static VOID
UsePartial(_Inout_ CALL *Call, BOOLEAN Forge)
{
    MDL *Source = Call->Irp->MdlAddress;
    MDL *Partial = Source ? IoAllocateMdl(MmGetMdlVirtualAddress(Source), MmGetMdlByteCount(Source), FALSE, FALSE, NULL) : NULL;
    volatile UCHAR *Bytes;

    if (!Partial)
        return;
    IoBuildPartialMdl(Source, Partial, MmGetMdlVirtualAddress(Source), 0);
    if (Forge)
        Partial->MdlFlags |= MDL_WRITE_OPERATION;
    Bytes = MmGetSystemAddressForMdlSafe(Partial, NormalPagePriority | MdlMappingNoExecute);
    Call->Status = Bytes && Bytes[0] == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    IoFreeMdl(Partial);
}

BREAKS(MdlChanged_Rights, Write)
{
    UsePartial(Call, TRUE);
}

KEEPS(MdlChanged_Rights, Write)
{
    UsePartial(Call, FALSE);
}

BREAKS(MdlChanged, Write)
{
    if (Call->Irp->MdlAddress)
        Call->Irp->MdlAddress->ByteCount = 1;
}

KEEPS(MdlChanged, Write)
{
    (VOID)MapIrp(Call);
}

BREAKS(ExecutableMapping, Write)
{
    PVOID Bytes = Call->Irp->MdlAddress ? MmGetSystemAddressForMdlSafe(Call->Irp->MdlAddress, NormalPagePriority) : NULL;

    Call->Status = Bytes ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* ---- pages of a process ---- */

static VOID
LockPages(_In_ CALL *Call)
{
    Locked = IoAllocateMdl(Call->Irp->UserBuffer, 16, FALSE, FALSE, NULL);
    if (Locked)
        MmProbeAndLockPages(Locked, UserMode, IoWriteAccess);
}

static VOID
UnlockPages(VOID)
{
    if (!Locked)
        return;
    MmUnlockPages(Locked);
    IoFreeMdl(Locked);
    Locked = NULL;
}

BREAKS(PagesLeftLocked, Read)
{
    LockPages(Call);
}

BREAKS(PagesLeftLocked, Unload)
{
    UNREFERENCED_PARAMETER(Call);
    UnlockPages();
}

KEEPS(PagesLeftLocked, Read)
{
    LockPages(Call);
}

KEEPS(PagesLeftLocked, Cleanup)
{
    UNREFERENCED_PARAMETER(Call);
    UnlockPages();
}

/* ---- what goes to the system ---- */

#define INFORMATION_CLASS 64 /* SystemExtendedHandleInformation */

NTSYSAPI NTSTATUS NTAPI ZwQuerySystemInformation(ULONG Class, PVOID Buffer, ULONG Length, PULONG Needed);

static ULONG Information[16];

static VOID
Query(_Inout_ CALL *Call, PVOID Buffer)
{
    ULONG Needed;

    if (ZwQuerySystemInformation(INFORMATION_CLASS, Buffer, 0, &Needed) == STATUS_SUCCESS)
        Call->Status = STATUS_UNSUCCESSFUL;
}

BREAKS(UserPointer, Read)
{
    Query(Call, Call->Irp->UserBuffer);
}

KEEPS(UserPointer, Read)
{
    Query(Call, Information);
}

static VOID
OpenNamed(USHORT Length)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\NoSuchDevice");
    FILE_OBJECT *File;
    DEVICE_OBJECT *Device;

    if (Length)
        Name.Length = Length;
    if (NT_SUCCESS(IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Device)))
        ObDereferenceObject(File);
}

BREAKS(UnicodeString, Read)
{
    UNREFERENCED_PARAMETER(Call);
    OpenNamed(3);
}

KEEPS(UnicodeString, Read)
{
    UNREFERENCED_PARAMETER(Call);
    OpenNamed(0);
}
