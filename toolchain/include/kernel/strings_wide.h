/* Zero-terminated UTF-16 strings; Cch counts characters, Cb bytes, both with the terminator. */
#pragma once

NTSTRSAFEDDI
RtlStringCchLengthW(_In_ PCWSTR psz, _In_ size_t cchMax, _Out_opt_ size_t *pcchLength)
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
RtlStringCchCopyNW(_Out_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszSrc, _In_ size_t cchToCopy)
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
RtlStringCchCopyW(_Out_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszSrc)
{
    return RtlStringCchCopyNW(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH);
}

NTSTRSAFEDDI
RtlStringCchCatNW(_Inout_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszSrc, _In_ size_t cchToAppend)
{
    size_t Used;
    NTSTATUS Status = RtlStringCchLengthW(pszDest, cchDest, &Used);

    return NT_SUCCESS(Status) ? RtlStringCchCopyNW(pszDest + Used, cchDest - Used, pszSrc, cchToAppend) : Status;
}

NTSTRSAFEDDI
RtlStringCchCatW(_Inout_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszSrc)
{
    return RtlStringCchCatNW(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH);
}

NTSTRSAFEDDI
RtlStringCchVPrintfW(_Out_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszFormat, _In_ va_list argList)
{
    int Written;

    if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    Written = _vsnwprintf(pszDest, cchDest - 1, pszFormat, argList);
    if (Written >= 0 && (size_t)Written < cchDest) {
        pszDest[Written] = 0;
        return STATUS_SUCCESS;
    }
    pszDest[cchDest - 1] = 0;
    return STATUS_BUFFER_OVERFLOW;
}

/* Variadic, so not forced inline: one copy in each source that uses it. */
static inline NTSTATUS NTAPIV
RtlStringCchPrintfW(_Out_ PWSTR pszDest, _In_ size_t cchDest, _In_ PCWSTR pszFormat, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, pszFormat);
    Status = RtlStringCchVPrintfW(pszDest, cchDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

NTSTRSAFEDDI
RtlStringCbLengthW(_In_ PCWSTR psz, _In_ size_t cbMax, _Out_opt_ size_t *pcbLength)
{
    size_t Length;
    NTSTATUS Status = RtlStringCchLengthW(psz, cbMax / sizeof(WCHAR), &Length);

    if (pcbLength != NULL) {
        *pcbLength = NT_SUCCESS(Status) ? Length * sizeof(WCHAR) : 0;
    }
    return Status;
}

NTSTRSAFEDDI
RtlStringCbCopyNW(_Out_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszSrc, _In_ size_t cbToCopy)
{
    return RtlStringCchCopyNW(pszDest, cbDest / sizeof(WCHAR), pszSrc, cbToCopy / sizeof(WCHAR));
}

NTSTRSAFEDDI
RtlStringCbCopyW(_Out_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszSrc)
{
    return RtlStringCchCopyW(pszDest, cbDest / sizeof(WCHAR), pszSrc);
}

NTSTRSAFEDDI
RtlStringCbCatNW(_Inout_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszSrc, _In_ size_t cbToAppend)
{
    return RtlStringCchCatNW(pszDest, cbDest / sizeof(WCHAR), pszSrc, cbToAppend / sizeof(WCHAR));
}

NTSTRSAFEDDI
RtlStringCbCatW(_Inout_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszSrc)
{
    return RtlStringCchCatW(pszDest, cbDest / sizeof(WCHAR), pszSrc);
}

NTSTRSAFEDDI
RtlStringCbVPrintfW(_Out_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszFormat, _In_ va_list argList)
{
    return RtlStringCchVPrintfW(pszDest, cbDest / sizeof(WCHAR), pszFormat, argList);
}

static inline NTSTATUS NTAPIV
RtlStringCbPrintfW(_Out_ PWSTR pszDest, _In_ size_t cbDest, _In_ PCWSTR pszFormat, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, pszFormat);
    Status = RtlStringCchVPrintfW(pszDest, cbDest / sizeof(WCHAR), pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
