/*
 * A small TUN miniport, written by hand to check the host with a driver that pyndis did not make.
 *
 * User mode reads what the stack sends and writes what the stack shall receive, in bundles, through \Device\TESTTUN<n>.
 * It keeps every contract, unless it is built to make mistakes (mistakes.h).
 */
#pragma once

#include <ntifs.h>
#include <ndis.h>
#include "mistakes.h"

#define POOL_TAG 'nuTT'
#define MAX_PACKETS 256
#define HEADER_SIZE 16
#define MAX_PACKET_SPACE 0xF000
#define MTU (MAX_PACKET_SPACE - HEADER_SIZE)
#define MIN_WRITE 48
#define MIN_READ MAX_PACKET_SPACE
#define MAX_BUNDLE (MAX_PACKETS * MAX_PACKET_SPACE)
#define MAX_QUEUED 1000
#define MAX_AGE 20000        /* ms that a send may wait for a reader */
#define MAX_LENT (64 << 20)  /* bytes of write pages in the stack's hands */
#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40

/* What precedes each packet of a bundle; the packet and zeros up to a multiple of 16 follow. */
typedef struct _PACKET_HEADER
{
    ULONG Size;
    UCHAR Zero[HEADER_SIZE - sizeof(ULONG)];
} PACKET_HEADER;

C_ASSERT(sizeof(PACKET_HEADER) == HEADER_SIZE);

/* One open handle: FileObject->FsContext. */
typedef struct _CLIENT
{
    BOOLEAN Cleaned; /* under Tun->Lock: no read may wait any more */
} CLIENT;

typedef struct _SEND_QUEUE
{
    NET_BUFFER_LIST *First;
    NET_BUFFER_LIST *Last;
    ULONG Count;
} SEND_QUEUE;

typedef struct _TUN
{
    NDIS_HANDLE Adapter;
    NDIS_HANDLE NblPool;
    NDIS_HANDLE AgeTimer;
    NDIS_HANDLE DrainItem;
    NDIS_HANDLE DeviceHandle;
    DEVICE_OBJECT *Device;
    EX_RUNDOWN_REF Requests; /* every IRP and every open file holds one */
    KEVENT AllClosed;
    IO_CSQ Reads;

    KSPIN_LOCK SecondLock; /* for one of the mistakes */
    KSPIN_LOCK Lock; /* for all that follows */
    LIST_ENTRY ReadList;
    SEND_QUEUE Sends;
    BOOLEAN Paused;
    BOOLEAN LowPower;
    BOOLEAN Removed;
    BOOLEAN Halting;
    BOOLEAN Connected;
    BOOLEAN PausePending;
    BOOLEAN TimerArmed;
    BOOLEAN Draining;
    BOOLEAN DrainAgain;
    ULONG Handles;
    ULONG InFlight; /* NBLs of both directions, threads that handle them, an armed timer: pause waits for it */
    ULONG64 Lent;
    NDIS_STATISTICS_INFO Counters;
} TUN;

extern NDIS_HANDLE DriverHandle;
extern USHORT NdisVersion; /* as registered: major << 8 | minor */
VOID
KeepBlock(VOID);

/* adapter.c */
MINIPORT_INITIALIZE TunInitialize;
MINIPORT_HALT TunHalt;
MINIPORT_PAUSE TunPause;
MINIPORT_RESTART TunRestart;
MINIPORT_SHUTDOWN TunShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY TunPnpEvent;
VOID FlowEnter(_Inout_ TUN *Tun, _In_ ULONG Tokens);
VOID FlowLeave(_Inout_ TUN *Tun, _In_ ULONG Tokens);
VOID IndicateLink(_In_ TUN *Tun, _In_ BOOLEAN Connected);

/* device.c */
NDIS_STATUS DeviceRegister(_In_ NDIS_HANDLE Adapter, _In_ ULONG Index, _Out_ TUN **Tun);
DRIVER_DISPATCH TunDispatch;
VOID CompleteIrp(_In_ TUN *Tun, _In_ IRP *Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);

/* reads.c */
NTSTATUS ReadsInitialize(_Inout_ TUN *Tun);
NTSTATUS ReadDispatch(_Inout_ TUN *Tun, _Inout_ IRP *Irp);
VOID ReadsCancel(_Inout_ TUN *Tun, _In_opt_ FILE_OBJECT *File, _In_ NTSTATUS Status);
NTSTATUS CheckBuffer(_In_opt_ MDL *Mdl, _In_ ULONG Length, _In_ ULONG Least, _Out_ UCHAR **Bytes);

/* send.c */
MINIPORT_SEND_NET_BUFFER_LISTS TunSend;
MINIPORT_CANCEL_SEND TunCancelSend;
NDIS_TIMER_FUNCTION AgeElapsed;
VOID SendsFlush(_Inout_ TUN *Tun, _In_ NDIS_STATUS Status);
NET_BUFFER_LIST *SendsTake(_Inout_ TUN *Tun);
BOOLEAN SendsPutBack(_Inout_ TUN *Tun, _Inout_ NET_BUFFER_LIST *Nbl);

/* drain.c */
VOID Drain(_Inout_ TUN *Tun);
VOID CompleteSends(_Inout_ TUN *Tun, _In_opt_ NET_BUFFER_LIST *Chain, _In_ NDIS_STATUS Status);
NDIS_IO_WORKITEM_FUNCTION DrainContinue;

/* receive.c */
NTSTATUS WriteDispatch(_Inout_ TUN *Tun, _Inout_ IRP *Irp);
MINIPORT_RETURN_NET_BUFFER_LISTS TunReturn;

/* oid.c */
MINIPORT_OID_REQUEST TunOid;
MINIPORT_CANCEL_OID_REQUEST TunCancelOid;
extern const NDIS_OID SupportedOids[];
extern const ULONG SupportedOidsSize; /* bytes */

/* force_close.c */
VOID CloseHandlesByForce(_In_ TUN *Tun);

#if WITH_MISTAKES
NTSTATUS BrokenControl(_Inout_ TUN *Tun, _Inout_ IRP *Irp);
#endif

static FORCEINLINE NET_BUFFER **
CursorOf(_In_ NET_BUFFER_LIST *Nbl)
{
    return (NET_BUFFER **)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0];
}

/* Uptime in ms, cut to the width of a pointer: only differences count. */
static FORCEINLINE ULONG *
QueuedAtOf(_In_ NET_BUFFER_LIST *Nbl)
{
    return (ULONG *)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[1];
}

/* NULL if there is no room. Windows 7, whose NDIS is 6.20, does not know the flag. */
static FORCEINLINE VOID *
MapMdl(_In_ MDL *Mdl)
{
    ULONG NoExecute = NdisVersion >= (6 << 8 | 30) ? MdlMappingNoExecute : 0;

    return MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority | NoExecute);
}

static FORCEINLINE ULONG
UptimeMs(VOID)
{
    LARGE_INTEGER Now;

    NdisGetSystemUpTimeEx(&Now);
    return Now.LowPart;
}
