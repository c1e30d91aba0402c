/* Device registers in memory: whole accesses, in program order. */
#pragma once

FORCEINLINE UCHAR
READ_REGISTER_UCHAR(_In_ volatile UCHAR *Register)
{
    KeMemoryBarrier();
    return *Register;
}

FORCEINLINE USHORT
READ_REGISTER_USHORT(_In_ volatile USHORT *Register)
{
    KeMemoryBarrier();
    return *Register;
}

FORCEINLINE ULONG
READ_REGISTER_ULONG(_In_ volatile ULONG *Register)
{
    KeMemoryBarrier();
    return *Register;
}

FORCEINLINE VOID
WRITE_REGISTER_UCHAR(_In_ volatile UCHAR *Register, _In_ UCHAR Value)
{
    *Register = Value;
    KeMemoryBarrier();
}

FORCEINLINE VOID
WRITE_REGISTER_USHORT(_In_ volatile USHORT *Register, _In_ USHORT Value)
{
    *Register = Value;
    KeMemoryBarrier();
}

FORCEINLINE VOID
WRITE_REGISTER_ULONG(_In_ volatile ULONG *Register, _In_ ULONG Value)
{
    *Register = Value;
    KeMemoryBarrier();
}

#ifdef _WIN64

FORCEINLINE ULONG64
READ_REGISTER_ULONG64(_In_ volatile ULONG64 *Register)
{
    KeMemoryBarrier();
    return *Register;
}

FORCEINLINE VOID
WRITE_REGISTER_ULONG64(_In_ volatile ULONG64 *Register, _In_ ULONG64 Value)
{
    *Register = Value;
    KeMemoryBarrier();
}

#endif
