/* Loads and stores that happen once, whole, and in the order that their name says: NoFence, Raw, Acquire, Release. */
#pragma once

#ifdef PYNDIS_PARSE

CHAR ReadNoFence8(CHAR const volatile *Source);
CHAR ReadRaw8(CHAR const volatile *Source);
CHAR ReadAcquire8(CHAR const volatile *Source);
VOID WriteNoFence8(CHAR volatile *Destination, CHAR Value);
VOID WriteRaw8(CHAR volatile *Destination, CHAR Value);
VOID WriteRelease8(CHAR volatile *Destination, CHAR Value);
SHORT ReadNoFence16(SHORT const volatile *Source);
SHORT ReadRaw16(SHORT const volatile *Source);
SHORT ReadAcquire16(SHORT const volatile *Source);
VOID WriteNoFence16(SHORT volatile *Destination, SHORT Value);
VOID WriteRaw16(SHORT volatile *Destination, SHORT Value);
VOID WriteRelease16(SHORT volatile *Destination, SHORT Value);
LONG ReadNoFence(LONG const volatile *Source);
LONG ReadRaw(LONG const volatile *Source);
LONG ReadAcquire(LONG const volatile *Source);
VOID WriteNoFence(LONG volatile *Destination, LONG Value);
VOID WriteRaw(LONG volatile *Destination, LONG Value);
VOID WriteRelease(LONG volatile *Destination, LONG Value);
LONG64 ReadNoFence64(LONG64 const volatile *Source);
LONG64 ReadRaw64(LONG64 const volatile *Source);
LONG64 ReadAcquire64(LONG64 const volatile *Source);
VOID WriteNoFence64(LONG64 volatile *Destination, LONG64 Value);
VOID WriteRaw64(LONG64 volatile *Destination, LONG64 Value);
VOID WriteRelease64(LONG64 volatile *Destination, LONG64 Value);
UCHAR ReadUCharNoFence(UCHAR const volatile *Source);
UCHAR ReadUCharRaw(UCHAR const volatile *Source);
UCHAR ReadUCharAcquire(UCHAR const volatile *Source);
VOID WriteUCharNoFence(UCHAR volatile *Destination, UCHAR Value);
VOID WriteUCharRaw(UCHAR volatile *Destination, UCHAR Value);
VOID WriteUCharRelease(UCHAR volatile *Destination, UCHAR Value);
USHORT ReadUShortNoFence(USHORT const volatile *Source);
USHORT ReadUShortRaw(USHORT const volatile *Source);
USHORT ReadUShortAcquire(USHORT const volatile *Source);
VOID WriteUShortNoFence(USHORT volatile *Destination, USHORT Value);
VOID WriteUShortRaw(USHORT volatile *Destination, USHORT Value);
VOID WriteUShortRelease(USHORT volatile *Destination, USHORT Value);
ULONG ReadULongNoFence(ULONG const volatile *Source);
ULONG ReadULongRaw(ULONG const volatile *Source);
ULONG ReadULongAcquire(ULONG const volatile *Source);
VOID WriteULongNoFence(ULONG volatile *Destination, ULONG Value);
VOID WriteULongRaw(ULONG volatile *Destination, ULONG Value);
VOID WriteULongRelease(ULONG volatile *Destination, ULONG Value);
ULONG64 ReadULong64NoFence(ULONG64 const volatile *Source);
ULONG64 ReadULong64Raw(ULONG64 const volatile *Source);
ULONG64 ReadULong64Acquire(ULONG64 const volatile *Source);
VOID WriteULong64NoFence(ULONG64 volatile *Destination, ULONG64 Value);
VOID WriteULong64Raw(ULONG64 volatile *Destination, ULONG64 Value);
VOID WriteULong64Release(ULONG64 volatile *Destination, ULONG64 Value);
UCHAR ReadBooleanNoFence(BOOLEAN const volatile *Source);
UCHAR ReadBooleanAcquire(BOOLEAN const volatile *Source);
VOID WriteBooleanNoFence(BOOLEAN volatile *Destination, BOOLEAN Value);
VOID WriteBooleanRelease(BOOLEAN volatile *Destination, BOOLEAN Value);
PVOID ReadPointerNoFence(PVOID const volatile *Source);
PVOID ReadPointerRaw(PVOID const volatile *Source);
PVOID ReadPointerAcquire(PVOID const volatile *Source);
VOID WritePointerNoFence(PVOID volatile *Destination, PVOID Value);
VOID WritePointerRaw(PVOID volatile *Destination, PVOID Value);
VOID WritePointerRelease(PVOID volatile *Destination, PVOID Value);

#else

