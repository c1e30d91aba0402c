/* The NDIS half: the miniport driver, its adapters, and the stack above them. */
#pragma once
#include "io.h"

enum life { LIFE_HALTED, LIFE_INITIALIZING, LIFE_PAUSED, LIFE_RESTARTING, LIFE_RUNNING, LIFE_PAUSING, LIFE_SHUTDOWN };
extern const char *const life_names[];
enum returns { RETURNS_INLINE, RETURNS_THREAD, RETURNS_HELD };

typedef MS uint32_t initialize_fn(void *adapter, void *driver_context, void *parameters);
typedef MS uint32_t parameters_fn(void *context, void *parameters);
typedef MS void action_fn(void *context, uint32_t action);
typedef MS void send_fn(void *context, NET_BUFFER_LIST *chain, uint32_t port, uint32_t flags);
typedef MS void return_fn(void *context, NET_BUFFER_LIST *chain, uint32_t flags);
typedef MS void cancel_fn(void *context, void *id);
typedef MS uint32_t oid_fn(void *context, NDIS_OID_REQUEST *request);
typedef MS void event_fn(void *context, void *event);

struct miniport { /* the registered driver */
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS entry;
    bool registered;
    unsigned version; /* major << 8 | minor */
    void *context;
    void *handle;
};
extern struct miniport miniport;

struct operation { /* something the driver may complete later */
    DISPATCHER_HEADER done;
    atomic_int state; /* 0 none, 1 in the handler, 2 completed early, 3 pending */
    uint32_t status;
};
struct adapter {
    uint64_t id;
    uint32_t luid, iftype;
    struct block *block;
    void *handle, *context;
    _Atomic int life;
    int power;
    uint32_t packet_filter, statistics; /* statistics: which the general attributes declare */
    uint64_t counters[18];              /* as OID_GEN_STATISTICS told them last */
    bool filter_noted;
    bool removed, removal_told, registration_set, general_set, initialized;
    uint32_t flags, media, physical, mtu, filters, if_type;
    struct declared {
        const char *name;
        uint8_t bytes[256];
        size_t size;
    } declared[8]; /* what the driver gave NDIS in MiniportInitializeEx, as it was */
    int link;
    uint64_t pause_epoch;
    atomic_int sends, lent, indicating;
    DISPATCHER_HEADER sends_idle;
    int entered; /* commands at work on it, under the kernel lock */
    bool halting;
    DISPATCHER_HEADER left, pnp_free;
    enum returns returns;
    pthread_mutex_t lock; /* of the lists */
    NET_BUFFER_LIST **held;
    size_t held_count, held_capacity;
    uint64_t indicated, calls, completions;
    struct send_nbl *outstanding;
    struct timer send_watch, hang_watch;
    uint64_t progress; /* when a send was last completed, or the first of those outstanding was sent */
    struct operation pause, restart;
    struct oid *oid;
    DISPATCHER_HEADER oid_free;
    char *configuration;
    struct device *physical_device, *functional_device;
    char interface[96];
    struct run *run;
    struct adapter *next;
};
struct adapter *adapter_find(uint64_t id);
/* The command's adapter, which cannot be halted until the command ends; NULL after an error reply. */
struct adapter *adapter_wanted(struct command *command);
void adapter_leave(struct command *command);
/* The same for PnP operations, of which one runs at a time. */
struct adapter *adapter_serialised(struct command *command);
/* Waits until no other command is at work on it, and lets no new one in. */
void adapter_drain(struct adapter *adapter);
/* The adapter behind a handle the driver passes; NULL after a violation. */
struct adapter *adapter_of(void *handle, const char *call);
void *driver_object(void);

/* Checks an object header: type, and revision and size for the registered version; false after a violation. */
bool header_check(const void *object, uint8_t type, uint8_t revision, unsigned size, unsigned full, const char *what);

void operation_start(struct operation *operation);
/* After the handler returned `status`: waits when it is pending. Returns the final status. */
uint32_t operation_finish(struct operation *operation, uint32_t status, const char *call, const char *rule);
bool operation_complete(struct operation *operation, uint32_t status);

/* ndis_life.c */
uint32_t adapter_initialize(struct adapter *adapter);
uint32_t adapter_restart(struct adapter *adapter);
uint32_t adapter_pause(struct adapter *adapter, uint32_t reason, bool wait_sends);
void adapter_halt(struct adapter *adapter, uint32_t action);
/* declared.c: keeps a copy for the client. */
void declared_keep(struct adapter *adapter, const char *name, const void *bytes, size_t size);
/* ndis_oid.c */
struct oid_answer {
    uint32_t status, written, read, needed;
    uint8_t revision;
};
struct oid_answer oid_request(struct adapter *adapter, uint32_t type, uint32_t oid, void *buffer, uint32_t in, uint32_t out, uint64_t id, bool direct);
/* ndis_pool.c */
NET_BUFFER_LIST *nbl_new(void *pool_handle, uint32_t context_size);
size_t nb_copy(const NET_BUFFER *nb, size_t offset, size_t length, uint8_t *to);
/* ndis_send.c */
struct send_nbl {
    struct adapter *adapter;
    uint64_t chain;
    uint32_t index;
    bool out, delivered, marked; /* with the driver; its send call has returned; and had when a pause began */
    uint64_t sent, call;
    NET_BUFFER *first;
    uint64_t digest, refused_in; /* of its packets; the pause in which it was sent, or 0 */
    bool after_removal;
    void (*finished)(struct send_nbl *send, NET_BUFFER_LIST *nbl);
    struct send_nbl *next, *previous;
    void *slot;
};
void send_call(struct adapter *adapter, NET_BUFFER_LIST *chain, uint32_t flags, bool dispatch);
void send_register(struct send_nbl *send);
/* Marks, when a pause begins, the sends that the driver certainly has; counts those of them that it still has. */
void sends_mark(struct adapter *adapter);
int sends_marked(struct adapter *adapter);
/* ndis_receive.c */
void return_call(struct adapter *adapter, NET_BUFFER_LIST *chain, bool dispatch);
void nbl_returned(struct adapter *adapter, NET_BUFFER_LIST *nbl);
/* run.c */
void run_receive(struct run *run, NET_BUFFER_LIST *nbl);
