/* Reads of a client's memory: once into a copy, or again and again. */
#include "probe.h"

typedef struct _RECORD
{
    ULONG Size;
    UCHAR Data[12];
} RECORD;

static volatile RECORD *
RecordOf(_In_ CALL *Call)
{
    return Call->Irp->MdlAddress ? MmGetSystemAddressForMdlSafe(Call->Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute) : NULL;
}

/* What a driver does that trusts the check it made before. */
BREAKS(DoubleFetch, Write)
{
    volatile RECORD *Record = RecordOf(Call);
    UCHAR Copy[sizeof(RECORD)] = { 0 };

    if (!Record || Record->Size > 8)
        return;
    for (ULONG i = 0; i < min(Record->Size, sizeof(Copy)); ++i)
        Copy[i] = 1;
    Call->Status = Copy[0] ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

KEEPS(DoubleFetch, Write)
{
    volatile RECORD *Record = RecordOf(Call);
    ULONG Size = Record ? Record->Size : 0;
    UCHAR Sum = 0;

    if (Size > 8)
        return;
    for (ULONG i = 0; i < Size; ++i)
        Sum += Record->Data[i];
    Call->Status = Sum ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

__attribute__((noinline)) static NTSTATUS
Use(_In_ const volatile RECORD *Copy)
{
    return Copy->Size > 8 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* The header is checked in place, then copied with the rest. */
BREAKS(DoubleFetchByCopy, Write)
{
    volatile RECORD *Record = RecordOf(Call);
    RECORD Copy;

    if (!Record || Record->Size > 8)
        return;
    RtlCopyMemory(&Copy, (const VOID *)Record, sizeof(Copy));
    Call->Status = Use(&Copy);
}

KEEPS(DoubleFetchByCopy, Write)
{
    volatile RECORD *Record = RecordOf(Call);
    RECORD Copy;

    if (!Record)
        return;
    RtlCopyMemory(&Copy, (const VOID *)Record, sizeof(Copy));
    Call->Status = Use(&Copy);
}

__attribute__((noinline)) static ULONG
SizeOf(_In_ volatile RECORD *Record)
{
    return Record->Size;
}

/* The same instruction, on two ways to it. */
BREAKS(DoubleFetchByFunction, Write)
{
    volatile RECORD *Record = RecordOf(Call);

    if (Record && SizeOf(Record) <= 8)
        Call->Status = SizeOf(Record) <= 8 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

typedef struct __attribute__((packed)) _ODD
{
    UCHAR Data[15];
} ODD;

/* A copy of 15 bytes is two loads of 8 that overlap. */
KEEPS(CopyOfOverlappingLoads, Write)
{
    ODD *Record = (ODD *)RecordOf(Call);
    ODD Copy;

    if (!Record)
        return;
    Copy = *Record;
    Call->Status = ((volatile ODD *)&Copy)->Data[14] ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* A loop that asks for the same byte until it changes. */
KEEPS(Poll, Write)
{
    volatile RECORD *Record = RecordOf(Call);

    while (Record && Record->Data[0] == 1)
        ;
}
