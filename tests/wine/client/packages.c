/* SPDX-License-Identifier: MIT
 *
 * A driver package through Windows' setup functions: how they read its INF, and installing from it.
 */
#include "client.h"

#include <setupapi.h>

#include <string.h>

#define FIELD_SIZE 512

static HINF
opened(const char *path)
{
    UINT line = 0;
    HINF inf = SetupOpenInfFileA(path, NULL, INF_STYLE_WIN4, &line);

    if (inf == INVALID_HANDLE_VALUE)
        fail("cannot read", path);
    return inf;
}

/* Name and values of the line, as a string that bars part. */
static void
line_of(INFCONTEXT *context, char *text, size_t size)
{
    DWORD count = SetupGetFieldCount(context);
    DWORD index;

    text[0] = 0;
    for (index = 0; index <= count; ++index)
    {
        char field[FIELD_SIZE] = "";

        SetupGetStringFieldA(context, index, field, sizeof(field), NULL);
        if (strlen(text) + strlen(field) + 2 > size)
            fail("too long a line at", field);
        strcat(text, field);
        if (index < count)
            strcat(text, "|");
    }
}

void
package_section(const char *path, const char *section)
{
    HINF inf = opened(path);
    INFCONTEXT context;
    LONG count = 0;

    if (SetupFindFirstLineA(inf, section, NULL, &context))
        do
        {
            static char text[8 * FIELD_SIZE];
            char name[16];

            line_of(&context, text, sizeof(text));
            _snprintf(name, sizeof(name), "%ld", count++);
            result_bytes(name, (const unsigned char *)text, strlen(text));
        } while (SetupFindNextLine(&context, &context));
    result_number("lines", (unsigned)count);
    SetupCloseInfFile(inf);
}

/* Files and services of these sections; the package's files are beside its INF. */
void
package_install(const char *path, const char *folder, const char *section, const char *services)
{
    HINF inf = opened(path);
    void *queue = SetupInitDefaultQueueCallback(NULL);
    BOOL done = SetupInstallFromInfSectionA(NULL, inf, section, SPINST_FILES, NULL, folder, SP_COPY_NOSKIP,
                                            SetupDefaultQueueCallbackA, queue, NULL, NULL);

    result_number("files", done ? 0 : GetLastError());
    SetupTermDefaultQueueCallback(queue);
    done = SetupInstallServicesFromInfSectionA(inf, services, 0);
    result_number("services", done ? 0 : GetLastError());
    SetupCloseInfFile(inf);
}
