/* Processors and threads: groups, affinities, priorities, limits of the stack. There is one group; threads run where they may. */
#include "host.h"

enum { PRIORITY_NORMAL = 8 };

static uintptr_t all_processors(void)
{
    return settings.cpus >= (int)(8 * sizeof(uintptr_t)) ? ~(uintptr_t)0 : ((uintptr_t)1 << settings.cpus) - 1;
}

EXPORT(uint16_t, KeQueryActiveGroupCount, void)
{
    ENTER(KeQueryActiveGroupCount, NULL);
    return 1;
}

EXPORT(uint16_t, KeQueryMaximumGroupCount, void)
{
    ENTER(KeQueryMaximumGroupCount, NULL);
    return 1;
}

EXPORT(uint32_t, KeQueryMaximumProcessorCount, void)
{
    ENTER(KeQueryMaximumProcessorCount, NULL);
    return (uint32_t)settings.cpus;
}

EXPORT(uintptr_t, KeQueryActiveProcessors, void)
{
    ENTER(KeQueryActiveProcessors, NULL);
    return all_processors();
}

EXPORT(uintptr_t, KeQueryGroupAffinity, uint16_t group)
{
    ENTER(KeQueryGroupAffinity, NULL);
    return group ? 0 : all_processors();
}

EXPORT(status_t, KeGetProcessorNumberFromIndex, uint32_t index, uint8_t *number)
{
    ENTER(KeGetProcessorNumberFromIndex, number);
    if (index >= (uint32_t)settings.cpus)
        return (status_t)STATUS_INVALID_PARAMETER;
    memcpy(number, (uint8_t[]){0, 0, (uint8_t)index, 0}, 4);
    return STATUS_SUCCESS;
}

EXPORT(uint32_t, KeGetProcessorIndexFromNumber, const uint8_t *number)
{
    ENTER(KeGetProcessorIndexFromNumber, number);
    bool there = !number[0] && !number[1] && number[2] < settings.cpus;
    return there ? number[2] : UINT32_MAX;
}

EXPORT(uintptr_t, KeSetSystemAffinityThreadEx, uintptr_t affinity)
{
    ENTER(KeSetSystemAffinityThreadEx, NULL);
    uintptr_t before = self->affinity;
    if (!(affinity & all_processors()))
        violation("Affinity", NULL, "KeSetSystemAffinityThreadEx(0x%zx): no such processor is active", (size_t)affinity);
    self->affinity = affinity;
    return before;
}

EXPORT(void, KeRevertToUserAffinityThreadEx, uintptr_t affinity)
{
    ENTER(KeRevertToUserAffinityThreadEx, NULL);
    self->affinity = affinity;
}

EXPORT(void, KeSetSystemGroupAffinityThread, const GROUP_AFFINITY *affinity, GROUP_AFFINITY *previous)
{
    ENTER(KeSetSystemGroupAffinityThread, affinity);
    uintptr_t mask, before = self->affinity;
    memcpy(&mask, affinity, sizeof mask);
    if (previous) {
        memset(previous, 0, sizeof *previous);
        memcpy(previous, &before, sizeof before);
    }
    self->affinity = mask;
}

EXPORT(void, KeRevertToUserGroupAffinityThread, const GROUP_AFFINITY *previous)
{
    ENTER(KeRevertToUserGroupAffinityThread, previous);
    memcpy(&self->affinity, previous, sizeof self->affinity);
}

EXPORT(status_t, KeSetTargetProcessorDpcEx, KDPC *dpc, const uint8_t *number)
{
    ENTER(KeSetTargetProcessorDpcEx, dpc);
    return number[0] || number[1] || number[2] >= settings.cpus ? (status_t)STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

EXPORT(int32_t, KeQueryPriorityThread, void *thread)
{
    ENTER(KeQueryPriorityThread, thread);
    return PRIORITY_NORMAL;
}

EXPORT(int32_t, KeSetBasePriorityThread, void *thread, int32_t increment)
{
    ENTER(KeSetBasePriorityThread, thread);
    (void)increment;
    return 0;
}

EXPORT(uint8_t, KeAreAllApcsDisabled, void)
{
    ENTER(KeAreAllApcsDisabled, NULL);
    return self->irql >= APC;
}

EXPORT(void, IoGetStackLimits, uintptr_t *low, uintptr_t *high)
{
    ENTER(IoGetStackLimits, NULL);
    *high = self->stack_top;
    *low = self->stack_top - THREAD_STACK;
}

EXPORT(void *, IoGetInitialStack, void)
{
    ENTER(IoGetInitialStack, NULL);
    return (void *)self->stack_top;
}
