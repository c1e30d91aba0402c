/* SPDX-License-Identifier: MIT
 *
 * Two threads, because a change of the adapter's state waits for work items and for requests, which come on a third one.
 */
#include "test_ndis.h"

#define MILLISECOND 10000ll
#define TIMER_PERIOD (20 * MILLISECOND)

typedef struct _WORKER
{
    LIST_ENTRY Tasks;
    KSPIN_LOCK Lock;
    KEVENT Wake;
    BOOLEAN Stop;
    volatile LONG Pending; /* tasks that have not ended */
    BOOLEAN Timers;        /* it runs them too */
    HANDLE Thread;
} WORKER;

static WORKER Work = { .Timers = TRUE };
static WORKER Change;

static TASK *
Next(WORKER *Worker)
{
    TASK *Task = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Worker->Lock, &Irql);
    if (!IsListEmpty(&Worker->Tasks))
        Task = CONTAINING_RECORD(RemoveHeadList(&Worker->Tasks), TASK, Link);
    KeReleaseSpinLock(&Worker->Lock, Irql);
    return Task;
}

static VOID
Run(PVOID Context)
{
    WORKER *Worker = Context;
    LARGE_INTEGER Period = { .QuadPart = -TIMER_PERIOD };
    TASK *Task;

    for (;;)
    {
        BOOLEAN Last = Worker->Stop;

        while ((Task = Next(Worker)) != NULL)
        {
            Task->Routine(Task->Context);
            InterlockedDecrement(&Worker->Pending);
        }
        if (Worker->Timers)
            TimersRun();
        if (Last)
            break;
        KeWaitForSingleObject(&Worker->Wake, Executive, KernelMode, FALSE, Worker->Timers ? &Period : NULL);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS
Start(WORKER *Worker)
{
    InitializeListHead(&Worker->Tasks);
    KeInitializeSpinLock(&Worker->Lock);
    KeInitializeEvent(&Worker->Wake, SynchronizationEvent, FALSE);
    Worker->Stop = FALSE;
    Worker->Pending = 0;
    return PsCreateSystemThread(&Worker->Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Run, Worker);
}

static void
Stop(WORKER *Worker)
{
    Worker->Stop = TRUE;
    KeSetEvent(&Worker->Wake, IO_NO_INCREMENT, FALSE);
    ZwWaitForSingleObject(Worker->Thread, FALSE, NULL);
    ZwClose(Worker->Thread);
}

static void
Queue(WORKER *Worker, TASK *Task)
{
    KIRQL Irql;

    InterlockedIncrement(&Worker->Pending);
    KeAcquireSpinLock(&Worker->Lock, &Irql);
    InsertTailList(&Worker->Tasks, &Task->Link);
    KeReleaseSpinLock(&Worker->Lock, Irql);
    KeSetEvent(&Worker->Wake, IO_NO_INCREMENT, FALSE);
}

NTSTATUS
ThreadsStart(void)
{
    NTSTATUS Status = Start(&Work);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = Start(&Change);
    if (!NT_SUCCESS(Status))
        Stop(&Work);
    return Status;
}

void
ThreadsStop(void)
{
    Stop(&Change);
    Stop(&Work);
}

void
ThreadsWork(TASK *Task)
{
    Queue(&Work, Task);
}

void
ThreadsChange(TASK *Task)
{
    Queue(&Change, Task);
}

void
ThreadsSettle(void)
{
    LARGE_INTEGER Pause = { .QuadPart = -MILLISECOND };

    while (Work.Pending != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
}
