/* As much of the kernel's headers as the backend's tests need, in the shapes that such headers have. */
typedef unsigned char UCHAR, *PUCHAR, BOOLEAN;
typedef unsigned short USHORT;
typedef unsigned int ULONG;
typedef int LONG, NTSTATUS;
typedef unsigned long long ULONG64;
typedef UCHAR KIRQL;
typedef void *PVOID;
#define VOID void
#define TRUE 1
#define FALSE 0
#define NULL ((void *)0)
#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INVALID_USER_BUFFER ((NTSTATUS)0xC00000E8L)
#define NT_SUCCESS(Status) ((NTSTATUS)(Status) >= 0)
#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define NT_ASSERT(Test) ((void)0)
#define C_ASSERT(Test) typedef char C_ASSERT_[(Test) ? 1 : -1]
#define FORCEINLINE __inline__ __attribute__((__always_inline__))
#define _In_
#define _In_reads_bytes_(Size)
#define _Inout_
#define _Out_
#define _Must_inspect_result_
#define _Use_decl_annotations_
#define _IRQL_requires_(Level)
#define _IRQL_requires_max_(Level)
#define _Requires_lock_held_(Lock)

typedef struct __attribute__((aligned(16))) _IRP
{
    union
    {
        struct
        {
            PVOID DriverContext[4];
        } Overlay;
    } Tail;
    struct
    {
        NTSTATUS Status;
        ULONG64 Information;
    } IoStatus;
} IRP, *PIRP;

typedef IRP *DEVICE_QUEUE(PVOID Context), *(*GETTER)(void);
typedef NTSTATUS (__attribute__((stdcall)) DRIVER_DISPATCH)(PVOID DeviceObject, PIRP Irp);

__attribute__((dllimport)) void __attribute__((fastcall)) IofCompleteRequest(PIRP Irp, signed char Boost);

static __inline__ ULONG
Doubled(ULONG Value)
{
    const char *text = "}{(\"";
    return text[0] ? Value * 2 : 0;
}

extern LONG Counter;
