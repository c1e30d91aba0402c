/* SPDX-License-Identifier: MIT
 *
 * Looks through the import tables of a loaded image. Offsets: PE format, 64 bits.
 */
#include "test_ndis.h"
#include "slots.h"

#define HEADER_OFFSET 0x3C    /* in the DOS header: where the PE header is */
#define IMPORTS_OFFSET 0x90   /* in the PE header: the second data directory */
#define BY_ORDINAL (1ull << 63)
#define HINT_SIZE 2 /* before a name */

typedef struct _IMPORT_DESCRIPTOR
{
    ULONG Names;
    ULONG TimeDateStamp;
    ULONG ForwarderChain;
    ULONG Module;
    ULONG Slots;
} IMPORT_DESCRIPTOR;

/* Wine's ZwProtectVirtualMemory. Windows does not export it, so it is looked up. */
typedef NTSTATUS NTAPI PROTECT(HANDLE Process, PVOID *Address, SIZE_T *Size, ULONG New, ULONG *Old);

typedef struct _REPLACEMENT
{
    const char *Name;
    PVOID Function;
} REPLACEMENT;

#define ENTRY(name) { #name, (PVOID)(ULONG_PTR)Test##name },
static const REPLACEMENT Replacements[] = { REPLACEMENTS(ENTRY) };
#undef ENTRY

static BOOLEAN
Same(const char *One, const char *Other)
{
    while (*One != 0 && *One == *Other)
        ++One, ++Other;
    return *One == *Other;
}

static PVOID
ReplacementOf(const char *Name)
{
    ULONG Index;

    for (Index = 0; Index < RTL_NUMBER_OF(Replacements); ++Index)
        if (Same(Replacements[Index].Name, Name))
            return Replacements[Index].Function;
    return NULL;
}

static NTSTATUS
Write(PROTECT *Protect, PVOID *Slot, PVOID Function)
{
    PVOID Page = Slot;
    SIZE_T Size = sizeof(*Slot);
    ULONG Before;
    NTSTATUS Status = Protect(ZwCurrentProcess(), &Page, &Size, PAGE_READWRITE, &Before);

    if (!NT_SUCCESS(Status))
        return Status;
    *Slot = Function;
    return Protect(ZwCurrentProcess(), &Page, &Size, Before, &Before);
}

NTSTATUS
SlotsPatch(PVOID Image)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"ZwProtectVirtualMemory");
    PROTECT *Protect = (PROTECT *)(ULONG_PTR)MmGetSystemRoutineAddress(&Name);
    UCHAR *Base = Image;
    UCHAR *Header = Base + *(ULONG *)(Base + HEADER_OFFSET);
    IMPORT_DESCRIPTOR *Import = (IMPORT_DESCRIPTOR *)(Base + *(ULONG *)(Header + IMPORTS_OFFSET));

    if (Protect == NULL)
        return STATUS_PROCEDURE_NOT_FOUND;
    for (; Import->Names != 0; ++Import)
    {
        ULONG64 *Entry = (ULONG64 *)(Base + Import->Names);
        PVOID *Slot = (PVOID *)(Base + Import->Slots);

        for (; *Entry != 0; ++Entry, ++Slot)
        {
            PVOID Function = (*Entry & BY_ORDINAL) ? NULL : ReplacementOf((const char *)(Base + *Entry + HINT_SIZE));
            NTSTATUS Status = Function == NULL ? STATUS_SUCCESS : Write(Protect, Slot, Function);

            if (!NT_SUCCESS(Status))
                return Status;
        }
    }
    return STATUS_SUCCESS;
}
