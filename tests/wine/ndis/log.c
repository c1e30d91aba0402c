/* SPDX-License-Identifier: MIT
 *
 * What happened, in lines of text.
 */
#include "test_ndis.h"

#include <ntstrsafe.h>

#define LOG_SIZE (1u << 20)
#define LINE_SIZE 256

static char Lines[LOG_SIZE];
static ULONG Used;
static BOOLEAN Lost;
static KSPIN_LOCK Lock;

void
LogBegin(void)
{
    KeInitializeSpinLock(&Lock);
    Used = 0;
    Lost = FALSE;
}

/* What does not fit is not kept, and LogTake says so. */
static void
Append(const char *Text, ULONG Length)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Lock, &Irql);
    if (Length <= LOG_SIZE - Used)
    {
        RtlCopyMemory(Lines + Used, Text, Length);
        Used += Length;
    }
    else
        Lost = TRUE;
    KeReleaseSpinLock(&Lock, Irql);
}

void
LogLine(const char *Format, ...)
{
    char Line[LINE_SIZE];
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnprintf(Line, sizeof(Line), Format, Arguments);
    va_end(Arguments);
    if (Length > 0)
        Append(Line, (ULONG)Length);
}

void
LogBytes(const char *Start, const UCHAR *Data, ULONG Size)
{
    static const char Digits[] = "0123456789abcdef";
    ULONG Head = 0;
    ULONG Index;
    char *Line;

    while (Start[Head] != 0)
        ++Head;
    Line = Allocate(Head + 2 * (SIZE_T)Size + 1);
    if (Line == NULL)
        return;
    RtlCopyMemory(Line, Start, Head);
    for (Index = 0; Index < Size; ++Index)
    {
        Line[Head + 2 * Index] = Digits[Data[Index] >> 4];
        Line[Head + 2 * Index + 1] = Digits[Data[Index] & 15];
    }
    Line[Head + 2 * Size] = '\n';
    Append(Line, Head + 2 * Size + 1);
    ExFreePoolWithTag(Line, POOL_TAG);
}

ULONG
LogTake(char *Buffer, ULONG Size)
{
    KIRQL Irql;
    ULONG Taken;

    if (Lost)
        LogLine("mistake log-full 1\n");
    KeAcquireSpinLock(&Lock, &Irql);
    Taken = Used < Size ? Used : Size;
    RtlCopyMemory(Buffer, Lines, Taken);
    RtlMoveMemory(Lines, Lines + Taken, Used - Taken);
    Used -= Taken;
    KeReleaseSpinLock(&Lock, Irql);
    return Taken;
}