FORCEINLINE CHAR ReadNoFence8(CHAR const volatile *Source)
{
    return (CHAR)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE CHAR ReadRaw8(CHAR const volatile *Source)
{
    return (CHAR)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE CHAR ReadAcquire8(CHAR const volatile *Source)
{
    return (CHAR)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteNoFence8(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRaw8(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRelease8(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE SHORT ReadNoFence16(SHORT const volatile *Source)
{
    return (SHORT)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE SHORT ReadRaw16(SHORT const volatile *Source)
{
    return (SHORT)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE SHORT ReadAcquire16(SHORT const volatile *Source)
{
    return (SHORT)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteNoFence16(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRaw16(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRelease16(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE LONG ReadNoFence(LONG const volatile *Source)
{
    return (LONG)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE LONG ReadRaw(LONG const volatile *Source)
{
    return (LONG)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE LONG ReadAcquire(LONG const volatile *Source)
{
    return (LONG)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteNoFence(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRaw(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRelease(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE UCHAR ReadUCharNoFence(UCHAR const volatile *Source)
{
    return (UCHAR)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE UCHAR ReadUCharRaw(UCHAR const volatile *Source)
{
    return (UCHAR)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE UCHAR ReadUCharAcquire(UCHAR const volatile *Source)
{
    return (UCHAR)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteUCharNoFence(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteUCharRaw(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteUCharRelease(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE USHORT ReadUShortNoFence(USHORT const volatile *Source)
{
    return (USHORT)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE USHORT ReadUShortRaw(USHORT const volatile *Source)
{
    return (USHORT)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE USHORT ReadUShortAcquire(USHORT const volatile *Source)
{
    return (USHORT)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteUShortNoFence(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteUShortRaw(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteUShortRelease(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE ULONG ReadULongNoFence(ULONG const volatile *Source)
{
    return (ULONG)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE ULONG ReadULongRaw(ULONG const volatile *Source)
{
    return (ULONG)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE ULONG ReadULongAcquire(ULONG const volatile *Source)
{
    return (ULONG)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteULongNoFence(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteULongRaw(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteULongRelease(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE UCHAR ReadBooleanNoFence(BOOLEAN const volatile *Source)
{
    return (BOOLEAN)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE UCHAR ReadBooleanAcquire(BOOLEAN const volatile *Source)
{
    return (BOOLEAN)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteBooleanNoFence(BOOLEAN volatile *Destination, BOOLEAN Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteBooleanRelease(BOOLEAN volatile *Destination, BOOLEAN Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE PVOID ReadPointerNoFence(PVOID const volatile *Source)
{
    return (PVOID)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE PVOID ReadPointerRaw(PVOID const volatile *Source)
{
    return (PVOID)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE PVOID ReadPointerAcquire(PVOID const volatile *Source)
{
    return (PVOID)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WritePointerNoFence(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WritePointerRaw(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WritePointerRelease(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

/* x86 has no plain 64-bit access that is whole and leaves the floating-point registers alone: compare-exchange it is. */
#if defined(_X86_)

FORCEINLINE LONG64 ReadNoFence64(LONG64 const volatile *Source)
{
    return (LONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE LONG64 ReadRaw64(LONG64 const volatile *Source)
{
    return (LONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE LONG64 ReadAcquire64(LONG64 const volatile *Source)
{
    return (LONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE VOID WriteNoFence64(LONG64 volatile *Destination, LONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

FORCEINLINE VOID WriteRaw64(LONG64 volatile *Destination, LONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

FORCEINLINE VOID WriteRelease64(LONG64 volatile *Destination, LONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

FORCEINLINE ULONG64 ReadULong64NoFence(ULONG64 const volatile *Source)
{
    return (ULONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE ULONG64 ReadULong64Raw(ULONG64 const volatile *Source)
{
    return (ULONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE ULONG64 ReadULong64Acquire(ULONG64 const volatile *Source)
{
    return (ULONG64)_InterlockedCompareExchange64((LONG64 volatile *)Source, 0, 0);
}

FORCEINLINE VOID WriteULong64NoFence(ULONG64 volatile *Destination, ULONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

FORCEINLINE VOID WriteULong64Raw(ULONG64 volatile *Destination, ULONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

FORCEINLINE VOID WriteULong64Release(ULONG64 volatile *Destination, ULONG64 Value)
{
    (VOID)InterlockedExchange64((LONG64 volatile *)Destination, (LONG64)Value);
}

#else

FORCEINLINE LONG64 ReadNoFence64(LONG64 const volatile *Source)
{
    return (LONG64)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE LONG64 ReadRaw64(LONG64 const volatile *Source)
{
    return (LONG64)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE LONG64 ReadAcquire64(LONG64 const volatile *Source)
{
    return (LONG64)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteNoFence64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRaw64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteRelease64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

FORCEINLINE ULONG64 ReadULong64NoFence(ULONG64 const volatile *Source)
{
    return (ULONG64)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE ULONG64 ReadULong64Raw(ULONG64 const volatile *Source)
{
    return (ULONG64)__atomic_load_n(Source, __ATOMIC_RELAXED);
}

FORCEINLINE ULONG64 ReadULong64Acquire(ULONG64 const volatile *Source)
{
    return (ULONG64)__atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

FORCEINLINE VOID WriteULong64NoFence(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteULong64Raw(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

FORCEINLINE VOID WriteULong64Release(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

#endif

#endif

#ifdef _WIN64
#define ReadLongPtrNoFence ReadNoFence64
#define ReadULongPtrNoFence ReadULong64NoFence
#define ReadLongPtrRaw ReadRaw64
#define ReadULongPtrRaw ReadULong64Raw
#define ReadLongPtrAcquire ReadAcquire64
#define ReadULongPtrAcquire ReadULong64Acquire
#define WriteLongPtrNoFence WriteNoFence64
#define WriteULongPtrNoFence WriteULong64NoFence
#define WriteLongPtrRaw WriteRaw64
#define WriteULongPtrRaw WriteULong64Raw
#define WriteLongPtrRelease WriteRelease64
#define WriteULongPtrRelease WriteULong64Release
#else
#define ReadLongPtrNoFence ReadNoFence
#define ReadULongPtrNoFence ReadULongNoFence
#define ReadLongPtrRaw ReadRaw
#define ReadULongPtrRaw ReadULongRaw
#define ReadLongPtrAcquire ReadAcquire
#define ReadULongPtrAcquire ReadULongAcquire
#define WriteLongPtrNoFence WriteNoFence
#define WriteULongPtrNoFence WriteULongNoFence
#define WriteLongPtrRaw WriteRaw
#define WriteULongPtrRaw WriteULongRaw
#define WriteLongPtrRelease WriteRelease
#define WriteULongPtrRelease WriteULongRelease
#endif
