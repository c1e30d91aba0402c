/*
 * Source annotations. Analysis tools with the Windows kit's own headers read them; for our compilers they are nothing.
 * Written by hand; the names are the public ones.
 */
#pragma once

/* Direction, size and termination of parameters. */
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(size)
#define _In_reads_opt_(size)
#define _In_reads_z_(size)
#define _In_reads_or_z_(size)
#define _In_reads_bytes_(size)
#define _In_reads_bytes_opt_(size)
#define _In_reads_to_ptr_(end)
#define _In_range_(low, high)
#define _In_bytecount_(size)
#define _In_bytecount_c_(size)
#define _Out_
#define _Out_opt_
#define _Out_range_(low, high)
#define _Out_writes_(size)
#define _Out_writes_opt_(size)
#define _Out_writes_z_(size)
#define _Out_writes_all_(size)
#define _Out_writes_to_(size, count)
#define _Out_writes_to_opt_(size, count)
#define _Out_writes_bytes_(size)
#define _Out_writes_bytes_opt_(size)
#define _Out_writes_bytes_all_(size)
#define _Out_writes_bytes_to_(size, count)
#define _Out_writes_bytes_to_opt_(size, count)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_z_
#define _Outptr_result_buffer_(size)
#define _Outptr_result_bytebuffer_(size)
#define _Outptr_result_nullonfailure_
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(size)
#define _Inout_updates_opt_(size)
#define _Inout_updates_bytes_(size)
#define _Inout_updates_bytes_opt_(size)
#define _Inout_updates_to_(size, count)
#define _Inout_updates_bytes_to_(size, count)
#define _Reserved_
#define _Const_
#define _Pre_valid_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_invalid_
#define _Pre_opt_valid_
#define _Pre_writable_size_(size)
#define _Pre_writable_byte_size_(size)
#define _Pre_readable_size_(size)
#define _Pre_readable_byte_size_(size)
#define _Pre_satisfies_(condition)
#define _Post_valid_
#define _Post_invalid_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_ptr_invalid_
#define _Post_writable_size_(size)
#define _Post_writable_byte_size_(size)
#define _Post_readable_byte_size_(size)
#define _Post_satisfies_(condition)
#define _Post_equal_to_(value)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_valid_
#define _Ret_z_
#define _Ret_range_(low, high)
#define _Ret_writes_bytes_(size)
#define _Ret_writes_bytes_maybenull_(size)
#define _Field_size_(size)
#define _Field_size_opt_(size)
#define _Field_size_bytes_(size)
#define _Field_size_bytes_opt_(size)
#define _Field_size_part_(size, count)
#define _Field_size_bytes_part_(size, count)
#define _Field_range_(low, high)
#define _Field_z_
#define _Struct_size_bytes_(size)
#define _Null_terminated_
#define _NullNull_terminated_
#define _Printf_format_string_
#define _Points_to_data_
#define _Notref_
#define _Maybenull_
#define _Notnull_
#define _Valid_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Literal_
#define _Notliteral_

/* Results, conditions, places. */
#define _Must_inspect_result_
#define _Check_return_
#define _Success_(condition)
#define _On_failure_(annotation)
#define _Return_type_success_(condition)
#define _Always_(annotation)
#define _When_(condition, annotation)
#define _At_(place, annotation)
#define _At_buffer_(place, index, size, annotation)
#define _Group_(annotations)
#define _Use_decl_annotations_
#define _Analysis_assume_(condition)
#define _Analysis_assume_nullterminated_(text)
#define _Analysis_noreturn_
#define _Analysis_mode_(mode)
#define _Enum_is_bitflag_
#define _Strict_type_match_
#define _Deref_out_range_(low, high)
#define _Deref_post_maybenull_
#define _Acquires_nonreentrant_lock_(lock)
#define _Releases_nonreentrant_lock_(lock)

/* Locks. */
#define _Acquires_lock_(lock)
#define _Acquires_exclusive_lock_(lock)
#define _Acquires_shared_lock_(lock)
#define _Releases_lock_(lock)
#define _Releases_exclusive_lock_(lock)
#define _Releases_shared_lock_(lock)
#define _Requires_lock_held_(lock)
#define _Requires_lock_not_held_(lock)
#define _Requires_exclusive_lock_held_(lock)
#define _Requires_shared_lock_held_(lock)
#define _Requires_no_locks_held_
#define _Post_same_lock_(one, other)
#define _Has_lock_kind_(kind)
#define _Has_lock_level_(level)
#define _Lock_level_order_(one, other)
#define _Guarded_by_(lock)
#define _Write_guarded_by_(lock)
#define _Interlocked_
#define _Interlocked_operand_
#define _Create_lock_level_(level)

/* IRQL and the kernel's resources. */
#define _IRQL_requires_(level)
#define _IRQL_requires_max_(level)
#define _IRQL_requires_min_(level)
#define _IRQL_requires_same_
#define _IRQL_raises_(level)
#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_saves_global_(kind, place)
#define _IRQL_restores_global_(kind, place)
#define _IRQL_always_function_min_(level)
#define _IRQL_always_function_max_(level)
#define _IRQL_limited_to_(level)
#define _IRQL_is_cancel_
#define _IRQL_uses_cancel_
#define _Function_class_(name)
#define _Dispatch_type_(code)
#define _Called_from_function_class_(name)
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Kernel_entry_
#define _Kernel_entry_always_
#define _Kernel_clear_do_init_(answer)
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define _Kernel_float_used_
#define __drv_aliasesMem
#define __drv_allocatesMem(kind)
#define __drv_freesMem(kind)
#define __drv_acquiresExclusiveResource(kind)
#define __drv_releasesExclusiveResource(kind)
#define __drv_when(condition, annotation)
#define __drv_at(place, annotation)
#define __drv_preferredFunction(name, why)
#define __drv_reportError(why)
#define __drv_strictType(type, mode)
#define __drv_strictTypeMatch(mode)
#define __drv_sameIRQL
#define __drv_requiresIRQL(level)
#define __drv_maxIRQL(level)
#define __drv_minIRQL(level)
#define __drv_functionClass(name)
#define __drv_dispatchType(code)
#define __drv_constant
#define __drv_nonConstant
#define __drv_declspec(text)
