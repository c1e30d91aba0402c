/* The base of every kernel header: calling conventions, attributes, integer types and the macros of plain C. */
#pragma once

#include <sal.h>
#include <sdkddkver.h>

/* The architecture, under the names that kernel sources test. */
#if defined(_M_AMD64) || defined(__x86_64__)
#ifndef _AMD64_
#define _AMD64_
#endif
#elif defined(_M_IX86) || defined(__i386__)
#ifndef _X86_
#define _X86_
#endif
#elif defined(_M_ARM64) || defined(__aarch64__)
#ifndef _ARM64_
#define _ARM64_
#endif
#else
#error "no Windows architecture that pyndis knows"
#endif

#define VOID void
#define CONST const
#define IN
#define OUT
#define OPTIONAL

#ifdef PYNDIS_PARSE
#define FORCEINLINE inline
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN
#define DECLSPEC_NOINLINE
#define DECLSPEC_ALIGN(bytes)
#define DECLSPEC_SELECTANY
#define DECLSPEC_ALLOCATE(section)
#define UNALIGNED
#define C_ASSERT(condition) _Static_assert(condition, #condition)
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#else
#define FORCEINLINE __forceinline
#define DECLSPEC_IMPORT __declspec(dllimport)
#define DECLSPEC_NORETURN __declspec(noreturn)
#define DECLSPEC_NOINLINE __declspec(noinline)
#define DECLSPEC_ALIGN(bytes) __declspec(align(bytes))
#define DECLSPEC_SELECTANY __declspec(selectany)
#define DECLSPEC_ALLOCATE(section) __declspec(allocate(section))
#define UNALIGNED __unaligned
#define C_ASSERT(condition) _Static_assert(condition, #condition)
#define FIELD_OFFSET(type, field) ((LONG)__builtin_offsetof(type, field))
#endif

#if defined(_X86_) && !defined(PYNDIS_PARSE)
#define NTAPI __stdcall
#define FASTCALL __fastcall
#define NTAPIV __cdecl
#else
#define NTAPI
#define FASTCALL
#define NTAPIV
#endif

#define NTKERNELAPI DECLSPEC_IMPORT
#define NTSYSAPI DECLSPEC_IMPORT
#define NTSYSCALLAPI DECLSPEC_IMPORT
#define NTHALAPI DECLSPEC_IMPORT

#ifdef _WIN64
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#else
#define POINTER_ALIGNMENT
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

#include "ddi/scalars.h"

#define DEVICE_TYPE ULONG

#define UFIELD_OFFSET(type, field) ((ULONG)FIELD_OFFSET(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(object, size, field) (((PCHAR)(&(object)->field)) + sizeof((object)->field) <= ((PCHAR)(object)) + (size))
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(((type *)0)->field))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - FIELD_OFFSET(type, field)))
#define TYPE_ALIGNMENT(type) FIELD_OFFSET(struct { char Before; type Object; }, Object)

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define ARGUMENT_PRESENT(pointer) ((CHAR *)((ULONG_PTR)(pointer)) != (CHAR *)NULL)
#define DECLARE_HANDLE(name) typedef struct name##__ { int unused; } *name

#define ALIGN_DOWN_BY(length, alignment) ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment) - 1))
#define ALIGN_UP_BY(length, alignment) (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment) - 1), alignment))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment) ((PVOID)ALIGN_UP_BY(address, alignment))
#define ALIGN_DOWN(length, type) ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type) ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type) ALIGN_UP_POINTER_BY(address, sizeof(type))

#define FlagOn(flags, flag) ((flags) & (flag))
#define BooleanFlagOn(flags, flag) ((BOOLEAN)(((flags) & (flag)) != 0))
#define SetFlag(flags, flag) ((flags) |= (flag))
#define ClearFlag(flags, flag) ((flags) &= ~(flag))
#ifndef min
#define min(one, other) (((one) < (other)) ? (one) : (other))
#define max(one, other) (((one) > (other)) ? (one) : (other))
#endif

#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define PtrToUint(pointer) ((UINT)(UINT_PTR)(pointer))
#define UlongToPtr(number) ((PVOID)(ULONG_PTR)(ULONG)(number))
#define LongToPtr(number) ((PVOID)(LONG_PTR)(LONG)(number))
#define HandleToUlong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define UlongToHandle(number) ((HANDLE)(ULONG_PTR)(ULONG)(number))
#define LongToHandle(number) ((HANDLE)(LONG_PTR)(LONG)(number))
#define Int32x32To64(one, other) ((LONGLONG)(LONG)(one) * (LONGLONG)(LONG)(other))
#define UInt32x32To64(one, other) ((ULONGLONG)(ULONG)(one) * (ULONGLONG)(ULONG)(other))

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status) (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status) (((ULONG)(status) >> 30) == 3)
