/* Structured exceptions in every order: DriverEntry plays each case, prints what ran in which order, and fails. */
#include <ntddk.h>

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#define GetExceptionCode() ((NTSTATUS)__exception_code())
#define GetExceptionInformation() ((EXCEPTION_POINTERS *)__exception_info())
#define AbnormalTermination() __abnormal_termination()

DRIVER_INITIALIZE DriverEntry;

typedef VOID CASE_FUNCTION(VOID);
static CHAR Log[64];
static ULONG Length;
static volatile ULONG Zero;
static ULONG *volatile Nowhere = (ULONG *)0x40;

#define NOINLINE __attribute__((noinline))

static NOINLINE VOID
Say(CHAR Step)
{
    if (Length < sizeof(Log) - 1)
        Log[Length++] = Step;
}

static NOINLINE VOID
Raise(NTSTATUS Status)
{
    Say('r');
    ExRaiseStatus(Status);
}

static NOINLINE LONG
Filter(NTSTATUS Found, NTSTATUS Wanted, CHAR Step)
{
    Say(Step);
    return Found == Wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

/* Apart: in a __try block the compiler asks handlers for calls only. */
static NOINLINE ULONG
Read(ULONG *From)
{
    return *(volatile ULONG *)From;
}

static NOINLINE ULONG
Divide(ULONG Dividend, ULONG Divisor)
{
    return Dividend / Divisor;
}

/* In the kernel's own code, on the driver's behalf. */
static NOINLINE VOID
Compare(VOID *To, VOID *From, ULONG Size)
{
    Zero = (ULONG)RtlCompareMemory(To, From, Size) & 0;
}

static NOINLINE VOID
CaughtFromCall(VOID)
{
    __try
    {
        Raise(STATUS_NO_MEMORY);
        Say('!');
    }
    __except (EXCEPTION_EXECUTE_HANDLER)
    {
        Say(GetExceptionCode() == STATUS_NO_MEMORY ? 'h' : '!');
    }
}

static NOINLINE VOID
CaughtFromRead(VOID)
{
    __try
    {
        Zero = Read(Nowhere);
        Say('!');
    }
    __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH)
    {
        Say('h');
    }
}

static NOINLINE VOID
CaughtFromKernel(VOID)
{
    ULONG Bytes[16] = { 0 };

    __try
    {
        Compare(Bytes, Nowhere, sizeof(Bytes));
        Say('!');
    }
    __except (EXCEPTION_EXECUTE_HANDLER)
    {
        Say('h');
    }
}

static NOINLINE VOID
CaughtFromDivision(VOID)
{
    __try
    {
        Zero = Divide(7, Zero);
        Say('!');
    }
    __except (Filter(GetExceptionCode(), STATUS_INTEGER_DIVIDE_BY_ZERO, 'f'))
    {
        Say('h');
    }
}

static NOINLINE LONG
Information(EXCEPTION_POINTERS *Pointers)
{
    EXCEPTION_RECORD *Record = Pointers->ExceptionRecord;

    if (Record->NumberParameters == 2 && Record->ExceptionInformation[0] == 0 &&
        Record->ExceptionInformation[1] == (ULONG_PTR)Nowhere)
        Say('i');
    return EXCEPTION_EXECUTE_HANDLER;
}

static NOINLINE VOID
FilterSeesWhat(VOID)
{
    __try
    {
        Zero = Read(Nowhere);
    }
    __except (Information(GetExceptionInformation()))
    {
        Say('h');
    }
}

static NOINLINE VOID
SearchGoesOn(VOID)
{
    __try
    {
        __try
        {
            Raise(STATUS_NO_MEMORY);
        }
        __except (Filter(GetExceptionCode(), STATUS_TIMEOUT, '1'))
        {
            Say('!');
        }
    }
    __except (Filter(GetExceptionCode(), STATUS_NO_MEMORY, '2'))
    {
        Say('h');
    }
}

static NOINLINE VOID
Cleans(CHAR Step)
{
    __try
    {
        Raise(STATUS_NO_MEMORY);
    }
    __finally
    {
        Say(AbnormalTermination() ? Step : '!');
    }
}

static NOINLINE VOID
Outer(VOID)
{
    __try
    {
        Cleans('a');
    }
    __finally
    {
        Say('b');
    }
}

/* The filter runs before the termination handlers, these from inside to outside, then the block. */
static NOINLINE VOID
CleanedOnTheWay(VOID)
{
    __try
    {
        Outer();
    }
    __except (Filter(GetExceptionCode(), STATUS_NO_MEMORY, 'f'))
    {
        Say('h');
    }
}

