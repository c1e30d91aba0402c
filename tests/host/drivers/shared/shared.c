/* What inlined code reads of the page that the kernel shares: DriverEntry prints it in every width, and fails. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

#define SHARED(Type, Offset) (*(const volatile Type *)(0xFFFFF78000000000ull + (Offset)))

static __attribute__((noinline)) ULONG64
Sum(const volatile UCHAR *At, ULONG Count)
{
    ULONG64 Total = 0;

    for (ULONG I = 0; I < Count; ++I)
        Total += At[I];
    return Total;
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    DbgPrint("version %u.%u.%u", SHARED(ULONG, 0x26C), SHARED(ULONG, 0x270), SHARED(ULONG, 0x260));
    DbgPrint("system %I64d", SHARED(LONG64, 0x14));
    DbgPrint("interrupt %I64d", SHARED(LONG64, 0x08));
    DbgPrint("ticks %I64u", SHARED(ULONG64, 0x320));
    DbgPrint("multiplier %u", SHARED(ULONG, 0x04));
    DbgPrint("debugger %u", (ULONG)SHARED(UCHAR, 0x2D4));
    DbgPrint("high %d", (LONG)SHARED(SHORT, 0x1A));
    DbgPrint("bytes %I64u", Sum((const volatile UCHAR *)0xFFFFF78000000260ull, 2));
    return STATUS_UNSUCCESSFUL;
}
