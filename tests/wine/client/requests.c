/* SPDX-License-Identifier: MIT
 *
 * Handles and overlapped requests through ntdll, which gives the NTSTATUS as it is. The script names them.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#define MOST_HANDLES 16
#define MOST_REQUESTS 256
#define NAME_SIZE 24
#define UNTOUCHED 0xA5
#define STATUS_STILL_PENDING 0x103

typedef struct
{
    char name[NAME_SIZE];
    HANDLE handle;
} handle;

typedef struct
{
    char name[NAME_SIZE];
    IO_STATUS_BLOCK block;
    HANDLE event;
    unsigned char *buffer;
    size_t room; /* for what comes back */
} request;

static handle handles[MOST_HANDLES];
static request requests[MOST_REQUESTS];

NTSTATUS NTAPI NtReadFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID, ULONG, PLARGE_INTEGER, PULONG);
NTSTATUS NTAPI NtWriteFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID, ULONG, PLARGE_INTEGER, PULONG);

static handle *
handle_of(const char *name)
{
    handle *at = handles;

    while (at < handles + MOST_HANDLES && at->name[0] != 0 && strcmp(at->name, name) != 0)
        ++at;
    if (at == handles + MOST_HANDLES)
        fail("too many handles at", name);
    if (at->name[0] == 0)
        strncpy(at->name, name, NAME_SIZE - 1);
    return at;
}

static request *
find(const char *name)
{
    request *at = requests;

    while (at < requests + MOST_REQUESTS && at->name[0] != 0 && strcmp(at->name, name) != 0)
        ++at;
    if (at == requests + MOST_REQUESTS)
        fail("too many requests at", name);
    return at;
}

static request *
new_request(const char *name)
{
    request *made = find(name);

    if (made->name[0] != 0)
        fail("a second request called", name);
    strncpy(made->name, name, NAME_SIZE - 1);
    made->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    made->block.Status = STATUS_STILL_PENDING;
    return made;
}

static request *
request_of(const char *name)
{
    request *found = find(name);

    if (found->name[0] == 0)
        fail("no request called", name);
    return found;
}

/* What did not even start is never written into the status block. */
static void
started(request *made, NTSTATUS status)
{
    if (status < 0 && made->block.Status == STATUS_STILL_PENDING)
    {
        made->block.Status = status;
        made->block.Information = 0;
        SetEvent(made->event);
    }
}

void
request_open(const char *name, const char *device)
{
    handle *opened = handle_of(name);
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text;
    IO_STATUS_BLOCK block;
    WCHAR path[128];
    NTSTATUS status;

    _snwprintf(path, sizeof(path) / sizeof(path[0]), L"\\??\\%hs", device);
    RtlInitUnicodeString(&text, path);
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    status = NtCreateFile(&opened->handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &block, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
    result_number("status", (unsigned)status);
}

void
request_close(const char *name)
{
    result_number("status", (unsigned)NtClose(handle_of(name)->handle));
}

void
request_read(const char *name, const char *request_name, size_t length)
{
    request *made = new_request(request_name);
    LARGE_INTEGER offset = { 0 };

    made->room = length;
    made->buffer = malloc(length + 1);
    if (made->buffer == NULL)
        fail("no memory for", request_name);
    memset(made->buffer, UNTOUCHED, length);
    started(made, NtReadFile(handle_of(name)->handle, made->event, NULL, NULL, &made->block, made->buffer, (ULONG)length,
                             &offset, NULL));
}

void
request_write(const char *name, const char *request_name, const char *data)
{
    request *made = new_request(request_name);
    LARGE_INTEGER offset = { 0 };
    size_t size;

    made->buffer = bytes_of(data, &size);
    started(made, NtWriteFile(handle_of(name)->handle, made->event, NULL, NULL, &made->block, made->buffer, (ULONG)size,
                              &offset, NULL));
}

void
request_control(const char *name, const char *request_name, unsigned long code, size_t room, const char *data)
{
    request *made = new_request(request_name);
    size_t size;
    unsigned char *input = bytes_of(data, &size);

    made->room = room;
    made->buffer = malloc(room + 1);
    if (made->buffer == NULL)
        fail("no memory for", request_name);
    started(made, NtDeviceIoControlFile(handle_of(name)->handle, made->event, NULL, NULL, &made->block, code, input,
                                        (ULONG)size, made->buffer, (ULONG)room));
}

void
request_wait(const char *name, unsigned long milliseconds)
{
    request *waited = request_of(name);

    if (WaitForSingleObject(waited->event, milliseconds) != WAIT_OBJECT_0)
    {
        result_number("done", 0);
        return;
    }
    result_number("done", 1);
    result_number("status", (unsigned)waited->block.Status);
    result_number("information", waited->block.Information);
    if (waited->room != 0)
        result_bytes("data", waited->buffer, waited->block.Information < waited->room ? waited->block.Information : waited->room);
}

void
request_cancel(const char *name, const char *request_name)
{
    request *cancelled = request_of(request_name);
    BOOL done = CancelIoEx(handle_of(name)->handle, (OVERLAPPED *)&cancelled->block);

    result_number("error", done ? 0 : GetLastError());
}
