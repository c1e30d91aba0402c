/* Cancel-safe queues, as the kernel's IoCsq routines are documented to behave. */
#include "io.h"
#include "sched.h"

enum { TYPE_CONTEXT = 1, TYPE_CSQ = 2, TYPE_CSQ_EX = 3, CONTEXT_SLOT = 3 };
typedef MS void insert_fn(IO_CSQ *csq, IRP *irp);
typedef MS status_t insert_ex_fn(IO_CSQ *csq, IRP *irp, void *context);
typedef MS void remove_fn(IO_CSQ *csq, IRP *irp);
typedef MS IRP *peek_fn(IO_CSQ *csq, IRP *irp, void *context);
typedef MS void acquire_fn(IO_CSQ *csq, uint8_t *irql);
typedef MS void release_fn(IO_CSQ *csq, uint8_t irql);
typedef MS void complete_fn(IO_CSQ *csq, IRP *irp);

static void **slot(IRP *irp)
{
    return (void **)((uint8_t *)irp + __builtin_offsetof(IRP, Tail_Overlay_DriverContext)) + CONTEXT_SLOT;
}

static void *cancel_exchange(IRP *irp, void *routine)
{
    return __atomic_exchange_n((void **)((uint8_t *)irp + __builtin_offsetof(IRP, CancelRoutine)), routine, __ATOMIC_SEQ_CST);
}

static struct irp_record *record_of(IRP *irp)
{
    struct block *block = block_at(irp, BLOCK_IRP);
    return block ? block->record : NULL;
}

static void set_queued(IRP *irp, bool queued)
{
    struct irp_record *record = record_of(irp);
    if (record)
        record->queued = queued;
}

static uint8_t queue_lock(IO_CSQ *csq)
{
    uint8_t irql = self->irql;
    acquire_fn *acquire = csq->CsqAcquireLock;
    int held = self->held_count;
    CALL_DRIVER("CsqAcquireLock", self->irql, csq, acquire(csq, &irql));
    if (self->held_count == held && self->irql == PASSIVE)
        violation("CsqLock", csq, "CsqAcquireLock returned without a lock");
    return irql;
}

static void queue_unlock(IO_CSQ *csq, uint8_t irql)
{
    release_fn *release = csq->CsqReleaseLock;
    CALL_DRIVER("CsqReleaseLock", self->irql, csq, release(csq, irql));
}

static void queue_remove(IO_CSQ *csq, IRP *irp)
{
    remove_fn *remove = csq->CsqRemoveIrp;
    CALL_DRIVER("CsqRemoveIrp", self->irql, irp, remove(csq, irp));
    set_queued(irp, false);
    *slot(irp) = NULL;
}

static void queue_complete_canceled(IO_CSQ *csq, IRP *irp)
{
    complete_fn *complete = csq->CsqCompleteCanceledIrp;
    CALL_DRIVER("CsqCompleteCanceledIrp", self->irql, irp, complete(csq, irp));
}

static IO_CSQ *csq_of(IRP *irp)
{
    IO_CSQ *csq = *slot(irp);
    if (csq && csq->Type == TYPE_CONTEXT) {
        IO_CSQ_IRP_CONTEXT *context = (void *)csq;
        csq = context->Csq;
        context->Irp = NULL;
    }
    return csq;
}

/* The cancel routine of queued requests; the caller has taken it out of the IRP, so the request is ours. */
void csq_cancel(IRP *irp)
{
    IO_CSQ *csq = csq_of(irp);
    uint8_t irql = queue_lock(csq);
    queue_remove(csq, irp);
    queue_unlock(csq, irql);
    queue_complete_canceled(csq, irp);
}

