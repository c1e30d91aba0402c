/*
 * A miniport that does little of its own and keeps every rule. A test chooses a scene by writing its name behind the marker in the
 * image: the scene's functions then run at the hooks that they name, and break one rule, or do the same and keep it.
 */
#pragma once

#include <ntifs.h>
#include <ndis.h>

#define POOL_TAG 'blRP'

typedef enum _HOOK
{
    HOOK_Entry,      /* DriverEntry, before the registration */
    HOOK_Registered, /* DriverEntry, after it */
    HOOK_Attributes, /* MiniportInitializeEx, before any attribute is set */
    HOOK_General,    /* after the registration attributes, before the general ones */
    HOOK_Initialize, /* at its end */
    HOOK_Restart,
    HOOK_Pause,
    HOOK_Halt,
    HOOK_Shutdown,
    HOOK_Unload,
    HOOK_Send,
    HOOK_CancelSend,
    HOOK_Return,
    HOOK_Oid,
    HOOK_CancelOid,
    HOOK_PnpEvent,
    HOOK_Create,
    HOOK_Cleanup,
    HOOK_Close,
    HOOK_Read,
    HOOK_Write,
    HOOK_Control,
    HOOK_COUNT
} HOOK;

/* What a scene's function gets, and what it may change of what the probe does after it. */
typedef struct _CALL
{
    NDIS_HANDLE Adapter;
    DEVICE_OBJECT *Device;
    IRP *Irp;
    NET_BUFFER_LIST *Chain;
    NDIS_OID_REQUEST *Request;
    ULONG Flags; /* of a send or a return */
    PVOID Id;    /* to cancel */
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS *Characteristics;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *Registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *General;
    NTSTATUS Status; /* what the callback returns; the status of an IRP, OID or NBL that the probe completes */
    BOOLEAN Taken;   /* the scene has dealt with the IRP, the OID or the NBLs: the probe does nothing more than return Status */
} CALL;

typedef VOID SCENE_FUNCTION(_Inout_ CALL *Call);

typedef struct _SCENE
{
    const CHAR *Name;
    SIZE_T Hook;
    SCENE_FUNCTION *Run;
} SCENE;

/* A function of the scene "breaks Name" or "keeps Name", for one hook; a scene may have one at each hook. */
#define SCENE_AT(Kind, Name_, Hook_)                                                                                     \
    static SCENE_FUNCTION Kind##Name_##Hook_;                                                                            \
    __attribute__((section(".rdata$scene_m"), used)) static const SCENE Scene##Kind##Name_##Hook_ = {                    \
        #Kind " " #Name_, HOOK_##Hook_, Kind##Name_##Hook_                                                               \
    };                                                                                                                   \
    __attribute__((noinline)) _Use_decl_annotations_ static VOID Kind##Name_##Hook_(CALL *Call)
#define BREAKS(Name, Hook) SCENE_AT(breaks, Name, Hook)
#define KEEPS(Name, Hook) SCENE_AT(keeps, Name, Hook)

extern NDIS_HANDLE DriverHandle;
extern NDIS_HANDLE DeviceHandle;
extern DEVICE_OBJECT *ControlDevice;
extern USHORT NdisVersion; /* as registered: major << 8 | minor */

/* What the probe does at a hook, if a scene of that hook has been chosen. */
VOID RunScene(_In_ HOOK Hook, _Inout_ CALL *Call);
VOID CompleteIrp(_Inout_ IRP *Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);
VOID CompleteSends(_In_ NDIS_HANDLE Adapter, _In_ NET_BUFFER_LIST *Chain, _In_ NDIS_STATUS Status, _In_ ULONG Flags);

/* device.c */
NDIS_STATUS DeviceRegister(VOID);

/* adapter.c */
MINIPORT_INITIALIZE ProbeInitialize;
MINIPORT_HALT ProbeHalt;
MINIPORT_PAUSE ProbePause;
MINIPORT_RESTART ProbeRestart;
MINIPORT_SHUTDOWN ProbeShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY ProbePnpEvent;
MINIPORT_OID_REQUEST ProbeOid;
MINIPORT_CANCEL_OID_REQUEST ProbeCancelOid;
MINIPORT_SEND_NET_BUFFER_LISTS ProbeSend;
MINIPORT_CANCEL_SEND ProbeCancelSend;
MINIPORT_RETURN_NET_BUFFER_LISTS ProbeReturn;
