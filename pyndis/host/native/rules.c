/* Official names and Driver Verifier numbers of the rules that calls at a wrong IRQL and other breaches fall under. */
#include "host.h"
#include <strings.h>

static const struct {
    const char *prefix, *rule;
} irql_rules[] = {
    {"NdisMSendNetBufferListsComplete", "Irql_SendRcv_Function"}, {"NdisMIndicateReceive", "Irql_SendRcv_Function"}, {"NdisMIndicateStatus", "Irql_StatusIndication_Function"},
    {"NdisMOidRequestComplete", "Irql_OID_Function"}, {"NdisAllocateNetBuffer", "Irql_NetBuffer_Function"}, {"NdisFreeNetBuffer", "Irql_NetBuffer_Function"},
    {"NdisAllocateMdl", "Irql_NetBuffer_Function"}, {"NdisFreeMdl", "Irql_NetBuffer_Function"}, {"NdisGetDataBuffer", "Irql_NetBuffer_Function"},
    {"NdisAdvance", "Irql_NetBuffer_Function"}, {"NdisRetreat", "Irql_NetBuffer_Function"}, {"NdisCopy", "Irql_NetBuffer_Function"},
    {"NdisAllocateTimer", "Irql_Timer_Function"}, {"NdisSetTimer", "Irql_Timer_Function"}, {"NdisCancelTimer", "Irql_Timer_Function"}, {"NdisFreeTimer", "Irql_Timer_Function"},
    {"NdisAcquire", "Irql_Synch_Function"}, {"NdisRelease", "Irql_Synch_Function"}, {"NdisDpr", "Irql_Synch_Function"}, {"NdisSetEvent", "Irql_Synch_Function"},
    {"NdisResetEvent", "Irql_Synch_Function"}, {"NdisMNetPnPEvent", "Irql_Protocol_Driver_Function"}, {"NdisM", "Irql_Miniport_Driver_Function"}, {"Ndis", "Irql_Miscellaneous_Function"},
    {"KeReleaseSpinLockFromDpcLevel", "IrqlDispatch"}, {"KeAcquireSpinLockAtDpcLevel", "IrqlDispatch"}, {"KeReleaseSpinLock", "IrqlKeReleaseSpinLock"},
    {"KeSetEvent", "IrqlKeSetEvent"}, {"KeWaitForMultiple", "IrqlKeWaitForMultipleObjects"}, {"KeWaitFor", "IrqlKeWaitForMutexObject"},
    {"KeDelayExecutionThread", "IrqlKeApcLte1"}, {"KeEnterCriticalRegion", "IrqlKeApcLte2"}, {"KeLeaveCriticalRegion", "IrqlKeApcLte2"},
    {"KeAcquireGuardedMutex", "IrqlKeApcLte1"}, {"KeReleaseGuardedMutex", "IrqlKeApcLte1"}, {"KeEnterGuardedRegion", "IrqlKeApcLte2"}, {"KeLeaveGuardedRegion", "IrqlKeApcLte2"},
    {"ExAllocatePool", "IrqlExAllocatePool"}, {"ExFreePool", "IrqlExFree1"}, {"ExAcquireFastMutex", "IrqlExApcLte1"}, {"ExTryToAcquireFastMutex", "IrqlExApcLte1"},
    {"ProbeFor", "IrqlExApcLte2"}, {"ExAcquireResource", "IrqlExApcLte3"}, {"ExReleaseResource", "IrqlExApcLte3"}, {"ExRaise", "IrqlExPassive"},
    {"IoDeleteDevice", "IrqlIoApcLte"}, {"IoCreateDevice", "IrqlIoPassive1"}, {"IoCreateSymbolicLink", "IrqlIoPassive4"}, {"IoDeleteSymbolicLink", "IrqlIoPassive4"},
    {"IoRegister", "IrqlIoPassive5"}, {"IoUnregister", "IrqlIoPassive5"}, {"IoGetDevice", "IrqlIoPassive5"}, {"ObReferenceObjectByHandle", "IrqlObPassive"}, {"ObCloseHandle", "IrqlObPassive"}, {"Ps", "IrqlPsPassive"},
    {"Zw", "IrqlZwPassive"}, {"Rtl", "IrqlRtlPassive"}, {"KfReleaseSpinLock", "IrqlKeReleaseSpinLock"}, {"Kef", "IrqlDispatch"}, {"Ke", "IrqlKeDispatchLte"}, {"Kf", "IrqlKeDispatchLte"},
};

