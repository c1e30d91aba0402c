/* SPDX-License-Identifier: MIT
 *
 * The driver as a service.
 */
#include "client.h"

#include <string.h>

#define PATIENCE 200 /* polls */
#define POLL 50      /* milliseconds */

static SC_HANDLE
service_of(const char *name)
{
    SC_HANDLE services = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(services, name, SERVICE_ALL_ACCESS);

    if (service == NULL)
        fail("no service", name);
    return service;
}

static DWORD
state_after(SC_HANDLE service, DWORD wanted)
{
    SERVICE_STATUS status = { 0 };
    int poll;

    for (poll = 0; poll < PATIENCE; ++poll)
    {
        if (!QueryServiceStatus(service, &status) || status.dwCurrentState == wanted)
            break;
        Sleep(POLL);
    }
    return status.dwCurrentState;
}

void
service_start(const char *name)
{
    SC_HANDLE service = service_of(name);
    BOOL done = StartServiceA(service, 0, NULL);

    result_number("error", done ? 0 : GetLastError());
    if (done)
        result_number("running", state_after(service, SERVICE_RUNNING) == SERVICE_RUNNING);
}

void
service_stop(const char *name)
{
    SC_HANDLE service = service_of(name);
    SERVICE_STATUS status;
    BOOL done = ControlService(service, SERVICE_CONTROL_STOP, &status);

    result_number("error", done ? 0 : GetLastError());
    if (done)
        result_number("stopped", state_after(service, SERVICE_STOPPED) == SERVICE_STOPPED);
}

static void
result_text(const char *name, const char *text)
{
    result_bytes(name, (const unsigned char *)text, strlen(text));
}

void
service_query(const char *name)
{
    static union
    {
        QUERY_SERVICE_CONFIGA config;
        char room[4096];
    } answer;
    DWORD needed;

    if (!QueryServiceConfigA(service_of(name), &answer.config, sizeof(answer), &needed))
        fail("no configuration of", name);
    result_number("type", answer.config.dwServiceType);
    result_number("start", answer.config.dwStartType);
    result_number("error_control", answer.config.dwErrorControl);
    result_text("path", answer.config.lpBinaryPathName);
    result_text("group", answer.config.lpLoadOrderGroup);
    result_text("name", answer.config.lpDisplayName);
}
