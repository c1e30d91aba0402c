/* Stack: functions that call nothing of the kernel go deep. */
#include "probe.h"

#define FRAME 800

/* Each frame is there until the end: the next one reads it. */
__attribute__((noinline)) static ULONG
Descend(ULONG Depth, _In_opt_ const volatile UCHAR *Caller)
{
    volatile UCHAR Frame[FRAME];

    Frame[0] = Frame[FRAME - 1] = (UCHAR)Depth;
    if (Depth > 1)
        return Descend(Depth - 1, Frame) + Frame[0];
    return Caller ? Caller[0] + Frame[0] : Frame[0];
}

BREAKS(StackUse, Control)
{
    Call->Status = Descend(10, NULL) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

KEEPS(StackUse, Control)
{
    Call->Status = Descend(2, NULL) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
