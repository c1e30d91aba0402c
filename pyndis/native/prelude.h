/* What driver functions may use when they run as native code of this machine: no kernel, only its words for memory. */

#include <stddef.h>
#include <stdint.h>

typedef void VOID;

#define TRUE 1
#define FALSE 0
#define FORCEINLINE inline
#define UNREFERENCED_PARAMETER(Parameter) ((void)(Parameter))
#define C_ASSERT(Test) _Static_assert(Test, #Test)

#define NT_SUCCESS(Status) ((Status) >= 0)
#define RtlZeroMemory(Destination, Length) __builtin_memset((Destination), 0, (Length))
#define RtlFillMemory(Destination, Length, Fill) __builtin_memset((Destination), (Fill), (Length))
#define RtlCopyMemory(Destination, Source, Length) __builtin_memcpy((Destination), (Source), (Length))
#define RtlMoveMemory(Destination, Source, Length) __builtin_memmove((Destination), (Source), (Length))
#define RtlEqualMemory(First, Second, Length) (__builtin_memcmp((First), (Second), (Length)) == 0)

/* The first assertion that failed, for the caller to look at; a trap would end the whole test run. */
const char *pyndis_failed_assertion;

#define NT_ASSERT(Test) \
    ((Test) ? (void)0 : (void)(pyndis_failed_assertion = pyndis_failed_assertion ? pyndis_failed_assertion : #Test))
