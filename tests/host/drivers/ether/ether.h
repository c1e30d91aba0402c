/*
 * Ethernet adapters of one driver on one simulated wire: what an adapter sends, the others receive. Written by hand to check the
 * host with what such drivers use: configuration, network address, lookaside lists, RW lock, DPCs, timers, work items, a control
 * device, a thread that waits for events.
 */
#pragma once

#include <ntifs.h>
#include <ndis.h>

#define POOL_TAG 'hteT'
#define ADDRESS_SIZE 6
#define FRAME_HEADER_SIZE 14
#define FRAME_SIZE 1514
#define MULTICAST_MAX 8
#define LINK_DELAY 1000 /* ms from restart until the link is up */
#define IOCTL_COUNTERS CTL_CODE(FILE_DEVICE_NETWORK, 0x900, METHOD_BUFFERED, FILE_READ_DATA)

/* A frame on its way to one adapter, from the lookaside list. */
typedef struct _FRAME
{
    LIST_ENTRY Entry;
    MDL *Mdl;
    ULONG Size;
    UCHAR Bytes[FRAME_SIZE];
} FRAME;

typedef struct _ETHER
{
    LIST_ENTRY Entry; /* on the wire */
    NDIS_HANDLE Adapter;
    NDIS_HANDLE NblPool;
    NDIS_HANDLE LinkTimer;
    NDIS_HANDLE WorkItem;
    NDIS_OID_REQUEST *Pended;
    KDPC Dpc;
    UCHAR Address[ADDRESS_SIZE];
    ULONG Depth; /* frames that may wait, from the configuration */

    KSPIN_LOCK Lock; /* for all that follows */
    LIST_ENTRY Frames;
    ULONG Waiting;
    ULONG InFlight; /* frames with the stack, and the DPC */
    BOOLEAN Running;
    BOOLEAN DpcQueued;
    BOOLEAN PausePending;
    ULONG Filter;
    ULONG MulticastCount;
    UCHAR Multicast[MULTICAST_MAX][ADDRESS_SIZE];
    ULONG64 Sent;
    ULONG64 Received;
    ULONG64 Dropped;
} ETHER;

typedef struct _DRIVER
{
    NDIS_HANDLE Handle;
    NDIS_HANDLE Device;
    PNDIS_RW_LOCK_EX WireLock;
    LIST_ENTRY Wire;
    NPAGED_LOOKASIDE_LIST FrameList;
    KEVENT Stop;
    KEVENT Look;
    PETHREAD Thread;
    volatile LONG Looked;
} DRIVER;

extern DRIVER Driver;

/* adapter.c */
MINIPORT_INITIALIZE EtherInitialize;
MINIPORT_HALT EtherHalt;
MINIPORT_PAUSE EtherPause;
MINIPORT_RESTART EtherRestart;
MINIPORT_SHUTDOWN EtherShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY EtherPnpEvent;

/* frames.c */
MINIPORT_SEND_NET_BUFFER_LISTS EtherSend;
MINIPORT_CANCEL_SEND EtherCancelSend;
MINIPORT_RETURN_NET_BUFFER_LISTS EtherReturn;
KDEFERRED_ROUTINE EtherDeliver;
VOID FlowLeave(_Inout_ ETHER *Ether, _In_ ULONG Count);
VOID DropFrames(_Inout_ ETHER *Ether);

/* oids.c */
MINIPORT_OID_REQUEST EtherOid;
MINIPORT_CANCEL_OID_REQUEST EtherCancelOid;
extern const NDIS_OID SupportedOids[];
extern const ULONG SupportedOidsSize;

/* device.c */
NDIS_STATUS DeviceRegister(VOID);
