/* The other kind of client of a run: it registers two rings with the adapter's device interface and moves packets between them and
   a TUN device. The layout and the order of the accesses are the public ones of the ring interface. */
#include "run.h"

enum {
    RING_REGISTER = (int)0xCA6CE5C0,
    RING_CAPACITY = 8 << 20,
    RING_SLACK = 0x10000,
    RING_PACKET = 0xFFFF,
    FULL_WAIT = 1, /* milliseconds until a full ring is looked at again: nothing tells when it has room */
};
static const uint32_t RING_STOPPED = 0xFFFFFFFF;

struct shared_ring {
    _Atomic uint32_t head, tail;
    _Atomic int32_t alertable;
    uint8_t data[];
};
struct ring {
    struct memory *memory;
    struct shared_ring *shared;
    DISPATCHER_HEADER *moved;
    uint64_t handle;
};
struct ring_client {
    struct ring send, receive; /* by the driver's words: send is from the driver to us */
    DISPATCHER_HEADER stop;
};
struct ring_record { /* as in the registration's buffer, naturally aligned */
    uint32_t size;
    void *ring, *moved;
};

static uint32_t aligned(uint32_t size)
{
    return (size + 3) & ~3u;
}

/* ---- driver to client ---- */

static void packets_out(struct run *run, struct shared_ring *ring, uint32_t tail)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t packets = 0, bytes = 0;
    while (head != tail) {
        uint32_t size;
        memcpy(&size, ring->data + head, 4);
        if (size > RING_PACKET) {
            note("BundleMalformed", ring, "the driver put a packet of %u bytes into the ring", size);
            break;
        }
        if (write(run->client, ring->data + head + 4, size) < 0)
            atomic_fetch_add_explicit(&run->dropped, 1, memory_order_relaxed);
        head = (head + aligned(4 + size)) % RING_CAPACITY;
        bytes += size;
        packets++;
    }
    atomic_store_explicit(&ring->head, head, memory_order_release);
    count_add(&run->client_out, packets, bytes);
}

/* Until there is something, with the flag set that makes the driver tell. */
static void wait_moved(struct ring_client *client)
{
    struct shared_ring *ring = client->send.shared;
    DISPATCHER_HEADER *either[] = {client->send.moved, &client->stop};
    atomic_store(&ring->alertable, 1);
    if (atomic_load(&ring->tail) == atomic_load(&ring->head))
        object_wait(either, 2, false, NULL, "the ring's client");
    atomic_store(&ring->alertable, 0);
}

static void out_body(void *argument)
{
    struct run *run = argument;
    struct ring_client *client = run->rings;
    struct shared_ring *ring = client->send.shared;
    while (!atomic_load(&run->stopping)) {
        uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (tail == RING_STOPPED)
            break;
        if (tail == atomic_load_explicit(&ring->head, memory_order_relaxed))
            wait_moved(client);
        else
            packets_out(run, ring, tail);
    }
    run_thread_end(run);
}

/* ---- client to driver ---- */

static uint32_t ring_room(struct shared_ring *ring, uint32_t tail)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    return head == RING_STOPPED ? 0 : (head - tail - 4) % RING_CAPACITY;
}

/* What the device has, up to a batch. */
static void packets_in(struct run *run, struct ring *to)
{
    struct shared_ring *ring = to->shared;
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t packets = 0, bytes = 0;
    while (packets < run->batch && ring_room(ring, tail) >= aligned(4 + RING_PACKET)) {
        ssize_t n = read(run->client, ring->data + tail + 4, RING_PACKET);
        if (n <= 0)
            break;
        uint32_t size = (uint32_t)n;
        memcpy(ring->data + tail, &size, 4);
        tail = (tail + aligned(4 + size)) % RING_CAPACITY;
        bytes += size;
        packets++;
    }
    atomic_store(&ring->tail, tail);
    if (packets && atomic_load(&ring->alertable))
        object_signal(to->moved);
    count_add(&run->client_in, packets, bytes);
}

static void in_body(void *argument)
{
    struct run *run = argument;
    struct ring_client *client = run->rings;
    struct shared_ring *ring = client->receive.shared;
    struct pollfd stopped = {.fd = run->wake, .events = POLLIN};
    while (run_readable(run, run->client) && atomic_load(&ring->head) != RING_STOPPED) {
        if (ring_room(ring, atomic_load(&ring->tail)) >= aligned(4 + RING_PACKET))
            packets_in(run, &client->receive);
        else
            poll(&stopped, 1, FULL_WAIT);
    }
    run_thread_end(run);
}

/* ---- registration ---- */

static void ring_make(struct ring *ring, struct process *process)
{
    struct block *block;
    struct object *event = object_new(OBJECT_EVENT, sizeof(KEVENT), EVENT_SYNCHRONIZATION, &block);
    event->body = ring->moved = block_memory(block);
    ring->memory = memory_new(sizeof(struct shared_ring) + RING_CAPACITY + RING_SLACK, 0);
    ring->memory->process = block_memory(process->block);
    ring->shared = (struct shared_ring *)memory_bytes(ring->memory);
    ring->handle = handle_new(process, 0, NULL, event, false)->value;
}

static struct ring_record record_of(const struct ring *ring)
{
    return (struct ring_record){(uint32_t)ring->memory->size, (void *)ring->memory->user, (void *)(uintptr_t)ring->handle};
}

static status_t ring_register(struct run *run)
{
    struct ring_record records[] = {record_of(&run->rings->send), record_of(&run->rings->receive)};
    struct irp_record *request = irp_new(run->handle->file, IRP_MJ_DEVICE_CONTROL);
    struct block *buffer = block_new(BLOCK_DATA, sizeof records, true);
    buffer->hosts = true;
    memcpy(block_memory(buffer), records, sizeof records);
    request->internal = true;
    request->code = (uint32_t)RING_REGISTER;
    request->in_length = sizeof records;
    request->system_buffer = request->irp->AssociatedIrp_SystemBuffer = block_memory(buffer);
    IO_STACK_LOCATION *stack = irp_stack(request->irp);
    stack->Parameters_DeviceIoControl_InputBufferLength = sizeof records;
    stack->Parameters_DeviceIoControl_IoControlCode = (uint32_t)RING_REGISTER;
    irp_dispatch(request);
    wait_for(&request->done, "the registration of rings");
    status_t status = request->status;
    irp_release(request);
    return status;
}

/* ---- start and stop ---- */

static void rings_free(struct run *run)
{
    memory_release(run->rings->send.memory);
    memory_release(run->rings->receive.memory);
    free(run->rings);
}

static bool ring_start(struct run *run, const char *path, status_t *status)
{
    struct process *process = process_system();
    *status = file_open(process, 0, path, 0xC0000000, false, &run->handle);
    if (*status < 0)
        return false;
    run->rings = calloc(1, sizeof *run->rings);
    object_init(&run->rings->stop, EVENT_NOTIFICATION, false);
    ring_make(&run->rings->send, process);
    ring_make(&run->rings->receive, process);
    *status = ring_register(run);
    if (*status < 0) {
        handle_close(run->handle);
        rings_free(run);
        return false;
    }
    run_thread(run, "driver to ring", out_body);
    run_thread(run, "ring to driver", in_body);
    return true;
}

static void ring_wake(struct run *run)
{
    object_signal(&run->rings->stop);
}

static void ring_stop(struct run *run)
{
    handle_close(run->handle);
    rings_free(run);
}

const struct client_kind ring_client = {ring_start, ring_wake, ring_stop};
