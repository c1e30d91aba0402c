/* The stack's side of a run: packets of a TUN device become send chains; what the driver indicates is written to it. */
#include "run.h"
#include "sched.h"
#include <sys/eventfd.h>
#include <fcntl.h>

static struct run *current;
NET_BUFFER *nb_new(void *pool, MDL *mdl, uint32_t offset, size_t length);

/* ---- queues and threads ---- */

void queue_init(struct queue *queue)
{
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->filled, NULL);
    queue->first = queue->count = 0;
}

void queue_put(struct queue *queue, uint32_t item)
{
    pthread_mutex_lock(&queue->lock);
    queue->items[(queue->first + queue->count++) % COUNT(queue->items)] = item;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

bool queue_take(struct run *run, struct queue *queue, uint32_t *item, bool wait)
{
    pthread_mutex_lock(&queue->lock);
    while (wait && !queue->count && !atomic_load(&run->stopping))
        pthread_cond_wait(&queue->filled, &queue->lock);
    bool found = queue->count > 0;
    if (found) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % COUNT(queue->items);
        queue->count--;
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

void queue_wake(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

bool run_readable(struct run *run, int fd)
{
    struct pollfd polled[2] = {{.fd = fd, .events = POLLIN}, {.fd = run->wake, .events = POLLIN}};
    while (poll(polled, 2, -1) < 0 && errno == EINTR)
        ;
    return !polled[1].revents && !(polled[0].revents & (POLLERR | POLLNVAL));
}

void run_thread(struct run *run, const char *what, job_fn *body)
{
    atomic_fetch_add(&run->threads, 1);
    submit(what, body, run, (struct job_options){.uncounted = true, .process = process_system()});
}

void run_thread_end(struct run *run)
{
    if (atomic_fetch_sub(&run->threads, 1) == 1)
        object_signal(&run->ended);
}

/* ---- stack to driver ---- */

static void send_finished(struct send_nbl *send, NET_BUFFER_LIST *nbl)
{
    struct run *run = send->slot;
    if (nbl->Status)
        atomic_fetch_add_explicit(&run->dropped, 1, memory_order_relaxed);
    queue_put(&run->free_sends, send->index);
}

static NET_BUFFER_LIST *send_slot_new(struct run *run, uint32_t index)
{
    NET_BUFFER_LIST *nbl = nbl_new(NULL, 0);
    struct block *data = block_new(BLOCK_POOL, RUN_PACKET, false), *mdl_block = mdl_new(data->address, RUN_PACKET);
    MDL *mdl = block_memory(mdl_block);
    struct send_nbl *send = calloc(1, sizeof *send);
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = block_memory(data);
    nbl->FirstNetBuffer = nb_new(NULL, mdl, 0, 0);
    *send = (struct send_nbl){.adapter = run->adapter, .index = index, .first = nbl->FirstNetBuffer, .finished = send_finished, .slot = run};
    struct block *block = block_find(nbl);
    block->record = send;
    block->hosts = data->hosts = mdl_block->hosts = block_find(nbl->FirstNetBuffer)->hosts = true;
    return nbl;
}

/* Makes the slot's NBL as new, around the packet that was read into its buffer. */
static void send_slot_fill(NET_BUFFER_LIST *nbl, uint32_t length)
{
    struct send_nbl *send = block_find(nbl)->record;
    NET_BUFFER *nb = send->first;
    MDL *mdl = nb->MdlChain;
    memset(nbl->NetBufferListInfo, 0, sizeof nbl->NetBufferListInfo);
    nbl->Next = NULL;
    nbl->FirstNetBuffer = nb;
    nbl->Status = 0;
    nb->Next = NULL;
    nb->CurrentMdl = mdl;
    nb->CurrentMdlOffset = nb->DataOffset = 0;
    nb->stDataLength = length;
    mdl->Next = NULL;
    mdl->ByteCount = length;
}

static uint32_t packet_read(int fd, NET_BUFFER_LIST *nbl)
{
    struct send_nbl *send = block_find(nbl)->record;
    MDL *mdl = send->first->MdlChain;
    ssize_t length = read(fd, mdl->MappedSystemVa, RUN_PACKET);
    return length > 0 ? (uint32_t)length : 0;
}

/* Reads what is there, up to a batch, into one chain. */
static NET_BUFFER_LIST *chain_read(struct run *run)
{
    NET_BUFFER_LIST *first = NULL, *last = NULL;
    uint64_t bytes = 0;
    uint32_t count = 0, slot;
    while (count < run->batch && queue_take(run, &run->free_sends, &slot, count == 0)) {
        NET_BUFFER_LIST *nbl = run->sends[slot];
        uint32_t length = packet_read(run->stack, nbl);
        if (!length) {
            queue_put(&run->free_sends, slot);
            break;
        }
        send_slot_fill(nbl, length);
        if (last)
            last->Next = nbl;
        else
            first = nbl;
        last = nbl;
        bytes += length;
        count++;
    }
    count_add(&run->to_driver, count, bytes);
    return first;
}

/* A stack sends nothing to an adapter that is not running. */
static void chain_drop(struct run *run, NET_BUFFER_LIST *chain)
{
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next) {
        const struct send_nbl *send = block_find(nbl)->record;
        atomic_fetch_add_explicit(&run->dropped, 1, memory_order_relaxed);
        queue_put(&run->free_sends, send->index);
    }
}

static void stack_body(void *argument)
{
    struct run *run = argument;
    while (!atomic_load(&run->stopping) && run_readable(run, run->stack)) {
        NET_BUFFER_LIST *chain = chain_read(run);
        if (!chain)
            continue;
        if (atomic_load(&run->adapter->life) != LIFE_RUNNING) {
            chain_drop(run, chain);
            continue;
        }
        for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
            send_register(block_find(nbl)->record);
        send_call(run->adapter, chain, 0, false);
    }
    run_thread_end(run);
}

/* ---- driver to stack ---- */

static void packet_write(struct run *run, const NET_BUFFER *nb)
{
    struct iovec parts[64];
    int count = 0;
    size_t left = nb->DataLength, skip = nb->CurrentMdlOffset;
    for (MDL *mdl = nb->CurrentMdl; mdl && left && count < (int)COUNT(parts); mdl = mdl->Next) {
        size_t part = mdl->ByteCount - skip < left ? mdl->ByteCount - skip : left;
        parts[count++] = (struct iovec){(uint8_t *)mdl_address(mdl) + skip, part};
        left -= part;
        skip = 0;
    }
    if (writev(run->stack, parts, count) < 0)
        atomic_fetch_add_explicit(&run->dropped, 1, memory_order_relaxed);
    else
        count_add(&run->from_driver, 1, nb->DataLength);
}

void run_receive(struct run *run, NET_BUFFER_LIST *chain)
{
    for (NET_BUFFER_LIST *nbl = chain; nbl; nbl = nbl->Next)
        for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb; nb = nb->Next)
            packet_write(run, nb);
}

/* ---- commands ---- */

static void nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static uint32_t bounded(struct command *command, const char *key, uint32_t otherwise, uint32_t most)
{
    uint64_t value = argument_number(command, key, otherwise);
    return value < 1 ? 1 : value > most ? most : (uint32_t)value;
}

static struct run *run_new(struct command *command, struct adapter *adapter)
{
    const char *client = argument(command, "client");
    struct run *run = calloc(1, sizeof *run);
    run->adapter = adapter;
    run->stack = command->fds[0];
    run->client = command->fds[1];
    command->fd_count = 0; /* they are the run's now */
    run->wake = eventfd(0, EFD_CLOEXEC);
    run->kind = client && !strcmp(client, "ring") ? &ring_client : &request_client;
    run->stream = client && !strcmp(client, "stream");
    run->batch = bounded(command, "batch", 64, 256);
    run->reads = bounded(command, "reads", 4, RUN_READS_MAX);
    run->writes = bounded(command, "writes", 4, RUN_WRITES_MAX);
    run->request_size = bounded(command, "read_size", 1 << 20, 15728640);
    object_init(&run->ended, EVENT_NOTIFICATION, false);
    queue_init(&run->free_sends);
    for (uint32_t i = 0; i < RUN_SLOTS; i++) {
        run->sends[i] = send_slot_new(run, i);
        queue_put(&run->free_sends, i);
    }
    nonblocking(run->stack);
    nonblocking(run->client);
    return run;
}

COMMAND("run", command_run_start, NEEDS_DRIVER)
{
    struct adapter *adapter = adapter_wanted(command);
    const char *path = argument(command, "path");
    status_t status;
    if (!adapter)
        return;
    if (scheduled) {
        reply_error(command, "state", "real traffic comes when it comes: there is no schedule for it");
        return;
    }
    if (command->fd_count != 2 || !path || current) {
        reply_error(command, current ? "state" : "usage", current ? "a run is going on" : "run wants two descriptors and path=");
        return;
    }
    struct run *run = run_new(command, adapter);
    if (!run->kind->start(run, path, &status)) {
        close(run->stack);
        close(run->client);
        reply_error(command, "refused", "status=0x%08x the client cannot open %s", (uint32_t)status, path);
        return;
    }
    current = run;
    adapter->run = run;
    run_thread(run, "stack to driver", stack_body);
}

static void sends_reset(struct run *run)
{
    for (uint32_t i = 0; i < RUN_SLOTS; i++) {
        NET_BUFFER_LIST *nbl = run->sends[i];
        struct send_nbl *send = block_find(nbl)->record;
        MDL *mdl = send->first->MdlChain;
        void *data = mdl->MappedSystemVa;
        block_free(block_find(mdl));
        block_free(block_find(data));
        block_free(block_find(send->first));
        block_free(block_find(nbl));
        free(send);
    }
}

COMMAND("run-stop", command_run_stop, ALWAYS)
{
    struct run *run = current;
    uint64_t one = 1;
    if (!run || atomic_exchange(&run->stopping, true)) {
        reply_error(command, "state", "no run is going on");
        return;
    }
    if (write(run->wake, &one, sizeof one) < 0)
        abort();
    queue_wake(&run->free_sends);
    run->kind->wake(run);
    if (atomic_load(&driver_dead))
        return;
    wait_for(&run->ended, "the run's threads end");
    run->kind->stop(run);
    if (atomic_load(&run->adapter->sends))
        wait_for(&run->adapter->sends_idle, "the run's sends end");
    run->adapter->run = NULL;
    sends_reset(run);
    close(run->stack);
    close(run->client);
    close(run->wake);
}

static void count_write(struct text *keys, const char *name, const struct count *count)
{
    text_add(keys, " %s=%llu %s_bytes=%llu", name, (unsigned long long)count->packets, name, (unsigned long long)count->bytes);
}

COMMAND("run-stats", command_run_stats, ALWAYS)
{
    struct text keys = {0};
    if (!current) {
        reply_error(command, "state", "there was no run");
        return;
    }
    count_write(&keys, "to_driver", &current->to_driver);
    count_write(&keys, "from_driver", &current->from_driver);
    count_write(&keys, "client_in", &current->client_in);
    count_write(&keys, "client_out", &current->client_out);
    text_add(&keys, " dropped=%llu", (unsigned long long)current->dropped);
    reply_ok(command, &keys, NULL, 0);
    text_free(&keys);
}
