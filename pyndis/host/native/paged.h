/* Paged memory, and code in paged sections: out of reach at DISPATCH_LEVEL. */
#pragma once
#include "host.h"

/* Whole pages that may be paged out, with their protection (PROT_…). `code`: a section of the image. */
void paged_add(uintptr_t base, size_t length, int protection, bool code);
/* They are pageable no more: freed, or locked. */
void paged_remove(uintptr_t base);
extern bool paged_armed; /* there is some */
/* This thread goes on in the driver at its IRQL. */
void paged_crossing(void);
/* A fault: true when the memory is paged and the instruction may run again; at DISPATCH_LEVEL that is a broken rule. */
bool paged_fault(uintptr_t address, bool write, const struct registers *registers);
/* Every section of the image as it is mapped: those that are paged, and those that no section may be. */
void section_mapped(const char *name, uintptr_t base, size_t size, int protection);
/* DriverEntry has returned: the code that only it needs is gone. */
void sections_discard(void);
