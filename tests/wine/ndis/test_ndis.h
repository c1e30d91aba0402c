/* SPDX-License-Identifier: MIT
 *
 * A small ndis.sys for tests: what a TUN miniport imports from NDIS, and what Wine's kernel lacks, for one driver with one adapter.
 * A device of its own, \\.\NdisTest, lets a program play the part of the protocols above the adapter (control.h).
 */
#pragma once

#include <ntifs.h>
#include <ndis.h>

#define POOL_TAG 'sTdN'

typedef struct _NDIS_DRIVER
{
    PDRIVER_OBJECT Object;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Characteristics;
    NDIS_HANDLE Context;
    PDRIVER_UNLOAD Unload; /* the one that the kernel calls: ours */
} NDIS_DRIVER;

typedef enum _ADAPTER_STATE
{
    ADAPTER_NONE,
    ADAPTER_PAUSED,
    ADAPTER_RUNNING,
} ADAPTER_STATE;

typedef struct _ADAPTER
{
    NDIS_HANDLE Context; /* the miniport's */
    ADAPTER_STATE State;
    PDEVICE_OBJECT PhysicalDevice;
    KEVENT Completed; /* a call that the miniport had answered with PENDING */
    NDIS_STATUS Status;
} ADAPTER;

extern NDIS_DRIVER Driver;
extern ADAPTER Adapter;

/* adapter.c: PASSIVE_LEVEL, on the thread for them (threads.c), which is not the one that requests come on. */
NDIS_STATUS AdapterAdd(ULONG LuidIndex, NDIS_STATUS *RestartStatus);
NDIS_STATUS AdapterPause(void);
NDIS_STATUS AdapterRestart(void);
void AdapterHalt(void);
NDIS_STATUS AdapterOid(NDIS_OID_REQUEST *Request);

/* device.c: devices that this driver routes requests for. */
NTSTATUS DeviceMake(const NDIS_DEVICE_OBJECT_ATTRIBUTES *Attributes, PDEVICE_OBJECT *Object);
void DeviceUnmake(PDEVICE_OBJECT Object);
DRIVER_DISPATCH DeviceDispatch;

/* control.c */
NTSTATUS ControlMake(void);
void ControlUnmake(void);

/* packets.c: what the protocols above do with packets. */
void PacketsBegin(void);
NTSTATUS PacketsSend(const UCHAR *Data, ULONG Size);
void PacketsCancel(ULONG CancelId);
void PacketsHold(BOOLEAN Hold);
ULONG PacketsReturn(BOOLEAN Reverse);

/* threads.c: one thread runs work items and timers, another what changes the adapter's state. */
typedef void TASK_ROUTINE(PVOID Context);
typedef struct _TASK
{
    LIST_ENTRY Link;
    TASK_ROUTINE *Routine;
    PVOID Context;
} TASK;

NTSTATUS ThreadsStart(void);
void ThreadsStop(void);
void ThreadsWork(TASK *Task);   /* run it as a work item */
void ThreadsChange(TASK *Task); /* run it as a change of state */
void ThreadsSettle(void);       /* until no work item is left. Not on either thread. */

/* timers.c: called by the thread for work. */
void TimersBegin(void);
void TimersRun(void);

/* log.c: lines of text, for the program to fetch. */
void LogBegin(void);
void LogLine(const char *Format, ...) __attribute__((format(printf, 1, 2)));
void LogBytes(const char *Start, const UCHAR *Data, ULONG Size);
ULONG LogTake(char *Buffer, ULONG Size);

/* slots.c: give the image's imports that Wine lacks to the functions of this driver. */
NTSTATUS SlotsPatch(PVOID Image);

static inline PVOID
Allocate(SIZE_T Size)
{
    PVOID Memory = ExAllocatePoolWithTag(NonPagedPool, Size, POOL_TAG);

    if (Memory != NULL)
        RtlZeroMemory(Memory, Size);
    return Memory;
}
