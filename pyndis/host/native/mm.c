/* Memory as drivers ask about it: addresses, sections of the image, sizes. */
#include "memory.h"
#include "pe.h"

EXPORT(uint8_t, MmIsAddressValid, const void *address)
{
    ENTER(MmIsAddressValid, address);
    struct block *block = block_find(address);
    return (block && block->live && block->kind != BLOCK_NONE) || image_contains((uintptr_t)address);
}

/* Nothing of this machine has a physical address: what comes is the address itself, as the page numbers in MDLs have it. */
EXPORT(uint64_t, MmGetPhysicalAddress, const void *address)
{
    ENTER(MmGetPhysicalAddress, address);
    return (uintptr_t)address;
}

EXPORT(size_t, MmSizeOfMdl, const void *base, size_t length)
{
    ENTER(MmSizeOfMdl, NULL);
    size_t pages = (((uintptr_t)base & (PAGE - 1)) + length + PAGE - 1) / PAGE;
    return sizeof(MDL) + pages * sizeof(uintptr_t);
}

static void section_check(const void *address, const char *call)
{
    if (!image_contains((uintptr_t)address))
        violation("InvalidHandle", address, "%s(%p): this is not in the driver's image", call, address);
}

EXPORT(void *, MmLockPagableDataSection, void *address)
{
    ENTER(MmLockPagableDataSection, address);
    section_check(address, "MmLockPagableDataSection");
    return image.base;
}

EXPORT(void, MmUnlockPagableImageSection, void *handle)
{
    ENTER(MmUnlockPagableImageSection, handle);
    section_check(handle, "MmUnlockPagableImageSection");
}

EXPORT(void *, MmPageEntireDriver, void *address)
{
    ENTER(MmPageEntireDriver, address);
    section_check(address, "MmPageEntireDriver");
    return image.base;
}

EXPORT(void, MmResetDriverPaging, void *address)
{
    ENTER(MmResetDriverPaging, address);
    section_check(address, "MmResetDriverPaging");
}

EXPORT(int, MmQuerySystemSize, void)
{
    ENTER(MmQuerySystemSize, NULL);
    return 2; /* MmLargeSystem */
}

EXPORT(uint32_t, MmIsDriverVerifying, const void *driver)
{
    ENTER(MmIsDriverVerifying, driver);
    return settings.verifier;
}
