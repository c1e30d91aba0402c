/* The global cancel lock, for drivers that set cancel routines themselves. */
#include "io.h"
#include "locks.h"

static word_t cancel_lock;

/* A cancel routine is called with the lock held; it releases it to the IRQL that this returns. */
uint8_t cancel_lock_take(void)
{
    uint8_t irql;
    lock_acquire(&cancel_lock, LOCK_CANCEL, true, &irql);
    return irql;
}

void cancel_lock_give(uint8_t irql)
{
    lock_release(&cancel_lock, LOCK_CANCEL, irql, "the I/O manager");
}

EXPORT(void, IoAcquireCancelSpinLock, uint8_t *irql)
{
    ENTER(IoAcquireCancelSpinLock, (void *)&cancel_lock);
    lock_acquire(&cancel_lock, LOCK_CANCEL, true, irql);
}

EXPORT(void, IoReleaseCancelSpinLock, uint8_t irql)
{
    ENTER(IoReleaseCancelSpinLock, (void *)&cancel_lock);
    lock_release(&cancel_lock, LOCK_CANCEL, irql, "IoReleaseCancelSpinLock");
}

/* After a cancel routine. */
void cancel_lock_left(const IRP *irp)
{
    if (self->held_count && self->held[self->held_count - 1].lock == (const void *)&cancel_lock) {
        violation("CancelSpinLock", irp, "the cancel routine returned with the cancel lock held");
        lock_release(&cancel_lock, LOCK_CANCEL, KEEP_IRQL, "the I/O manager");
    }
}
