/* SPDX-License-Identifier: MIT
 *
 * What this ndis.sys exports. Each function has the prototype that our headers give it, and the name with `Test` before it.
 */
#pragma once

#define EXPORT(name) \
    __typeof__(name) Test##name; \
    __pragma(comment(linker, "/export:" #name "=Test" #name))

/* driver.c */
EXPORT(NdisGetVersion)
EXPORT(NdisMRegisterMiniportDriver)
EXPORT(NdisMDeregisterMiniportDriver)
/* adapter.c */
EXPORT(NdisMSetMiniportAttributes)
EXPORT(NdisMGetDeviceProperty)
EXPORT(NdisMIndicateStatusEx)
EXPORT(NdisMPauseComplete)
EXPORT(NdisMRestartComplete)
EXPORT(NdisMOidRequestComplete)
/* device.c */
EXPORT(NdisRegisterDeviceEx)
EXPORT(NdisDeregisterDeviceEx)
EXPORT(NdisGetDeviceReservedExtension)
/* buffers.c */
EXPORT(NdisAllocateNetBufferListPool)
EXPORT(NdisFreeNetBufferListPool)
EXPORT(NdisAllocateNetBufferAndNetBufferList)
EXPORT(NdisFreeNetBufferList)
EXPORT(NdisGetDataBuffer)
/* packets.c */
EXPORT(NdisMIndicateReceiveNetBufferLists)
EXPORT(NdisMSendNetBufferListsComplete)
/* work_items.c, timers.c */
EXPORT(NdisAllocateIoWorkItem)
EXPORT(NdisFreeIoWorkItem)
EXPORT(NdisQueueIoWorkItem)
EXPORT(NdisAllocateTimerObject)
EXPORT(NdisFreeTimerObject)
EXPORT(NdisSetTimerObject)
EXPORT(NdisCancelTimerObject)
EXPORT(NdisGetSystemUpTimeEx)
EXPORT(NdisMSleep)

#undef EXPORT
