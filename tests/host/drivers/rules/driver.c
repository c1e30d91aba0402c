/* Load and unload, and how a scene is found. */
#include "probe.h"
#include "miniport.h"

NDIS_HANDLE DriverHandle;
NDIS_HANDLE DeviceHandle;
DEVICE_OBJECT *ControlDevice;
USHORT NdisVersion;

DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD ProbeUnload;

typedef struct _CHOICE
{
    CHAR Marker[16];
    CHAR Name[112];
} CHOICE;

static volatile CHOICE Chosen = { "chosen scene:", "" };
static SCENE_FUNCTION *Hooks[HOOK_COUNT];

__attribute__((section(".rdata$scene_a"), used)) static const SCENE FirstScene = { NULL, 0, NULL };
__attribute__((section(".rdata$scene_z"), used)) static const SCENE LastScene = { NULL, 0, NULL };

static BOOLEAN
IsChosen(_In_z_ const CHAR *Name)
{
    ULONG At = 0;

    while (Name[At] && Name[At] == Chosen.Name[At])
        ++At;
    return Name[At] == Chosen.Name[At];
}

/* FALSE if there is no scene of the name that was asked for. */
static BOOLEAN
FindScene(VOID)
{
    BOOLEAN Found = Chosen.Name[0] == 0;

    for (const SCENE *volatile Scene = &FirstScene; Scene < &LastScene; ++Scene)
    {
        if (!Scene->Name || !IsChosen(Scene->Name))
            continue;
        Hooks[Scene->Hook] = Scene->Run;
        Found = TRUE;
    }
    return Found;
}

_Use_decl_annotations_ VOID
RunScene(HOOK Hook, CALL *Call)
{
    if (Hooks[Hook])
        Hooks[Hook](Call);
}

_Use_decl_annotations_ VOID
ProbeUnload(DRIVER_OBJECT *DriverObject)
{
    CALL Call = { 0 };

    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterDeviceEx(DeviceHandle);
    RunScene(HOOK_Unload, &Call);
    if (!Call.Taken)
        NdisMDeregisterMiniportDriver(DriverHandle);
}

static NTSTATUS
AfterRegistration(_Inout_ CALL *Call)
{
    NTSTATUS Status = DeviceRegister();

    if (Status == NDIS_STATUS_SUCCESS)
    {
        RunScene(HOOK_Registered, Call);
        if (Call->Status == NDIS_STATUS_SUCCESS || Call->Taken)
            return Call->Status;
        NdisDeregisterDeviceEx(DeviceHandle);
        Status = Call->Status;
    }
    NdisMDeregisterMiniportDriver(DriverHandle);
    return Status;
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(DRIVER_OBJECT *DriverObject, UNICODE_STRING *RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Miniport = {
        .Header = { .Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    .Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    .Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 },
        .MajorDriverVersion = 1,
        .InitializeHandlerEx = ProbeInitialize,
        .HaltHandlerEx = ProbeHalt,
        .UnloadHandler = ProbeUnload,
        .PauseHandler = ProbePause,
        .RestartHandler = ProbeRestart,
        .OidRequestHandler = ProbeOid,
        .SendNetBufferListsHandler = ProbeSend,
        .ReturnNetBufferListsHandler = ProbeReturn,
        .CancelSendHandler = ProbeCancelSend,
        .DevicePnPEventNotifyHandler = ProbePnpEvent,
        .ShutdownHandlerEx = ProbeShutdown,
        .CancelOidRequestHandler = ProbeCancelOid,
    };
    CALL Call = { .Characteristics = &Miniport };
    NDIS_STATUS Status;

    if (!FindScene())
        return STATUS_NOT_SUPPORTED;
    NdisVersion = NegotiatedVersion(6 << 8 | 50);
    Miniport.MajorNdisVersion = (UCHAR)(NdisVersion >> 8);
    Miniport.MinorNdisVersion = (UCHAR)NdisVersion;
    RunScene(HOOK_Entry, &Call);
    if (Call.Taken)
        return Call.Status;
    Status = NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Miniport, &DriverHandle);
    return Status == NDIS_STATUS_SUCCESS ? AfterRegistration(&Call) : Status;
}
