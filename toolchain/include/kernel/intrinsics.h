/* Atomic operations and fences. On x86 the compiler has no 64-bit ones but compare-exchange; the rest are loops over it. */
#pragma once

LONG _InterlockedIncrement(LONG volatile *Addend);
LONG _InterlockedDecrement(LONG volatile *Addend);
LONG _InterlockedExchange(LONG volatile *Target, LONG Value);
LONG _InterlockedExchangeAdd(LONG volatile *Addend, LONG Value);
LONG _InterlockedCompareExchange(LONG volatile *Destination, LONG ExChange, LONG Comperand);
LONG _InterlockedAnd(LONG volatile *Destination, LONG Value);
LONG _InterlockedOr(LONG volatile *Destination, LONG Value);
LONG _InterlockedXor(LONG volatile *Destination, LONG Value);
SHORT _InterlockedIncrement16(SHORT volatile *Addend);
SHORT _InterlockedDecrement16(SHORT volatile *Addend);
SHORT _InterlockedExchange16(SHORT volatile *Target, SHORT Value);
SHORT _InterlockedCompareExchange16(SHORT volatile *Destination, SHORT ExChange, SHORT Comperand);
CHAR _InterlockedExchange8(CHAR volatile *Target, CHAR Value);
CHAR _InterlockedOr8(CHAR volatile *Destination, CHAR Value);
CHAR _InterlockedAnd8(CHAR volatile *Destination, CHAR Value);
CHAR _InterlockedXor8(CHAR volatile *Destination, CHAR Value);
LONG64 _InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 ExChange, LONG64 Comperand);
PVOID _InterlockedExchangePointer(PVOID volatile *Target, PVOID Value);
PVOID _InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID Exchange, PVOID Comperand);

#define InterlockedIncrement _InterlockedIncrement
#define InterlockedIncrementAcquire _InterlockedIncrement
#define InterlockedIncrementRelease _InterlockedIncrement
#define InterlockedIncrementNoFence _InterlockedIncrement
#define InterlockedDecrement _InterlockedDecrement
#define InterlockedDecrementAcquire _InterlockedDecrement
#define InterlockedDecrementRelease _InterlockedDecrement
#define InterlockedDecrementNoFence _InterlockedDecrement
#define InterlockedExchange _InterlockedExchange
#define InterlockedExchangeNoFence _InterlockedExchange
#define InterlockedExchangeAcquire _InterlockedExchange
#define InterlockedExchangeAdd _InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire _InterlockedExchangeAdd
#define InterlockedExchangeAddRelease _InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence _InterlockedExchangeAdd
#define InterlockedCompareExchange _InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire _InterlockedCompareExchange
#define InterlockedCompareExchangeRelease _InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence _InterlockedCompareExchange
#define InterlockedAnd _InterlockedAnd
#define InterlockedOr _InterlockedOr
#define InterlockedXor _InterlockedXor
#define InterlockedIncrement16 _InterlockedIncrement16
#define InterlockedDecrement16 _InterlockedDecrement16
#define InterlockedExchange16 _InterlockedExchange16
#define InterlockedCompareExchange16 _InterlockedCompareExchange16
#define InterlockedExchange8 _InterlockedExchange8
#define InterlockedOr8 _InterlockedOr8
#define InterlockedAnd8 _InterlockedAnd8
#define InterlockedXor8 _InterlockedXor8
#define InterlockedCompareExchange64 _InterlockedCompareExchange64
#define InterlockedExchangePointer _InterlockedExchangePointer
#define InterlockedExchangePointerNoFence _InterlockedExchangePointer
#define InterlockedExchangePointerAcquire _InterlockedExchangePointer
#define InterlockedCompareExchangePointer _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerAcquire _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease _InterlockedCompareExchangePointer

FORCEINLINE LONG
_InlineInterlockedAdd(LONG volatile *Addend, LONG Value)
{
    return _InterlockedExchangeAdd(Addend, Value) + Value;
}

#define InterlockedAdd _InlineInterlockedAdd
#define InterlockedAddNoFence _InlineInterlockedAdd

#ifdef _X86_

FORCEINLINE LONG64
_InlineInterlockedExchange64(LONG64 volatile *Target, LONG64 Value)
{
    LONG64 Old;

    do {
        Old = *Target;
    } while (_InterlockedCompareExchange64(Target, Value, Old) != Old);
    return Old;
}

FORCEINLINE LONG64
_InlineInterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    LONG64 Old;

    do {
        Old = *Addend;
    } while (_InterlockedCompareExchange64(Addend, Old + Value, Old) != Old);
    return Old;
}

