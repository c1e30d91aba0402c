/* Variables that the kernel exports. */
#pragma once

/*
 * The headers of the kit declare these as pointers that the import table fills in: the name is the table's slot, and
 * the variable is what it points to. So `*IoFileObjectType` is the type object, with any import library.
 */
#ifdef PYNDIS_PARSE
#define IMPORT_SLOT(name)
#elif defined(_X86_)
#define IMPORT_SLOT(name) __asm__("__imp__" #name)
#else
#define IMPORT_SLOT(name) __asm__("__imp_" #name)
#endif

extern POBJECT_TYPE *CmKeyObjectType IMPORT_SLOT(CmKeyObjectType);
extern POBJECT_TYPE *ExEventObjectType IMPORT_SLOT(ExEventObjectType);
extern POBJECT_TYPE *ExSemaphoreObjectType IMPORT_SLOT(ExSemaphoreObjectType);
extern POBJECT_TYPE *IoFileObjectType IMPORT_SLOT(IoFileObjectType);
extern POBJECT_TYPE *PsJobType IMPORT_SLOT(PsJobType);
extern POBJECT_TYPE *PsProcessType IMPORT_SLOT(PsProcessType);
extern POBJECT_TYPE *PsThreadType IMPORT_SLOT(PsThreadType);
extern POBJECT_TYPE *SeTokenObjectType IMPORT_SLOT(SeTokenObjectType);
extern PBOOLEAN KdDebuggerEnabled IMPORT_SLOT(KdDebuggerEnabled);
extern PBOOLEAN KdDebuggerNotPresent IMPORT_SLOT(KdDebuggerNotPresent);
extern PBOOLEAN Mm64BitPhysicalAddress IMPORT_SLOT(Mm64BitPhysicalAddress);

#undef IMPORT_SLOT

extern DECLSPEC_IMPORT const PVOID MmHighestUserAddress;
extern DECLSPEC_IMPORT const PVOID MmSystemRangeStart;
extern DECLSPEC_IMPORT ULONG NtGlobalFlag;
extern DECLSPEC_IMPORT PEPROCESS PsInitialSystemProcess;
