/* SPDX-License-Identifier: MIT
 *
 * The adapter's life, as NDIS leads it through.
 */
#include "test_ndis.h"
#include "exports.h"

#define IF_TYPE_VIRTUAL 53

ADAPTER Adapter;

/* The answer of a handler, or of the completion that it promised. */
static NDIS_STATUS
Finish(NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_PENDING)
        return Status;
    KeWaitForSingleObject(&Adapter.Completed, Executive, KernelMode, FALSE, NULL);
    return Adapter.Status;
}

static void
Completed(NDIS_STATUS Status)
{
    Adapter.Status = Status;
    KeSetEvent(&Adapter.Completed, IO_NO_INCREMENT, FALSE);
}

NDIS_STATUS
AdapterAdd(ULONG LuidIndex, NDIS_STATUS *RestartStatus)
{
    DECLARE_CONST_UNICODE_STRING(Name, L"\\Device\\NdisTestBus");
    NDIS_MINIPORT_INIT_PARAMETERS Parameters = { 0 };
    UNICODE_STRING PhysicalName = Name;
    NDIS_STATUS Status;

    *RestartStatus = NDIS_STATUS_SUCCESS;
    if (Adapter.State != ADAPTER_NONE)
        return NDIS_STATUS_ADAPTER_NOT_READY;
    RtlZeroMemory(&Adapter, sizeof(Adapter));
    KeInitializeEvent(&Adapter.Completed, SynchronizationEvent, FALSE);
    Status = IoCreateDevice(Driver.Object, 0, &PhysicalName, FILE_DEVICE_NETWORK, 0, FALSE, &Adapter.PhysicalDevice);
    if (!NT_SUCCESS(Status))
        return Status;
    Parameters.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS;
    Parameters.Header.Revision = NDIS_MINIPORT_INIT_PARAMETERS_REVISION_1;
    Parameters.Header.Size = sizeof(Parameters);
    Parameters.IfIndex = LuidIndex;
    Parameters.NetLuid.Info.NetLuidIndex = LuidIndex;
    Parameters.NetLuid.Info.IfType = IF_TYPE_VIRTUAL;
    Status = Driver.Characteristics.InitializeHandlerEx(&Adapter, Driver.Context, &Parameters);
    if (Status != NDIS_STATUS_SUCCESS)
    {
        IoDeleteDevice(Adapter.PhysicalDevice);
        return Status;
    }
    Adapter.State = ADAPTER_PAUSED;
    *RestartStatus = AdapterRestart();
    return Status;
}

NDIS_STATUS
AdapterPause(void)
{
    NDIS_MINIPORT_PAUSE_PARAMETERS Parameters = {
        .Header = {
            .Type = NDIS_OBJECT_TYPE_DEFAULT,
            .Revision = NDIS_MINIPORT_PAUSE_PARAMETERS_REVISION_1,
            .Size = NDIS_SIZEOF_MINIPORT_PAUSE_PARAMETERS_REVISION_1,
        },
    };
    NDIS_STATUS Status;

    if (Adapter.State != ADAPTER_RUNNING)
        return NDIS_STATUS_ADAPTER_NOT_READY;
    Status = Finish(Driver.Characteristics.PauseHandler(Adapter.Context, &Parameters));
    Adapter.State = ADAPTER_PAUSED;
    return Status;
}

NDIS_STATUS
AdapterRestart(void)
{
    NDIS_MINIPORT_RESTART_PARAMETERS Parameters = {
        .Header = {
            .Type = NDIS_OBJECT_TYPE_DEFAULT,
            .Revision = NDIS_MINIPORT_RESTART_PARAMETERS_REVISION_1,
            .Size = NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1,
        },
    };
    NDIS_STATUS Status;

    if (Adapter.State != ADAPTER_PAUSED)
        return NDIS_STATUS_ADAPTER_NOT_READY;
    Status = Finish(Driver.Characteristics.RestartHandler(Adapter.Context, &Parameters));
    if (Status == NDIS_STATUS_SUCCESS)
        Adapter.State = ADAPTER_RUNNING;
    return Status;
}

void
AdapterHalt(void)
{
    if (Adapter.State == ADAPTER_NONE)
        return;
    if (Adapter.State == ADAPTER_RUNNING)
        AdapterPause();
    Driver.Characteristics.HaltHandlerEx(Adapter.Context, NdisHaltDeviceDisabled);
    Adapter.State = ADAPTER_NONE;
    IoDeleteDevice(Adapter.PhysicalDevice);
}

NDIS_STATUS
AdapterOid(NDIS_OID_REQUEST *Request)
{
    if (Adapter.State == ADAPTER_NONE)
        return NDIS_STATUS_ADAPTER_NOT_READY;
    return Finish(Driver.Characteristics.OidRequestHandler(Adapter.Context, Request));
}

NDIS_STATUS
TestNdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportHandle, PNDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes)
{
    ADAPTER *Target = NdisMiniportHandle;

    if (Attributes->RegistrationAttributes.Header.Type == NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES)
        Target->Context = Attributes->RegistrationAttributes.MiniportAdapterContext;
    return NDIS_STATUS_SUCCESS;
}

void
TestNdisMGetDeviceProperty(
    NDIS_HANDLE MiniportAdapterHandle,
    PDEVICE_OBJECT *PhysicalDeviceObject,
    PDEVICE_OBJECT *FunctionalDeviceObject,
    PDEVICE_OBJECT *NextDeviceObject,
    PCM_RESOURCE_LIST *AllocatedResources,
    PCM_RESOURCE_LIST *AllocatedResourcesTranslated)
{
    ADAPTER *Target = MiniportAdapterHandle;

    if (PhysicalDeviceObject != NULL)
        *PhysicalDeviceObject = Target->PhysicalDevice;
    if (FunctionalDeviceObject != NULL)
        *FunctionalDeviceObject = NULL;
    if (NextDeviceObject != NULL)
        *NextDeviceObject = NULL;
    if (AllocatedResources != NULL)
        *AllocatedResources = NULL;
    if (AllocatedResourcesTranslated != NULL)
        *AllocatedResourcesTranslated = NULL;
}

void
TestNdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle, PNDIS_STATUS_INDICATION Indication)
{
    const NDIS_LINK_STATE *Link = Indication->StatusBuffer;

    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    if (Indication->StatusCode == NDIS_STATUS_LINK_STATE)
        LogLine("link %s\n", Link->MediaConnectState == MediaConnectStateConnected ? "connected" : "disconnected");
}

void
TestNdisMPauseComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    Completed(NDIS_STATUS_SUCCESS);
}

void
TestNdisMRestartComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    Completed(Status);
}

void
TestNdisMOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(MiniportAdapterHandle);
    UNREFERENCED_PARAMETER(Request);
    Completed(Status);
}