FORCEINLINE LONG64
_InlineInterlockedAnd64(LONG64 volatile *Destination, LONG64 Value)
{
    LONG64 Old;

    do {
        Old = *Destination;
    } while (_InterlockedCompareExchange64(Destination, Old & Value, Old) != Old);
    return Old;
}

FORCEINLINE LONG64
_InlineInterlockedOr64(LONG64 volatile *Destination, LONG64 Value)
{
    LONG64 Old;

    do {
        Old = *Destination;
    } while (_InterlockedCompareExchange64(Destination, Old | Value, Old) != Old);
    return Old;
}

FORCEINLINE LONG64
_InlineInterlockedXor64(LONG64 volatile *Destination, LONG64 Value)
{
    LONG64 Old;

    do {
        Old = *Destination;
    } while (_InterlockedCompareExchange64(Destination, Old ^ Value, Old) != Old);
    return Old;
}

FORCEINLINE LONG64
_InlineInterlockedIncrement64(LONG64 volatile *Addend)
{
    return _InlineInterlockedExchangeAdd64(Addend, 1) + 1;
}

FORCEINLINE LONG64
_InlineInterlockedDecrement64(LONG64 volatile *Addend)
{
    return _InlineInterlockedExchangeAdd64(Addend, -1) - 1;
}

#define InterlockedExchange64 _InlineInterlockedExchange64
#define InterlockedExchangeAdd64 _InlineInterlockedExchangeAdd64
#define InterlockedAnd64 _InlineInterlockedAnd64
#define InterlockedOr64 _InlineInterlockedOr64
#define InterlockedXor64 _InlineInterlockedXor64
#define InterlockedIncrement64 _InlineInterlockedIncrement64
#define InterlockedDecrement64 _InlineInterlockedDecrement64

#else

LONG64 _InterlockedExchange64(LONG64 volatile *Target, LONG64 Value);
LONG64 _InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value);
LONG64 _InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value);
LONG64 _InterlockedOr64(LONG64 volatile *Destination, LONG64 Value);
LONG64 _InterlockedXor64(LONG64 volatile *Destination, LONG64 Value);
LONG64 _InterlockedIncrement64(LONG64 volatile *Addend);
LONG64 _InterlockedDecrement64(LONG64 volatile *Addend);

#define InterlockedExchange64 _InterlockedExchange64
#define InterlockedExchangeAdd64 _InterlockedExchangeAdd64
#define InterlockedAnd64 _InterlockedAnd64
#define InterlockedOr64 _InterlockedOr64
#define InterlockedXor64 _InterlockedXor64
#define InterlockedIncrement64 _InterlockedIncrement64
#define InterlockedDecrement64 _InterlockedDecrement64

#endif

FORCEINLINE LONG64
_InlineInterlockedAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    return InterlockedExchangeAdd64(Addend, Value) + Value;
}

#define InterlockedAdd64 _InlineInterlockedAdd64

#ifdef _WIN64
#define InterlockedIncrementSizeT(a) InterlockedIncrement64((LONG64 volatile *)(a))
#define InterlockedDecrementSizeT(a) InterlockedDecrement64((LONG64 volatile *)(a))
#define InterlockedExchangeAddSizeT(a, b) InterlockedExchangeAdd64((LONG64 volatile *)(a), (LONG64)(b))
#else
#define InterlockedIncrementSizeT(a) InterlockedIncrement((LONG volatile *)(a))
#define InterlockedDecrementSizeT(a) InterlockedDecrement((LONG volatile *)(a))
#define InterlockedExchangeAddSizeT(a, b) InterlockedExchangeAdd((LONG volatile *)(a), (LONG)(b))
#endif

#ifdef PYNDIS_PARSE
VOID KeMemoryBarrier(VOID);
VOID KeMemoryBarrierWithoutFence(VOID);
VOID YieldProcessor(VOID);
VOID RtlFailFast(ULONG Code);
#else

/* Stop the machine at once (Windows 8 and later). */
FORCEINLINE DECLSPEC_NORETURN VOID
RtlFailFast(ULONG Code)
{
    __fastfail(Code);
}

FORCEINLINE VOID
KeMemoryBarrier(VOID)
{
    __sync_synchronize();
}

#define KeMemoryBarrierWithoutFence() __asm__ volatile("" ::: "memory")
#if defined(_ARM64_)
#define YieldProcessor() __asm__ volatile("dmb ishst\n\tyield" ::: "memory")
#else
#define YieldProcessor() __asm__ volatile("pause" ::: "memory")
#endif
#endif

#define MemoryBarrier() KeMemoryBarrier()
