/* SPDX-License-Identifier: MIT
 *
 * store NAME RESULTS: writes the certificates of a store of the machine, each in hexadecimal on a line.
 */
#include <windows.h>
#include <wincrypt.h>

#include <stdio.h>

int __wgetmainargs(int *, wchar_t ***, wchar_t ***, int, void *); /* of msvcrt.dll */
__declspec(noreturn) void exit(int);

static void
write_certificates(const wchar_t *name, FILE *results)
{
    const CERT_CONTEXT *each = NULL;
    DWORD flags = CERT_SYSTEM_STORE_LOCAL_MACHINE | CERT_STORE_READONLY_FLAG;
    HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, name);

    if (!store)
        exit(2);
    while ((each = CertEnumCertificatesInStore(store, each)) != NULL) {
        for (DWORD at = 0; at < each->cbCertEncoded; at++)
            fprintf(results, "%02x", each->pbCertEncoded[at]);
        fputs("\n", results);
    }
    CertCloseStore(store, 0);
}

void
start(void)
{
    int count, expand = 0;
    wchar_t **arguments, **environment;
    FILE *results;

    if (__wgetmainargs(&count, &arguments, &environment, 0, &expand) != 0 || count != 3)
        exit(2);
    results = _wfopen(arguments[2], L"wb");
    if (!results)
        exit(2);
    write_certificates(arguments[1], results);
    fclose(results);
    exit(0);
}
