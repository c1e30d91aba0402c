/* A driver in form only: it has what the image's properties depend on, and is never loaded. */
#include <stdarg.h>
#include <stdint.h>

typedef int32_t NTSTATUS;
typedef NTSTATUS(__stdcall *Callback)(void *context);

__declspec(dllimport) NTSTATUS __stdcall IoCreateDevice(void *driver, uint32_t extension, void *name, uint32_t type, uint32_t flags,
                                                        uint8_t exclusive, void **device);
__declspec(dllimport) void __fastcall IofCompleteRequest(void *irp, signed char boost);
__declspec(dllimport) uint8_t __stdcall KeGetCurrentIrql(void);
__declspec(dllimport) NTSTATUS __stdcall NdisMRegisterMiniportDriver(void *driver, void *path, void *context, void *table, void **handle);
__declspec(dllimport) NTSTATUS __cdecl DbgPrint(const char *format, ...);
__declspec(dllimport) void __stdcall MmProbeAndLockPages(void *mdl, int mode, int operation);
__declspec(dllimport) extern uint32_t NtBuildNumber;

void *memcpy(void *restrict destination, const void *restrict source, __SIZE_TYPE__ count);
NTSTATUS __stdcall DriverEntry(void **driver, void *path);
NTSTATUS guarded(const char *text, uint32_t count);

static Callback callback;
static void *device;
static volatile uint64_t total;

static NTSTATUS __stdcall unload(void *context) {
    IofCompleteRequest(context, 0);
    return 0;
}

/* Not static: a test calls it, by the documented convention. */
__attribute__((noinline)) NTSTATUS guarded(const char *text, uint32_t count) {
    char copy[64];
    memcpy(copy, text, count);
    total = total / (count + UINT64_C(3)) + total % count;
    __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
    return DbgPrint(copy);
}

__attribute__((noinline)) static NTSTATUS locked(void *mdl) {
    __try {
        MmProbeAndLockPages(mdl, 1, 0);
    } __except (1) {
        return -1;
    }
    return 0;
}

#pragma code_seg("PAGE")
__attribute__((noinline)) static NTSTATUS paged(void *context) { return callback(context); }

#pragma code_seg("INIT")
NTSTATUS __stdcall DriverEntry(void **driver, void *path) {
    callback = unload;
    driver[2] = (void *)unload;
    if (KeGetCurrentIrql() != 0) {
        return (NTSTATUS)NtBuildNumber;
    }
    NTSTATUS status = NdisMRegisterMiniportDriver(driver, path, 0, 0, &device);
    if (status < 0) {
        return status;
    }
    status = IoCreateDevice(driver, 0, 0, 0x22, 0, 0, &device);
#if defined(DBG)
    DbgPrint("%s %d\n", __FILE__, status);
#endif
    return status < 0 ? status : paged(path) + guarded(path, (uint32_t)status) + locked(device);
}
#pragma code_seg()
