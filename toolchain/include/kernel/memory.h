/* Memory, strings and pool: what is a macro or inline in C. */
#pragma once

#define RtlCopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define RtlMoveMemory(destination, source, length) memmove((destination), (source), (length))
#define RtlFillMemory(destination, length, fill) memset((destination), (fill), (length))
#define RtlZeroMemory(destination, length) memset((destination), 0, (length))
#define RtlEqualMemory(one, other, length) (!memcmp((one), (other), (length)))

/* Zeroes that no optimizer takes away. */
FORCEINLINE PVOID
RtlSecureZeroMemory(_Out_ PVOID Destination, _In_ SIZE_T Length)
{
    volatile CHAR *Byte = (volatile CHAR *)Destination;

    while (Length != 0) {
        *Byte = 0;
        Byte++;
        Length--;
    }
    return Destination;
}

#define RtlUshortByteSwap(value) ((USHORT)((((USHORT)(value)) << 8) | (((USHORT)(value)) >> 8)))
#ifdef PYNDIS_PARSE
ULONG RtlUlongByteSwap(ULONG Source);
ULONGLONG RtlUlonglongByteSwap(ULONGLONG Source);
#else
#define RtlUlongByteSwap(value) ((ULONG)__builtin_bswap32(value))
#define RtlUlonglongByteSwap(value) ((ULONGLONG)__builtin_bswap64(value))
#endif

#define RTL_CONSTANT_STRING(text) { sizeof(text) - sizeof((text)[0]), sizeof(text), (text) }
#define DECLARE_CONST_UNICODE_STRING(name, text) \
    const WCHAR name##_buffer[] = text; \
    const UNICODE_STRING name = { sizeof(text) - sizeof(WCHAR), sizeof(text), (PWSTR)name##_buffer }
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(name, text) \
    extern const DECLSPEC_SELECTANY UNICODE_STRING name = RTL_CONSTANT_STRING((PWSTR)text)
#define DECLARE_UNICODE_STRING_SIZE(name, size) \
    WCHAR name##_buffer[size]; \
    UNICODE_STRING name = { 0, (size) * sizeof(WCHAR), name##_buffer }

FORCEINLINE VOID
RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_opt_ PWCHAR Buffer, _In_ USHORT BufferSize)
{
    UnicodeString->Length = 0;
    UnicodeString->MaximumLength = BufferSize;
    UnicodeString->Buffer = Buffer;
}

FORCEINLINE VOID
RtlInitEmptyAnsiString(_Out_ PANSI_STRING AnsiString, _In_opt_ PCHAR Buffer, _In_ USHORT BufferSize)
{
    AnsiString->Length = 0;
    AnsiString->MaximumLength = BufferSize;
    AnsiString->Buffer = Buffer;
}

FORCEINLINE LARGE_INTEGER
RtlConvertLongToLargeInteger(_In_ LONG SignedInteger)
{
    LARGE_INTEGER Result;

    Result.QuadPart = SignedInteger;
    return Result;
}

FORCEINLINE LARGE_INTEGER
RtlConvertUlongToLargeInteger(_In_ ULONG UnsignedInteger)
{
    LARGE_INTEGER Result;

    Result.QuadPart = UnsignedInteger;
    return Result;
}

#ifdef POOL_NX_OPTIN_AUTO
#define NonPagedPool NonPagedPoolNx
#endif

/* Zeroed pool on every Windows: the flag says so where the system knows it, and where it does not we clear the block. */
FORCEINLINE PVOID
ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag)
{
    PVOID Block = ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);

    if (Block != NULL) {
        memset(Block, 0, NumberOfBytes);
    }
    return Block;
}

FORCEINLINE VOID
ExInitializeDriverRuntime(_In_ ULONG RuntimeFlags)
{
    UNREFERENCED_PARAMETER(RuntimeFlags);
}

#define RtlIntPtrToUnicodeString RtlInt64ToUnicodeString
#define RtlOffsetToPointer(base, offset) ((PCHAR)(((PCHAR)(base)) + ((ULONG_PTR)(offset))))
#define RtlPointerToOffset(base, pointer) ((ULONG)(((PCHAR)(pointer)) - ((PCHAR)(base))))

FORCEINLINE PVOID
ExAllocateFromNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside)
{
    PVOID Entry;

    Lookaside->L.TotalAllocates++;
    Entry = InterlockedPopEntrySList(&Lookaside->L.ListHead);
    if (Entry == NULL) {
        Lookaside->L.AllocateMisses++;
        Entry = Lookaside->L.Allocate(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag);
    }
    return Entry;
}

FORCEINLINE VOID
ExFreeToNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside, _In_ PVOID Entry)
{
    Lookaside->L.TotalFrees++;
    if (ExQueryDepthSList(&Lookaside->L.ListHead) >= Lookaside->L.Depth) {
        Lookaside->L.FreeMisses++;
        Lookaside->L.Free(Entry);
    } else {
        InterlockedPushEntrySList(&Lookaside->L.ListHead, (PSLIST_ENTRY)Entry);
    }
}
