/* The control device: its registration, CREATE, CLEANUP and CLOSE. */
#include "tun.h"

#define NAME_LENGTH 48

static const WCHAR DevicePrefix[] = L"\\Device\\TESTTUN";
static const WCHAR LinkPrefix[] = L"\\DosDevices\\TESTTUN";

typedef struct _NAME
{
    UNICODE_STRING String;
    WCHAR Text[NAME_LENGTH];
} NAME;

/* The prefix and a decimal number. */
static VOID
NameMake(_Out_ NAME *Name, _In_z_ const WCHAR *Prefix, _In_ ULONG Number)
{
    WCHAR Digits[10];
    ULONG DigitCount = 0;
    ULONG Length = 0;

    while (Prefix[Length])
    {
        Name->Text[Length] = Prefix[Length];
        ++Length;
    }
    do
        Digits[DigitCount++] = (WCHAR)(L'0' + Number % 10);
    while ((Number /= 10) != 0);
    while (DigitCount)
        Name->Text[Length++] = Digits[--DigitCount];
    Name->String.Buffer = Name->Text;
    Name->String.Length = Name->String.MaximumLength = (USHORT)(Length * sizeof(WCHAR));
}

static VOID
TunPrepare(_Out_ TUN *Tun, NDIS_HANDLE Adapter, DEVICE_OBJECT *Device, NDIS_HANDLE Handle)
{
    RtlZeroMemory(Tun, sizeof(*Tun));
    Tun->Adapter = Adapter;
    Tun->Device = Device;
    Tun->DeviceHandle = Handle;
    Tun->Paused = TRUE;
    Tun->Halting = TRUE; /* until initialize succeeds */
    KeInitializeSpinLock(&Tun->Lock);
    KeInitializeSpinLock(&Tun->SecondLock);
    KeInitializeEvent(&Tun->AllClosed, NotificationEvent, TRUE);
    ExInitializeRundownProtection(&Tun->Requests);
}

NDIS_STATUS
DeviceRegister(NDIS_HANDLE Adapter, ULONG Index, TUN **Tun)
{
    DECLARE_CONST_UNICODE_STRING(Sddl, L"D:P(A;;GA;;;SY)");
    DRIVER_DISPATCH *Dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NAME DeviceName;
    NAME LinkName;
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
                    .Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                    .Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 },
        .DeviceName = &DeviceName.String,
        .SymbolicName = &LinkName.String,
        .MajorFunctions = Dispatch,
        .ExtensionSize = sizeof(TUN),
        .DefaultSDDLString = &Sddl,
    };
    NDIS_HANDLE Handle;
    DEVICE_OBJECT *Device;
    NDIS_STATUS Status;

    NameMake(&DeviceName, DevicePrefix, Index);
    NameMake(&LinkName, LinkPrefix, Index);
    for (ULONG Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
        Dispatch[Major] = TunDispatch;
    Dispatch[IRP_MJ_PNP] = Dispatch[IRP_MJ_POWER] = NULL;
    Status = NdisRegisterDeviceEx(DriverHandle, &Attributes, &Device, &Handle);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    *Tun = NdisGetDeviceReservedExtension(Device);
    TunPrepare(*Tun, Adapter, Device, Handle);
    Status = ReadsInitialize(*Tun);
    if (Status != STATUS_SUCCESS)
    {
        NdisDeregisterDeviceEx(Handle);
        return NDIS_STATUS_RESOURCES;
    }
    Device->Flags &= ~(ULONG)DO_BUFFERED_IO;
    Device->Flags |= DO_DIRECT_IO;
    return NDIS_STATUS_SUCCESS;
}

/* The rundown token of the request is the last thing let go. */
VOID
CompleteIrp(TUN *Tun, IRP *Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, NT_SUCCESS(Status) ? IO_NETWORK_INCREMENT : IO_NO_INCREMENT);
    ExReleaseRundownProtection(&Tun->Requests);
}

/* Count the handle; the first one connects. */
static NTSTATUS
HandleOpened(TUN *Tun)
{
    NTSTATUS Status = STATUS_DELETE_PENDING;
    BOOLEAN First = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    if (!Tun->Halting && !Tun->Removed)
    {
        First = ++Tun->Handles == 1;
        Status = STATUS_SUCCESS;
        KeClearEvent(&Tun->AllClosed);
    }
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (First)
        IndicateLink(Tun, TRUE);
    return Status;
}

