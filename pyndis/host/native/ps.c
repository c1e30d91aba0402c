/* Small exports that production drivers ask for: addresses by name, threads, security checks, ANSI strings, formatted text. */
#include "io.h"
#include <strings.h>

static void *address_of(const UNICODE_STRING *name)
{
    string_check(name, self->frame->name);
    char *text = utf8_from_utf16(name->Buffer, name->Length / 2);
    struct export *export = export_find(text);
    free(text);
    return export ? export->function : NULL;
}

EXPORT(void *, MmGetSystemRoutineAddress, const UNICODE_STRING *name)
{
    ENTER(MmGetSystemRoutineAddress, name);
    return address_of(name);
}

EXPORT(void *, NdisGetRoutineAddress, const UNICODE_STRING *name)
{
    ENTER(NdisGetRoutineAddress, name);
    return address_of(name);
}

EXPORT(int32_t, KeSetPriorityThread, void *thread, int32_t priority)
{
    ENTER(KeSetPriorityThread, thread);
    (void)priority;
    return 8;
}

EXPORT(uintptr_t, PsGetCurrentThreadId, void)
{
    ENTER(PsGetCurrentThreadId, NULL);
    return (uintptr_t)self->id * 4;
}

EXPORT(uint8_t, ExGetPreviousMode, void)
{
    ENTER(ExGetPreviousMode, NULL);
    return self->irp ? self->irp->irp->RequestorMode : 0;
}

EXPORT(uint8_t, KeAreApcsDisabled, void)
{
    ENTER(KeAreApcsDisabled, NULL);
    return self->apc_off > 0 || self->irql >= APC;
}

static struct irp_record *record_of(const IRP *irp)
{
    struct block *block = block_at(irp, BLOCK_IRP);
    return block ? block->record : NULL;
}

EXPORT(uint32_t, IoGetRequestorProcessId, IRP *irp)
{
    ENTER(IoGetRequestorProcessId, irp);
    struct irp_record *record = record_of(irp);
    return record ? (uint32_t)record->process->pid : 0;
}

EXPORT(void *, IoGetRequestorProcess, IRP *irp)
{
    ENTER(IoGetRequestorProcess, irp);
    struct irp_record *record = record_of(irp);
    return record ? block_memory(record->process->block) : NULL;
}

EXPORT(uint32_t, NdisGroupActiveProcessorCount, uint16_t group)
{
    ENTER(NdisGroupActiveProcessorCount, NULL);
    (void)group;
    return (uint32_t)settings.cpus;
}

/* ---- security: subject contexts stand for the current process; access is what the DACL grants its user ---- */

EXPORT(void, SeCaptureSubjectContext, void **context)
{
    ENTER(SeCaptureSubjectContext, context);
    memset(context, 0, sizeof(SECURITY_SUBJECT_CONTEXT));
    context[0] = process_current();
}

EXPORT(void, SeReleaseSubjectContext, void **context)
{
    ENTER(SeReleaseSubjectContext, context);
    context[0] = NULL;
}

EXPORT(void, SeLockSubjectContext, void *context)
{
    ENTER(SeLockSubjectContext, context);
}

EXPORT(void, SeUnlockSubjectContext, void *context)
{
    ENTER(SeUnlockSubjectContext, context);
}

static bool sid_is(const uint8_t *sid, const char *user)
{
    static const uint8_t system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, admins[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}, world[] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    bool is_system = !strcasecmp(user, "SYSTEM"), is_admin = is_system || !strcasecmp(user, "Administrator");
    return (is_system && !memcmp(sid, system, sizeof system)) || (is_admin && !memcmp(sid, admins, sizeof admins)) || !memcmp(sid, world, sizeof world);
}

static const uint8_t *dacl_of(const uint8_t *descriptor)
{
    uint16_t control;
    uint32_t offset;
    const uint8_t *dacl;
    memcpy(&control, descriptor + 2, 2);
    memcpy(&offset, descriptor + 16, 4);
    memcpy(&dacl, descriptor + offsetof(SECURITY_DESCRIPTOR, Dacl), sizeof dacl);
    if (!(control & SE_DACL_PRESENT))
        return NULL;
    return control & SE_SELF_RELATIVE ? (offset ? descriptor + offset : NULL) : dacl;
}

static bool dacl_grants(const uint8_t *dacl, const char *user)
{
    uint16_t count, size;
    memcpy(&count, dacl + 4, 2);
    const uint8_t *ace = dacl + 8;
    for (unsigned i = 0; i < count; i++, ace += size) {
        memcpy(&size, ace + 2, 2);
        if (sid_is(ace + 8, user))
            return ace[0] == 0; /* the first that matches decides: allowed or denied */
    }
    return false;
}

