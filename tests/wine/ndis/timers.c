/* SPDX-License-Identifier: MIT
 *
 * NDIS's timers. Their functions run at DISPATCH_LEVEL, on the thread for work.
 */
#include "test_ndis.h"
#include "exports.h"
#include "slots.h"

#define SECOND 10000000ll

typedef struct _TEST_TIMER
{
    LIST_ENTRY Link;
    PNDIS_TIMER_FUNCTION Function;
    PVOID Context;
    PVOID SetContext;
    LONG64 Due;
    LONG Period;
    BOOLEAN Armed;
} TEST_TIMER;

static LIST_ENTRY Timers;
static KSPIN_LOCK Lock;
static volatile LONG Running;

void
TimersBegin(void)
{
    InitializeListHead(&Timers);
    KeInitializeSpinLock(&Lock);
    Running = 0;
}

/* In 100 ns, from some moment on. A due time is relative: nobody here asks for a date. */
static LONG64
Now(void)
{
    LARGE_INTEGER Frequency;
    LARGE_INTEGER Count = KeQueryPerformanceCounter(&Frequency);

    return Count.QuadPart / Frequency.QuadPart * SECOND + Count.QuadPart % Frequency.QuadPart * SECOND / Frequency.QuadPart;
}

static TEST_TIMER *
Elapsed(void)
{
    LONG64 Time = Now();
    PLIST_ENTRY Entry;

    for (Entry = Timers.Flink; Entry != &Timers; Entry = Entry->Flink)
    {
        TEST_TIMER *Timer = CONTAINING_RECORD(Entry, TEST_TIMER, Link);

        if (Timer->Armed && Timer->Due <= Time)
        {
            Timer->Armed = Timer->Period != 0;
            Timer->Due += 10000ll * Timer->Period;
            return Timer;
        }
    }
    return NULL;
}

void
TimersRun(void)
{
    for (;;)
    {
        TEST_TIMER *Timer;
        KIRQL Irql;

        KeAcquireSpinLock(&Lock, &Irql);
        Timer = Elapsed();
        Running = Timer != NULL;
        KeReleaseSpinLock(&Lock, Irql);
        if (Timer == NULL)
            return;
        Irql = IrqlSet(DISPATCH_LEVEL);
        Timer->Function(NULL, Timer->SetContext != NULL ? Timer->SetContext : Timer->Context, NULL, NULL);
        IrqlSet(Irql);
        Running = 0;
    }
}

/* Timer functions are NDIS's DPCs here. */
void
TestKeFlushQueuedDpcs(void)
{
    LARGE_INTEGER Pause = { .QuadPart = -10000 };

    while (Running != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
}

NDIS_STATUS
TestNdisAllocateTimerObject(NDIS_HANDLE NdisHandle, PNDIS_TIMER_CHARACTERISTICS Characteristics, PNDIS_HANDLE TimerObject)
{
    TEST_TIMER *Timer = Allocate(sizeof(*Timer));
    KIRQL Irql;

    UNREFERENCED_PARAMETER(NdisHandle);
    if (Timer == NULL)
        return NDIS_STATUS_RESOURCES;
    Timer->Function = Characteristics->TimerFunction;
    Timer->Context = Characteristics->FunctionContext;
    KeAcquireSpinLock(&Lock, &Irql);
    InsertTailList(&Timers, &Timer->Link);
    KeReleaseSpinLock(&Lock, Irql);
    *TimerObject = Timer;
    return NDIS_STATUS_SUCCESS;
}

void
TestNdisFreeTimerObject(NDIS_HANDLE TimerObject)
{
    TEST_TIMER *Timer = TimerObject;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    RemoveEntryList(&Timer->Link);
    KeReleaseSpinLock(&Lock, Irql);
    if (Timer->Armed)
        LogLine("mistake timer-freed-while-armed 1\n");
    ExFreePoolWithTag(Timer, POOL_TAG);
}

BOOLEAN
TestNdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime, LONG MillisecondsPeriod, PVOID FunctionContext)
{
    TEST_TIMER *Timer = TimerObject;
    BOOLEAN Before;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Before = Timer->Armed;
    Timer->Due = Now() - DueTime.QuadPart;
    Timer->Period = MillisecondsPeriod;
    Timer->SetContext = FunctionContext;
    Timer->Armed = TRUE;
    KeReleaseSpinLock(&Lock, Irql);
    return Before;
}

BOOLEAN
TestNdisCancelTimerObject(NDIS_HANDLE TimerObject)
{
    TEST_TIMER *Timer = TimerObject;
    BOOLEAN Before;
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    Before = Timer->Armed;
    Timer->Armed = FALSE;
    KeReleaseSpinLock(&Lock, Irql);
    return Before;
}

/* Milliseconds. */
void
TestNdisGetSystemUpTimeEx(PLARGE_INTEGER SystemUpTime)
{
    SystemUpTime->QuadPart = Now() / 10000;
}
