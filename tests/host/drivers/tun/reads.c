/* Reads wait in a cancel-safe queue, whose lock is the adapter's. */
#include "tun.h"

static IO_CSQ_INSERT_IRP_EX ReadInsert;
static IO_CSQ_REMOVE_IRP ReadRemove;
static IO_CSQ_PEEK_NEXT_IRP ReadPeek;
static IO_CSQ_ACQUIRE_LOCK ReadLock;
static IO_CSQ_RELEASE_LOCK ReadUnlock;
static IO_CSQ_COMPLETE_CANCELED_IRP ReadCanceled;

static TUN *
TunOfReads(IO_CSQ *Reads)
{
    return CONTAINING_RECORD(Reads, TUN, Reads);
}

/* Context: not NULL puts the read back to the head. */
static NTSTATUS NTAPI
ReadInsert(IO_CSQ *Reads, IRP *Irp, VOID *Context)
{
    TUN *Tun = TunOfReads(Reads);
    CLIENT *Client = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    if (Client->Cleaned)
        return STATUS_CANCELLED;
    if (Tun->Halting || Tun->Removed)
        return STATUS_FILE_FORCED_CLOSED;
    if (Context)
        InsertHeadList(&Tun->ReadList, &Irp->Tail.Overlay.ListEntry);
    else
        InsertTailList(&Tun->ReadList, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID NTAPI
ReadRemove(IO_CSQ *Reads, IRP *Irp)
{
    UNREFERENCED_PARAMETER(Reads);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* Context: the file object whose reads are wanted, or NULL for all. */
static IRP *NTAPI
ReadPeek(IO_CSQ *Reads, IRP *Irp, VOID *Context)
{
    LIST_ENTRY *Head = &TunOfReads(Reads)->ReadList;
    LIST_ENTRY *Entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : Head->Flink;

    for (; Entry != Head; Entry = Entry->Flink)
    {
        IRP *Next = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

        if (!Context || IoGetCurrentIrpStackLocation(Next)->FileObject == Context)
            return Next;
    }
    return NULL;
}

static VOID NTAPI
ReadLock(IO_CSQ *Reads, KIRQL *Irql)
{
    KeAcquireSpinLock(&TunOfReads(Reads)->Lock, Irql);
}

static VOID NTAPI
ReadUnlock(IO_CSQ *Reads, KIRQL Irql)
{
    KeReleaseSpinLock(&TunOfReads(Reads)->Lock, Irql);
}

static VOID NTAPI
ReadCanceled(IO_CSQ *Reads, IRP *Irp)
{
    CompleteIrp(TunOfReads(Reads), Irp, STATUS_CANCELLED, 0);
}

NTSTATUS
ReadsInitialize(TUN *Tun)
{
    InitializeListHead(&Tun->ReadList);
    return IoCsqInitializeEx(&Tun->Reads, ReadInsert, ReadRemove, ReadPeek, ReadLock, ReadUnlock, ReadCanceled);
}

/* Everything that waits, of one file or of all. */
VOID
ReadsCancel(TUN *Tun, FILE_OBJECT *File, NTSTATUS Status)
{
    IRP *Irp;

    while ((Irp = IoCsqRemoveNextIrp(&Tun->Reads, File)) != NULL)
        CompleteIrp(Tun, Irp, Status, 0);
}

/* A request's buffer, by its MDL. */
NTSTATUS
CheckBuffer(MDL *Mdl, ULONG Length, ULONG Least, UCHAR **Bytes)
{
    if (!Mdl || !Length)
        return STATUS_INVALID_PARAMETER;
    if (Length < Least || Length > MAX_BUNDLE)
        return STATUS_INVALID_USER_BUFFER;
    if (!Bytes)
        return STATUS_SUCCESS;
    *Bytes = MapMdl(Mdl);
    return *Bytes ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS
ReadDispatch(TUN *Tun, IRP *Irp)
{
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    NTSTATUS Status = CheckBuffer(Irp->MdlAddress, Length, MIN_READ, NULL);

    if (NT_SUCCESS(Status) && !ExAcquireRundownProtection(&Tun->Requests)) /* this thread's: the read may end any time */
        Status = STATUS_FILE_FORCED_CLOSED;
    if (!NT_SUCCESS(Status))
    {
        CompleteIrp(Tun, Irp, Status, 0);
        return Status;
    }
    IoMarkIrpPending(Irp);
    Status = IoCsqInsertIrpEx(&Tun->Reads, Irp, NULL, NULL);
    if (NT_SUCCESS(Status))
        Drain(Tun);
    else
        CompleteIrp(Tun, Irp, Status, 0);
    ExReleaseRundownProtection(&Tun->Requests);
    return MISTAKE(READ_RETURNS_SUCCESS) ? STATUS_SUCCESS : STATUS_PENDING;
}
