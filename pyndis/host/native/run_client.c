/* The client's side of a run: a user process that keeps reads pending and writes in flight, between the device and a TUN
   device or a stream of bundles. */
#include "run.h"
#include <sys/socket.h>

enum { BUNDLE_HEADER = 16, BUNDLE_PACKETS = 256, PACKET_MAX = 61424 };

static size_t padded(size_t size)
{
    return (BUNDLE_HEADER + size + 15) & ~(size_t)15;
}

static struct irp_record *request_new(struct run *run, struct request_slot *slot, uint8_t major, uint32_t length)
{
    struct irp_record *record = irp_new(run->handle->file, major);
    atomic_fetch_add(&slot->memory->references, 1);
    record->context = slot;
    if (major == IRP_MJ_READ)
        record->out_length = length;
    else
        record->in_length = length;
    irp_stack(record->irp)->Parameters_Read_Length = length; /* the same place for a write */
    irp_attach_memory(record, slot->memory, 0, length);
    return record;
}

/* ---- driver to client ---- */

static void read_finished(struct irp_record *record)
{
    struct request_slot *slot = record->context;
    slot->status = record->status;
    slot->information = record->information;
    queue_put(&slot->run->done_reads, slot->number);
}

static void read_start(struct run *run, struct request_slot *slot)
{
    struct irp_record *record = request_new(run, slot, IRP_MJ_READ, (uint32_t)run->request_size);
    record->finished = read_finished;
    irp_dispatch(record);
    irp_release(record);
}

static bool write_whole(struct run *run, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = send(run->client, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno == ENOTSOCK)
            n = write(run->client, data, size);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd polled[2] = {{.fd = run->client, .events = POLLOUT}, {.fd = run->wake, .events = POLLIN}};
            poll(polled, 2, -1);
            if (polled[1].revents)
                return false;
            continue;
        }
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static void bundle_out(struct run *run, const uint8_t *data, size_t size)
{
    uint64_t packets = 0, bytes = 0;
    for (size_t at = 0; at + BUNDLE_HEADER <= size; packets++) {
        uint32_t length;
        memcpy(&length, data + at, 4);
        if (length > PACKET_MAX || padded(length) > size - at) {
            note("BundleMalformed", data, "a read delivered a bundle whose packet at %zu says %u bytes", at, length);
            break;
        }
        if (!run->stream && write(run->client, data + at + BUNDLE_HEADER, length) < 0)
            atomic_fetch_add_explicit(&run->dropped, 1, memory_order_relaxed);
        bytes += length;
        at += padded(length);
    }
    if (run->stream && !write_whole(run, data, size))
        atomic_fetch_add_explicit(&run->dropped, packets, memory_order_relaxed);
    count_add(&run->client_out, packets, bytes);
}

static void out_body(void *argument)
{
    struct run *run = argument;
    uint32_t number;
    for (uint32_t i = 0; i < run->reads; i++)
        read_start(run, &run->read[i]);
    while (queue_take(run, &run->done_reads, &number, true) && !atomic_load(&run->stopping)) {
        struct request_slot *slot = &run->read[number];
        if (slot->status < 0)
            break;
        bundle_out(run, memory_bytes(slot->memory), slot->information);
        read_start(run, slot);
    }
    run_thread_end(run);
}

/* ---- client to driver ---- */

static void write_finished(struct irp_record *record)
{
    struct request_slot *slot = record->context;
    if (record->status < 0)
        atomic_fetch_add_explicit(&slot->run->dropped, 1, memory_order_relaxed);
    queue_put(&slot->run->free_writes, slot->number);
}

static void write_start(struct run *run, struct request_slot *slot, size_t length)
{
    struct irp_record *record = request_new(run, slot, IRP_MJ_WRITE, (uint32_t)length);
    record->finished = write_finished;
    irp_dispatch(record);
    irp_release(record);
}

