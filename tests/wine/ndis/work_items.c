/* SPDX-License-Identifier: MIT
 *
 * NDIS's work items, and its sleep.
 */
#include "test_ndis.h"
#include "exports.h"

typedef struct _WORK_ITEM
{
    TASK Task;
    NDIS_IO_WORKITEM_ROUTINE Routine;
    PVOID Context;
} WORK_ITEM;

static void
RunItem(PVOID Context)
{
    WORK_ITEM *Item = Context;

    Item->Routine(Item->Context, Item);
}

NDIS_HANDLE
TestNdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle)
{
    WORK_ITEM *Item = Allocate(sizeof(*Item));

    UNREFERENCED_PARAMETER(NdisObjectHandle);
    if (Item != NULL)
    {
        Item->Task.Routine = RunItem;
        Item->Task.Context = Item;
    }
    return Item;
}

void
TestNdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle)
{
    ExFreePoolWithTag(NdisIoWorkItemHandle, POOL_TAG);
}

void
TestNdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID WorkItemContext)
{
    WORK_ITEM *Item = NdisIoWorkItemHandle;

    Item->Routine = Routine;
    Item->Context = WorkItemContext;
    ThreadsWork(&Item->Task);
}

void
TestNdisMSleep(ULONG MicrosecondsToSleep)
{
    LARGE_INTEGER Pause = { .QuadPart = -10ll * MicrosecondsToSleep };

    KeDelayExecutionThread(KernelMode, FALSE, &Pause);
}
