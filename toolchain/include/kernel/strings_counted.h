/* UNICODE_STRINGs: lengths in bytes, no terminator, never longer than MaximumLength. */
#pragma once

NTSTRSAFEDDI
RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString, _In_opt_ PCWSTR pszSrc)
{
    size_t Length = 0;

    if (pszSrc != NULL && !NT_SUCCESS(RtlStringCchLengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &Length))) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(Length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)(pszSrc != NULL ? (Length + 1) * sizeof(WCHAR) : 0);
    DestinationString->Buffer = (PWSTR)pszSrc;
    return STATUS_SUCCESS;
}

NTSTRSAFEDDI
RtlUnicodeStringCat(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString)
{
    USHORT Room = (USHORT)(DestinationString->MaximumLength - DestinationString->Length);
    USHORT Length = SourceString->Length < Room ? SourceString->Length : Room;

    memcpy((PUCHAR)DestinationString->Buffer + DestinationString->Length, SourceString->Buffer, Length);
    DestinationString->Length = (USHORT)(DestinationString->Length + Length);
    return Length == SourceString->Length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTRSAFEDDI
RtlUnicodeStringCopy(_Out_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString)
{
    DestinationString->Length = 0;
    return RtlUnicodeStringCat(DestinationString, SourceString);
}

NTSTRSAFEDDI
RtlUnicodeStringCatString(_Inout_ PUNICODE_STRING DestinationString, _In_ PCWSTR pszSrc)
{
    UNICODE_STRING Source;
    NTSTATUS Status = RtlUnicodeStringInit(&Source, pszSrc);

    return NT_SUCCESS(Status) ? RtlUnicodeStringCat(DestinationString, &Source) : Status;
}

NTSTRSAFEDDI
RtlUnicodeStringCopyString(_Out_ PUNICODE_STRING DestinationString, _In_ PCWSTR pszSrc)
{
    DestinationString->Length = 0;
    return RtlUnicodeStringCatString(DestinationString, pszSrc);
}

NTSTRSAFEDDI
RtlUnicodeStringVPrintf(_Out_ PUNICODE_STRING DestinationString, _In_ PCWSTR pszFormat, _In_ va_list argList)
{
    size_t Most = DestinationString->MaximumLength / sizeof(WCHAR);
    int Written = _vsnwprintf(DestinationString->Buffer, Most, pszFormat, argList);
    BOOLEAN Fits = (BOOLEAN)(Written >= 0 && (size_t)Written <= Most);

    DestinationString->Length = (USHORT)((Fits ? (size_t)Written : Most) * sizeof(WCHAR));
    return Fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static inline NTSTATUS NTAPIV
RtlUnicodeStringPrintf(_Out_ PUNICODE_STRING DestinationString, _In_ PCWSTR pszFormat, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, pszFormat);
    Status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
