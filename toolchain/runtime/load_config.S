// SPDX-License-Identifier: MIT
//
// The load configuration: how the image tells Windows where its stack cookie and its control flow guard tables are. The
// layout is IMAGE_LOAD_CONFIG_DIRECTORY64 (0x138 bytes) or 32 (0xBC bytes) up to CastGuardOsDeterminedFailureMode, as the PE
// format's documentation gives it. The tables' symbols are made by the linker under /guard:cf and /safeseh.

#if defined(__i386__)
#define SYMBOL(name) _##name
#define POINTER .long
#define POINTER_BITS 2
#define SIZE 0xBC
#else
#define SYMBOL(name) name
#define POINTER .quad
#define POINTER_BITS 3
#define SIZE 0x138
#endif

#if defined(__i386__)
        .globl  @feat.00
@feat.00 = 1
#endif

        .section .rdata,"dr"
        .globl  SYMBOL(_load_config_used)
        .p2align POINTER_BITS
SYMBOL(_load_config_used):
        .long   SIZE
        .long   0                                       // TimeDateStamp
        .short  0, 0                                    // MajorVersion, MinorVersion
        .long   0, 0                                    // GlobalFlagsClear, GlobalFlagsSet
        .long   0                                       // CriticalSectionDefaultTimeout
        POINTER 0, 0                                    // DeCommitFreeBlockThreshold, DeCommitTotalFreeThreshold
        POINTER 0                                       // LockPrefixTable
        POINTER 0, 0                                    // MaximumAllocationSize, VirtualMemoryThreshold
#if defined(__i386__)
        .long   0                                       // ProcessHeapFlags, on 32 bits before the affinity
        .long   0                                       // ProcessAffinityMask
#else
        .quad   0                                       // ProcessAffinityMask
        .long   0                                       // ProcessHeapFlags
#endif
        .short  0, 0                                    // CSDVersion, DependentLoadFlags
        POINTER 0                                       // EditList
        POINTER SYMBOL(__security_cookie)
#if defined(__i386__)
        .long   ___safe_se_handler_table                // SEHandlerTable
        .long   ___safe_se_handler_count
#else
        .quad   0, 0                                    // x86 only
#endif
        POINTER SYMBOL(__guard_check_icall_fptr)
#if defined(__x86_64__)
        .quad   __guard_dispatch_icall_fptr
#else
        POINTER 0                                       // dispatch exists on x64 only
#endif
        POINTER SYMBOL(__guard_fids_table)
        POINTER SYMBOL(__guard_fids_count)
        .long   SYMBOL(__guard_flags)
        .short  0, 0                                    // CodeIntegrity: Flags, Catalog
        .long   0, 0                                    //                CatalogOffset, Reserved
        POINTER SYMBOL(__guard_iat_table)
        POINTER SYMBOL(__guard_iat_count)
        POINTER SYMBOL(__guard_longjmp_table)
        POINTER SYMBOL(__guard_longjmp_count)
        POINTER 0                                       // DynamicValueRelocTable
        POINTER 0                                       // CHPEMetadataPointer
        POINTER 0, 0                                    // GuardRFFailureRoutine and its pointer
        .long   0                                       // DynamicValueRelocTableOffset
        .short  0, 0                                    // DynamicValueRelocTableSection, Reserved2
        POINTER 0                                       // GuardRFVerifyStackPointerFunctionPointer
        .long   0, 0                                    // HotPatchTableOffset, Reserved3
        POINTER 0                                       // EnclaveConfigurationPointer
        POINTER 0                                       // VolatileMetadataPointer
        POINTER SYMBOL(__guard_eh_cont_table)
        POINTER SYMBOL(__guard_eh_cont_count)
        POINTER 0, 0, 0                                 // XFG check, dispatch and table dispatch
        POINTER 0                                       // CastGuardOsDeterminedFailureMode
        .if     . - SYMBOL(_load_config_used) != SIZE
        .error  "the load configuration has the wrong size"
        .endif