static size_t packets_in(struct run *run, uint8_t *buffer)
{
    size_t used = 0;
    uint64_t packets = 0, bytes = 0;
    while (packets < BUNDLE_PACKETS && packets < run->batch && used + padded(PACKET_MAX) <= run->request_size) {
        ssize_t n = read(run->client, buffer + used + BUNDLE_HEADER, PACKET_MAX);
        if (n <= 0)
            break;
        uint32_t header[4] = {(uint32_t)n};
        memcpy(buffer + used, header, sizeof header);
        memset(buffer + used + BUNDLE_HEADER + n, 0, padded((size_t)n) - BUNDLE_HEADER - (size_t)n);
        used += padded((size_t)n);
        packets++;
        bytes += (uint64_t)n;
    }
    count_add(&run->client_in, packets, bytes);
    return used;
}

/* Whole packets at the start of `size` bytes: how many bytes they take. A packet too large for any bundle ends the stream. */
static size_t whole_packets(struct run *run, const uint8_t *data, size_t size, bool *broken)
{
    size_t used = 0;
    uint64_t packets = 0, bytes = 0;
    while (packets < BUNDLE_PACKETS && size - used >= BUNDLE_HEADER) {
        uint32_t length;
        memcpy(&length, data + used, 4);
        *broken = length > PACKET_MAX;
        if (*broken || padded(length) > size - used)
            break;
        used += padded(length);
        bytes += length;
        packets++;
    }
    count_add(&run->client_in, packets, bytes);
    return used;
}

static size_t stream_in(struct run *run, uint8_t *buffer, bool *ended)
{
    ssize_t n = read(run->client, run->kept + run->kept_size, run->request_size - run->kept_size);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        *ended = true;
    run->kept_size += n > 0 ? (size_t)n : 0;
    size_t used = whole_packets(run, run->kept, run->kept_size, ended);
    memcpy(buffer, run->kept, used);
    memmove(run->kept, run->kept + used, run->kept_size - used);
    run->kept_size -= used;
    return used;
}

static void in_body(void *argument)
{
    struct run *run = argument;
    bool ended = false, more = false; /* more: whole packets may still be kept */
    uint32_t number;
    while (!ended && (more || run_readable(run, run->client)) && queue_take(run, &run->free_writes, &number, true) && !atomic_load(&run->stopping)) {
        struct request_slot *slot = &run->write[number];
        uint8_t *buffer = memory_bytes(slot->memory);
        size_t used = run->stream ? stream_in(run, buffer, &ended) : packets_in(run, buffer);
        more = run->stream && used && run->kept_size >= BUNDLE_HEADER;
        if (used)
            write_start(run, slot, used);
        else
            queue_put(&run->free_writes, number);
    }
    if (run->stream && queue_take(run, &run->free_writes, &number, false)) { /* what the client had sent before the stop */
        size_t used = stream_in(run, memory_bytes(run->write[number].memory), &ended);
        if (used)
            write_start(run, &run->write[number], used);
        else
            queue_put(&run->free_writes, number);
    }
    run_thread_end(run);
}

/* ---- start and stop ---- */

static void slots_make(struct run *run, struct request_slot *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = (struct request_slot){run, i, memory_new(run->request_size, 0), 0, 0};
        slots[i].memory->keeps_mapping = true;
        slots[i].memory->process = block_memory(process_system()->block);
    }
}

static bool client_start(struct run *run, const char *path, status_t *status)
{
    *status = file_open(process_system(), 0, path, 0xC0000000, false, &run->handle);
    if (*status < 0)
        return false;
    queue_init(&run->done_reads);
    queue_init(&run->free_writes);
    slots_make(run, run->read, run->reads);
    slots_make(run, run->write, run->writes);
    run->kept = malloc(run->request_size);
    for (uint32_t i = 0; i < run->writes; i++)
        queue_put(&run->free_writes, i);
    run_thread(run, "driver to client", out_body);
    run_thread(run, "client to driver", in_body);
    return true;
}

static void client_wake(struct run *run)
{
    queue_wake(&run->done_reads);
    queue_wake(&run->free_writes);
}

/* After the threads have ended: what is pending is cancelled, the handle closed. */
static void client_stop(struct run *run)
{
    irps_cancel(NULL, run->handle->file);
    handle_close(run->handle);
    for (uint32_t i = 0; i < run->reads; i++)
        memory_release(run->read[i].memory);
    for (uint32_t i = 0; i < run->writes; i++)
        memory_release(run->write[i].memory);
    free(run->kept);
}

const struct client_kind request_client = {client_start, client_wake, client_stop};