static status_t insert(IO_CSQ *csq, IRP *irp, IO_CSQ_IRP_CONTEXT *context, void *insert_context, bool extended)
{
    status_t status = STATUS_SUCCESS;
    if (!record_of(irp)) {
        violation("CompleteRequest", irp, "a request is queued that is completed or none at all");
        return (status_t)STATUS_INVALID_PARAMETER;
    }
    if (record_of(irp)->queued)
        violation("CsqDoubleInsert", irp, "a request is inserted into a cancel-safe queue that it is already in");
    if (context) {
        context->Type = TYPE_CONTEXT;
        context->Irp = irp;
        context->Csq = csq;
    }
    *slot(irp) = context ? (void *)context : (void *)csq;
    uint8_t irql = queue_lock(csq);
    if (csq->Type == TYPE_CSQ_EX) {
        insert_ex_fn *function = csq->CsqInsertIrp;
        CALL_DRIVER("CsqInsertIrpEx", self->irql, irp, status = function(csq, irp, insert_context));
    } else {
        insert_fn *function = csq->CsqInsertIrp;
        CALL_DRIVER("CsqInsertIrp", self->irql, irp, function(csq, irp));
    }
    if (extended && status < 0) {
        *slot(irp) = NULL;
        queue_unlock(csq, irql);
        return status;
    }
    set_queued(irp, true);
    irp_stack(irp)->Control |= SL_PENDING_RETURNED;
    cancel_exchange(irp, (void *)csq_cancel);
    bool cancelled = irp->Cancel && cancel_exchange(irp, NULL);
    if (cancelled)
        queue_remove(csq, irp);
    queue_unlock(csq, irql);
    if (cancelled)
        queue_complete_canceled(csq, irp);
    return status;
}

static status_t initialize(IO_CSQ *csq, void *insert_routine, void *remove, void *peek, void *acquire, void *release, void *complete, int type)
{
    memset(csq, 0, sizeof *csq);
    csq->Type = (uint32_t)type;
    csq->CsqInsertIrp = insert_routine;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    if (!insert_routine || !remove || !peek || !acquire || !release || !complete)
        violation("CsqCallbacks", csq, "a cancel-safe queue is initialised without all six callbacks");
    return STATUS_SUCCESS;
}

EXPORT(status_t, IoCsqInitialize, IO_CSQ *csq, void *insert_routine, void *remove, void *peek, void *acquire, void *release, void *complete)
{
    ENTER(IoCsqInitialize, csq);
    return initialize(csq, insert_routine, remove, peek, acquire, release, complete, TYPE_CSQ);
}

EXPORT(status_t, IoCsqInitializeEx, IO_CSQ *csq, void *insert_routine, void *remove, void *peek, void *acquire, void *release, void *complete)
{
    ENTER(IoCsqInitializeEx, csq);
    return initialize(csq, insert_routine, remove, peek, acquire, release, complete, TYPE_CSQ_EX);
}

EXPORT(void, IoCsqInsertIrp, IO_CSQ *csq, IRP *irp, IO_CSQ_IRP_CONTEXT *context)
{
    ENTER(IoCsqInsertIrp, irp);
    insert(csq, irp, context, NULL, false);
}

EXPORT(status_t, IoCsqInsertIrpEx, IO_CSQ *csq, IRP *irp, IO_CSQ_IRP_CONTEXT *context, void *insert_context)
{
    ENTER(IoCsqInsertIrpEx, irp);
    return insert(csq, irp, context, insert_context, true);
}

EXPORT(IRP *, IoCsqRemoveNextIrp, IO_CSQ *csq, void *peek_context)
{
    ENTER(IoCsqRemoveNextIrp, csq);
    peek_fn *peek = csq->CsqPeekNextIrp;
    IRP *irp = NULL;
    uint8_t irql = queue_lock(csq);
    for (;;) {
        CALL_DRIVER("CsqPeekNextIrp", self->irql, irp, irp = peek(csq, irp, peek_context));
        if (!irp)
            break;
        if (!record_of(irp) || !record_of(irp)->queued) {
            violation("CsqCallbacks", irp, "CsqPeekNextIrp returned %p, which is no request of the queue", (void *)irp);
            irp = NULL;
            break;
        }
        if (!cancel_exchange(irp, NULL))
            continue; /* its cancellation has begun and will remove it */
        csq_of(irp);
        queue_remove(csq, irp);
        break;
    }
    queue_unlock(csq, irql);
    return irp;
}

EXPORT(IRP *, IoCsqRemoveIrp, IO_CSQ *csq, IO_CSQ_IRP_CONTEXT *context)
{
    ENTER(IoCsqRemoveIrp, csq);
    uint8_t irql = queue_lock(csq);
    IRP *irp = context->Irp;
    if (irp && cancel_exchange(irp, NULL)) {
        context->Irp = NULL;
        queue_remove(csq, irp);
    } else {
        irp = NULL;
    }
    queue_unlock(csq, irql);
    return irp;
}
