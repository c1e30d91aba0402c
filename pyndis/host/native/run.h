/* Real traffic: a TUN device below the driver, a client above it. */
#pragma once
#include "ndis.h"
#include <poll.h>
#include <sys/uio.h>

enum { RUN_READS_MAX = 64, RUN_WRITES_MAX = 64, RUN_SLOTS = 1024, RUN_PACKET = 65536 };
struct count {
    _Atomic uint64_t packets, bytes;
};
struct queue { /* of slots, by number */
    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint32_t items[RUN_SLOTS + 1];
    uint32_t first, count;
};
struct request_slot {
    struct run *run;
    uint32_t number;
    struct memory *memory;
    uint64_t information;
    status_t status;
};
struct run;
struct client_kind { /* how the client uses the device: reads and writes, or rings */
    bool (*start)(struct run *run, const char *path, status_t *status);
    void (*wake)(struct run *run); /* ends its threads' waits, once the run stops */
    void (*stop)(struct run *run); /* after its threads have ended */
};
extern const struct client_kind request_client, ring_client;
struct run {
    struct adapter *adapter;
    const struct client_kind *kind;
    struct ring_client *rings;
    int stack, client, wake; /* descriptors; `wake` is readable once the run stops */
    bool stream;
    atomic_bool stopping;
    atomic_int threads;
    DISPATCHER_HEADER ended;
    struct handle *handle;
    uint32_t batch, reads, writes;
    size_t request_size;
    NET_BUFFER_LIST *sends[RUN_SLOTS];
    struct queue free_sends, done_reads, free_writes;
    struct request_slot read[RUN_READS_MAX], write[RUN_WRITES_MAX];
    uint8_t *kept; /* stream: bytes of a packet that has not arrived in whole */
    size_t kept_size;
    struct count to_driver, from_driver, client_in, client_out;
    _Atomic uint64_t dropped;
};
void queue_init(struct queue *queue);
void queue_put(struct queue *queue, uint32_t item);
/* Takes one; waits when `wait`. False when there is none, or the run stops. */
bool queue_take(struct run *run, struct queue *queue, uint32_t *item, bool wait);
void queue_wake(struct queue *queue);
static inline void count_add(struct count *count, uint64_t packets, uint64_t bytes)
{
    atomic_fetch_add_explicit(&count->packets, packets, memory_order_relaxed);
    atomic_fetch_add_explicit(&count->bytes, bytes, memory_order_relaxed);
}
/* Waits until `fd` is readable; false when the run stops. */
bool run_readable(struct run *run, int fd);
void run_thread(struct run *run, const char *what, job_fn *body);
void run_thread_end(struct run *run);