EXPORT(uint8_t, SeAccessCheck, const uint8_t *descriptor, void **context, uint8_t locked, uint32_t desired, uint32_t previous, void **privileges, void *mapping, uint8_t mode, uint32_t *granted, uint32_t *status)
{
    ENTER(SeAccessCheck, descriptor);
    (void)locked, (void)privileges, (void)mapping;
    struct process *process = context[0] ? context[0] : process_current();
    const uint8_t *dacl = dacl_of(descriptor);
    bool allowed = mode == 0 || !dacl || dacl_grants(dacl, process->user);
    *granted = allowed ? desired | previous : 0;
    *status = allowed ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    return allowed;
}

EXPORT(const void *, IoGetFileObjectGenericMapping, void)
{
    ENTER(IoGetFileObjectGenericMapping, NULL);
    static const uint32_t mapping[] = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
    return mapping;
}

/* The checks that this host makes are those of Driver Verifier with its standard flags. */
EXPORT(status_t, MmIsVerifierEnabled, uint32_t *flags)
{
    ENTER(MmIsVerifierEnabled, NULL);
    static const uint32_t standard = DRIVER_VERIFIER_SPECIAL_POOLING | DRIVER_VERIFIER_FORCE_IRQL_CHECKING | DRIVER_VERIFIER_TRACK_POOL_ALLOCATIONS | DRIVER_VERIFIER_IO_CHECKING;
    *flags = settings.verifier ? standard : 0;
    return settings.verifier ? STATUS_SUCCESS : (status_t)STATUS_NOT_SUPPORTED;
}

/* ---- ANSI strings ---- */

EXPORT(void, RtlInitAnsiString, UNICODE_STRING *string, const char *text)
{
    ENTER(RtlInitAnsiString, string);
    memset(string, 0, sizeof *string);
    size_t length = text ? strlen(text) : 0;
    string->Length = (uint16_t)length;
    string->MaximumLength = (uint16_t)(text ? length + 1 : 0);
    string->Buffer = (void *)text;
}

void *pool_allocate(size_t size, uint32_t tag, void *owner);
void pool_free(void *memory, uint32_t tag, const char *call);
enum { STRING_TAG = 0x67727453 };

static status_t convert(UNICODE_STRING *to, const UNICODE_STRING *from, bool allocate, bool wide, bool fail)
{
    size_t count = wide ? from->Length : from->Length / 2, each = wide ? 2 : 1, need = (count + 1) * each;
    if (need > 0xFFFE)
        return (status_t)STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->Buffer = fail ? NULL : pool_allocate(need, STRING_TAG, NULL);
        to->MaximumLength = (uint16_t)need;
        if (!to->Buffer)
            return (status_t)STATUS_NO_MEMORY;
    } else if (to->MaximumLength < need) {
        return (status_t)STATUS_BUFFER_OVERFLOW;
    }
    for (size_t i = 0; i < count; i++) {
        if (wide)
            ((uint16_t *)to->Buffer)[i] = ((const uint8_t *)from->Buffer)[i];
        else
            ((uint8_t *)to->Buffer)[i] = ((const uint16_t *)from->Buffer)[i] < 0x80 ? (uint8_t)((const uint16_t *)from->Buffer)[i] : '?';
    }
    memset((uint8_t *)to->Buffer + count * each, 0, each);
    to->Length = (uint16_t)(count * each);
    return STATUS_SUCCESS;
}

EXPORT_F(status_t, RtlUnicodeStringToAnsiString, UNICODE_STRING *to, const UNICODE_STRING *from, uint8_t allocate)
{
    ENTER_FAILS(RtlUnicodeStringToAnsiString, to, true);
    return convert(to, from, allocate, false, fail_);
}

EXPORT_F(status_t, RtlAnsiStringToUnicodeString, UNICODE_STRING *to, const UNICODE_STRING *from, uint8_t allocate)
{
    ENTER_FAILS(RtlAnsiStringToUnicodeString, to, true);
    return convert(to, from, allocate, true, fail_);
}

EXPORT(void, RtlFreeUnicodeString, UNICODE_STRING *string)
{
    ENTER(RtlFreeUnicodeString, string);
    if (string->Buffer)
        pool_free(string->Buffer, STRING_TAG, "RtlFreeUnicodeString");
    memset(string, 0, sizeof *string);
}

EXPORT(void, RtlFreeAnsiString, UNICODE_STRING *string)
{
    ENTER(RtlFreeAnsiString, string);
    if (string->Buffer)
        pool_free(string->Buffer, STRING_TAG, "RtlFreeAnsiString");
    memset(string, 0, sizeof *string);
}

EXPORT(int, strcmp, const char *a, const char *b)
{
    ENTER(strcmp, NULL);
    return strcmp(a, b);
}

EXPORT(int, strncmp, const char *a, const char *b, size_t size)
{
    ENTER(strncmp, NULL);
    return strncmp(a, b, size);
}

EXPORT(int, _stricmp, const char *a, const char *b)
{
    ENTER(_stricmp, NULL);
    return strcasecmp(a, b);
}
