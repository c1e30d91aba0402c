/* Zero-terminated 8-bit strings; Cch counts characters, Cb bytes, both with the terminator. */
#pragma once

NTSTRSAFEDDI
RtlStringCchLengthA(_In_ PCSTR psz, _In_ size_t cchMax, _Out_opt_ size_t *pcchLength)
{
    size_t Length = 0;

    if (psz == NULL || cchMax > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    while (Length < cchMax && psz[Length] != 0) {
        Length++;
    }
    if (pcchLength != NULL) {
        *pcchLength = Length < cchMax ? Length : 0;
    }
    return Length < cchMax ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTRSAFEDDI
RtlStringCchCopyNA(_Out_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszSrc, _In_ size_t cchToCopy)
{
    size_t Length = 0;

    if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    while (Length < cchDest - 1 && Length < cchToCopy && pszSrc[Length] != 0) {
        pszDest[Length] = pszSrc[Length];
        Length++;
    }
    pszDest[Length] = 0;
    return Length == cchToCopy || pszSrc[Length] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTRSAFEDDI
RtlStringCchCopyA(_Out_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszSrc)
{
    return RtlStringCchCopyNA(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH);
}

NTSTRSAFEDDI
RtlStringCchCatNA(_Inout_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszSrc, _In_ size_t cchToAppend)
{
    size_t Used;
    NTSTATUS Status = RtlStringCchLengthA(pszDest, cchDest, &Used);

    return NT_SUCCESS(Status) ? RtlStringCchCopyNA(pszDest + Used, cchDest - Used, pszSrc, cchToAppend) : Status;
}

NTSTRSAFEDDI
RtlStringCchCatA(_Inout_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszSrc)
{
    return RtlStringCchCatNA(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH);
}

NTSTRSAFEDDI
RtlStringCchVPrintfA(_Out_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszFormat, _In_ va_list argList)
{
    int Written;

    if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    Written = _vsnprintf(pszDest, cchDest - 1, pszFormat, argList);
    if (Written >= 0 && (size_t)Written < cchDest) {
        pszDest[Written] = 0;
        return STATUS_SUCCESS;
    }
    pszDest[cchDest - 1] = 0;
    return STATUS_BUFFER_OVERFLOW;
}

/* Variadic, so not forced inline: one copy in each source that uses it. */
static inline NTSTATUS NTAPIV
RtlStringCchPrintfA(_Out_ PSTR pszDest, _In_ size_t cchDest, _In_ PCSTR pszFormat, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, pszFormat);
    Status = RtlStringCchVPrintfA(pszDest, cchDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

NTSTRSAFEDDI
RtlStringCbLengthA(_In_ PCSTR psz, _In_ size_t cbMax, _Out_opt_ size_t *pcbLength)
{
    size_t Length;
    NTSTATUS Status = RtlStringCchLengthA(psz, cbMax / sizeof(CHAR), &Length);

    if (pcbLength != NULL) {
        *pcbLength = NT_SUCCESS(Status) ? Length * sizeof(CHAR) : 0;
    }
    return Status;
}

NTSTRSAFEDDI
RtlStringCbCopyNA(_Out_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszSrc, _In_ size_t cbToCopy)
{
    return RtlStringCchCopyNA(pszDest, cbDest / sizeof(CHAR), pszSrc, cbToCopy / sizeof(CHAR));
}

NTSTRSAFEDDI
RtlStringCbCopyA(_Out_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszSrc)
{
    return RtlStringCchCopyA(pszDest, cbDest / sizeof(CHAR), pszSrc);
}

NTSTRSAFEDDI
RtlStringCbCatNA(_Inout_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszSrc, _In_ size_t cbToAppend)
{
    return RtlStringCchCatNA(pszDest, cbDest / sizeof(CHAR), pszSrc, cbToAppend / sizeof(CHAR));
}

NTSTRSAFEDDI
RtlStringCbCatA(_Inout_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszSrc)
{
    return RtlStringCchCatA(pszDest, cbDest / sizeof(CHAR), pszSrc);
}

NTSTRSAFEDDI
RtlStringCbVPrintfA(_Out_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszFormat, _In_ va_list argList)
{
    return RtlStringCchVPrintfA(pszDest, cbDest / sizeof(CHAR), pszFormat, argList);
}

static inline NTSTATUS NTAPIV
RtlStringCbPrintfA(_Out_ PSTR pszDest, _In_ size_t cbDest, _In_ PCSTR pszFormat, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, pszFormat);
    Status = RtlStringCchVPrintfA(pszDest, cbDest / sizeof(CHAR), pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