static NTSTATUS
Create(TUN *Tun, FILE_OBJECT *File)
{
    CLIENT *Client;
    NTSTATUS Status;

    if (File->FileName.Length)
        return STATUS_OBJECT_NAME_INVALID;
    Client = NdisAllocateMemoryWithTagPriority(Tun->Adapter, sizeof(*Client), POOL_TAG, NormalPoolPriority);
    if (!Client)
        return STATUS_INSUFFICIENT_RESOURCES;
    Client->Cleaned = FALSE;
    File->FsContext = Client;
    if (!ExAcquireRundownProtection(&Tun->Requests)) /* the file's; CLOSE releases it */
        Status = STATUS_DELETE_PENDING;
    else
    {
        Status = HandleOpened(Tun);
        if (!NT_SUCCESS(Status))
            ExReleaseRundownProtection(&Tun->Requests);
    }
    if (!NT_SUCCESS(Status))
        NdisFreeMemory(Client, 0, 0);
    return Status;
}

static VOID
Cleanup(TUN *Tun, FILE_OBJECT *File)
{
    CLIENT *Client = File->FsContext;
    KIRQL Irql;

    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Client->Cleaned = TRUE;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (!MISTAKE(CLEANUP_KEEPS_READS))
        ReadsCancel(Tun, File, STATUS_CANCELLED);
}

static VOID
Close(TUN *Tun, FILE_OBJECT *File)
{
    BOOLEAN Last;
    KIRQL Irql;

    if (!MISTAKE(HANDLE_LEAK))
        NdisFreeMemory(File->FsContext, 0, 0);
    KeAcquireSpinLock(&Tun->Lock, &Irql);
    Last = --Tun->Handles == 0;
    KeReleaseSpinLock(&Tun->Lock, Irql);
    if (!Last)
        return;
    SendsFlush(Tun, NDIS_STATUS_SEND_ABORTED);
    IndicateLink(Tun, FALSE);
    KeSetEvent(&Tun->AllClosed, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS
CompleteNow(TUN *Tun, IRP *Irp, NTSTATUS Status)
{
    CompleteIrp(Tun, Irp, Status, 0);
    return Status;
}

/* Requests that the device does not know. */
static NTSTATUS
Unknown(TUN *Tun, IRP *Irp)
{
#if WITH_MISTAKES
    return BrokenControl(Tun, Irp);
#else
    return CompleteNow(Tun, Irp, STATUS_INVALID_PARAMETER);
#endif
}

_Use_decl_annotations_ NTSTATUS
TunDispatch(DEVICE_OBJECT *Device, IRP *Irp)
{
    TUN *Tun = NdisGetDeviceReservedExtension(Device);
    IO_STACK_LOCATION *Stack = IoGetCurrentIrpStackLocation(Irp);
    FILE_OBJECT *File = Stack->FileObject;
    NTSTATUS Status;

    if (!ExAcquireRundownProtection(&Tun->Requests))
    {
        /* Only CREATE, READ and WRITE can come so late: CLEANUP and CLOSE belong to a file, which holds a token. */
        Irp->IoStatus.Status = Status = STATUS_DELETE_PENDING;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return Status;
    }
    switch (Stack->MajorFunction)
    {
    case IRP_MJ_CREATE:
        return CompleteNow(Tun, Irp, Create(Tun, File));
    case IRP_MJ_CLEANUP:
        Cleanup(Tun, File);
        return CompleteNow(Tun, Irp, STATUS_SUCCESS);
    case IRP_MJ_CLOSE:
        Close(Tun, File);
        Status = CompleteNow(Tun, Irp, STATUS_SUCCESS);
        ExReleaseRundownProtection(&Tun->Requests);
        return Status;
    case IRP_MJ_READ:
        return ReadDispatch(Tun, Irp);
    case IRP_MJ_WRITE:
        return WriteDispatch(Tun, Irp);
    default:
        return Unknown(Tun, Irp);
    }
}