static const struct {
    const char *rule, *code;
} verifier_codes[] = {
    {"NdisOidComplete", "0x91001"}, {"NdisOidDoubleComplete", "0x91002"}, {"NdisOidDoubleRequest", "0x9100E"}, {"NdisTimedOidComplete", "0x92003"},
    {"NdisTimedDataSend", "0x9200D"}, {"NdisTimedDataHang", "0x9200F"}, {"IrqlDispatch", "0x20003"}, {"IrqlKeDispatchLte", "0x20011"}, {"IrqlKeReleaseSpinLock", "0x20015"},
    {"IrqlKeSetEvent", "0x20016"}, {"IrqlKeApcLte1", "0x2000F"}, {"IrqlKeApcLte2", "0x20010"}, {"IrqlExAllocatePool", "0x20004"}, {"IrqlExApcLte1", "0x20005"},
    {"IrqlExApcLte2", "0x20006"}, {"IrqlExApcLte3", "0x20007"}, {"IrqlExPassive", "0x20008"}, {"IrqlApcLte", "0x20002"}, {"IrqlIoApcLte", "0x20009"}, {"IrqlIoPassive1", "0x2000A"}, {"IrqlIoPassive4", "0x2000D"}, {"IrqlIoPassive5", "0x2000E"},
    {"IrqlZwPassive", "0x2001F"}, {"IrqlObPassive", "0x2001B"}, {"IrqlPsPassive", "0x2001C"}, {"IrqlRtlPassive", "0x2001E"}, {"SpinLock", "0x40009"}, {"SpinLockRelease", "0x4000B"}, {"SpinlockRelease", "0x4000B"},
    {"QueuedSpinLock", "0x40006"}, {"QueuedSpinLockRelease", "0x40007"}, {"CriticalRegions", "0x40003"}, {"GuardedRegions", "0x4000E"}, {"PoolLeak", "0x62"},
};

const char *irql_rule(const char *name)
{
    for (size_t i = 0; i < COUNT(irql_rules); i++)
        if (!strncmp(name, irql_rules[i].prefix, strlen(irql_rules[i].prefix)))
            return irql_rules[i].rule;
    return NULL;
}

const char *verifier_code(const char *rule)
{
    for (size_t i = 0; i < COUNT(verifier_codes); i++)
        if (!strcmp(rule, verifier_codes[i].rule))
            return verifier_codes[i].code;
    return NULL;
}

/* Exports that older systems lack: an image that imports them does not load there. */
static const struct {
    const char *name;
    unsigned major, minor, build;
} newer[] = {{"ExAllocatePool2", 10, 0, 19041}, {"KeQuerySystemTimePrecise", 6, 2, 0}};

bool export_available(const char *name)
{
    for (size_t i = 0; i < COUNT(newer); i++) {
        if (strcmp(newer[i].name, name))
            continue;
        unsigned wanted = newer[i].major << 8 | newer[i].minor, running = settings.os_major << 8 | settings.os_minor;
        return running > wanted || (running == wanted && settings.os_build >= newer[i].build);
    }
    return true;
}

/* NDIS' functions have its prefix; the kernel exports all others, some of them through the HAL's name too. */
bool export_of_module(const char *name, const char *module)
{
    bool ndis = !strncmp(name, "Ndis", 4);
    return ndis ? !strcasecmp(module, "ndis.sys") : !strcasecmp(module, "ntoskrnl.exe") || !strcasecmp(module, "hal.dll");
}