static NOINLINE VOID
CleanedInPlace(VOID)
{
    __try
    {
        __try
        {
            Raise(STATUS_NO_MEMORY);
        }
        __finally
        {
            Say('a');
        }
        Say('!');
    }
    __except (Filter(GetExceptionCode(), STATUS_NO_MEMORY, 'f'))
    {
        Say('h');
    }
}

static NOINLINE VOID
NothingHappened(VOID)
{
    __try
    {
        Say('t');
    }
    __finally
    {
        Say(AbnormalTermination() ? '!' : 'n');
    }
}

static NOINLINE VOID
RaisedInHandler(VOID)
{
    __try
    {
        __try
        {
            Raise(STATUS_NO_MEMORY);
        }
        __except (EXCEPTION_EXECUTE_HANDLER)
        {
            Say('h');
            Raise(STATUS_TIMEOUT);
        }
    }
    __except (Filter(GetExceptionCode(), STATUS_TIMEOUT, 'f'))
    {
        Say('k');
    }
}

static NOINLINE LONG
CatchesItsOwn(VOID)
{
    CaughtFromCall();
    return EXCEPTION_EXECUTE_HANDLER;
}

static NOINLINE VOID
CaughtInFilter(VOID)
{
    __try
    {
        Raise(STATUS_TIMEOUT);
    }
    __except (CatchesItsOwn())
    {
        Say(GetExceptionCode() == STATUS_TIMEOUT ? 'k' : '!');
    }
}

static NOINLINE VOID
CaughtInCleaning(VOID)
{
    __try
    {
        __try
        {
            Raise(STATUS_TIMEOUT);
        }
        __finally
        {
            CaughtFromCall();
        }
    }
    __except (EXCEPTION_EXECUTE_HANDLER)
    {
        Say(GetExceptionCode() == STATUS_TIMEOUT ? 'k' : '!');
    }
}

/* What was in registers before the call is there after it. */
static NOINLINE VOID
LocalsAreKept(VOID)
{
    volatile ULONG Source = 5;
    ULONG A = Source * 3, B = Source * 7, C = Source * 11, D = Source * 13, E = Source * 17, F = Source * 19;

    __try
    {
        Raise((NTSTATUS)(A + B + C + D + E + F) | STATUS_NO_MEMORY);
    }
    __except (EXCEPTION_EXECUTE_HANDLER)
    {
        Say('h');
    }
    Say(A == 15 && B == 35 && C == 55 && D == 65 && E == 85 && F == 95 ? 'k' : '!');
}

static NOINLINE ULONG
Deep(ULONG Depth)
{
    volatile ULONG Room[32];

    Room[Depth % 32] = Depth;
    if (Depth == 0)
    {
        Raise(STATUS_NO_MEMORY);
        return 0;
    }
    return Deep(Depth - 1) + Room[Depth % 32];
}

static NOINLINE VOID
CaughtFromDeep(VOID)
{
    __try
    {
        Zero = Deep(40);
    }
    __except (EXCEPTION_EXECUTE_HANDLER)
    {
        Say('h');
    }
    Zero = 0;
}

static NOINLINE VOID
CaughtManyTimes(VOID)
{
    ULONG Caught = 0;

    for (ULONG I = 0; I < 1000; ++I)
    {
        __try
        {
            ExRaiseStatus(STATUS_NO_MEMORY);
        }
        __except (EXCEPTION_EXECUTE_HANDLER)
        {
            ++Caught;
        }
    }
    Say(Caught == 1000 ? 'k' : '!');
}

static VOID
Play(PCSTR Name, CASE_FUNCTION *Case)
{
    RtlZeroMemory(Log, sizeof(Log));
    Length = 0;
    Case();
    DbgPrint("%s %s", Name, Log);
}

#define PLAY(Case) Play(#Case, Case)

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    PLAY(CaughtFromCall);
    PLAY(CaughtFromRead);
    PLAY(CaughtFromKernel);
    PLAY(CaughtFromDivision);
    PLAY(FilterSeesWhat);
    PLAY(SearchGoesOn);
    PLAY(CleanedOnTheWay);
    PLAY(CleanedInPlace);
    PLAY(NothingHappened);
    PLAY(RaisedInHandler);
    PLAY(CaughtInFilter);
    PLAY(CaughtInCleaning);
    PLAY(LocalsAreKept);
    PLAY(CaughtFromDeep);
    PLAY(CaughtManyTimes);
    return STATUS_UNSUCCESSFUL;
}
