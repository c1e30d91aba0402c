/* SPDX-License-Identifier: MIT
 *
 * What takes the place of kernel functions that Wine lacks, or has as a stub, in the driver's import slots.
 */
#pragma once

/* (name, replacement): each has the prototype that our headers give the kernel's. */
#define REPLACEMENTS(entry) \
    entry(ExInitializeRundownProtection) \
    entry(ExAcquireRundownProtection) \
    entry(ExReleaseRundownProtection) \
    entry(ExWaitForRundownProtectionRelease) \
    entry(IoCsqInitializeEx) \
    entry(IoCsqInsertIrpEx) \
    entry(IoCsqRemoveNextIrp) \
    entry(KeGetCurrentIrql) \
    entry(KeAcquireSpinLockRaiseToDpc) \
    entry(KeReleaseSpinLock) \
    entry(KeFlushQueuedDpcs) \
    entry(IoBuildPartialMdl) \
    entry(MmMapLockedPagesSpecifyCache) \
    entry(MmUnmapLockedPages) \
    entry(IoRegisterPlugPlayNotification) \
    entry(IoUnregisterPlugPlayNotificationEx)

#define DECLARE(name) __typeof__(name) Test##name;
REPLACEMENTS(DECLARE)
#undef DECLARE

/* The thread's IRQL from now on; returns the one before. Wine has none. */
KIRQL IrqlSet(KIRQL Irql);
