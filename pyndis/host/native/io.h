/* Devices, processes, handles, file objects and requests. */
#pragma once
#include "clock.h"
#include "memory.h"

struct adapter;
enum { SYSTEM_PID = 4 };

struct object { /* record of BLOCK_OBJECT */
    enum { OBJECT_PROCESS, OBJECT_EVENT, OBJECT_THREAD_KIND } kind;
    atomic_int references; /* the host's and the driver's */
    atomic_int drivers;    /* the driver's alone */
    void *body;
    bool gone;
};
struct process {
    uint64_t id, pid;
    char user[32];
    int bits;
    bool dead;
    uint64_t next_handle;
    struct block *block;
    struct process *next;
};
struct device {
    struct block *block;
    DEVICE_OBJECT *object;
    char name[128], link[128], sddl[256];
    MS status_t (**dispatch)(DEVICE_OBJECT *device, IRP *irp); /* 28 entries */
    MS status_t (*table[28])(DEVICE_OBJECT *device, IRP *irp);
    void *extension;
    struct adapter *adapter;
    bool silent; /* a physical device: opens and closes send nothing */
    atomic_int files, references;
    atomic_int drivers; /* references of the driver */
    struct device *next;
};
struct file {
    struct block *block;
    FILE_OBJECT *object;
    struct device *device;
    atomic_int handles, references, drivers;
    uint64_t client; /* the client's identifier of its first handle */
    bool opened, cleaned;
    struct process *process;
    struct file *next;
};
struct handle {
    uint64_t client, value;
    struct process *process;
    struct file *file;
    struct object *object;
    bool kernel, protect, open;
    uint32_t access;
    struct handle *next, *next_named;
};
struct irp_record {
    IRP *irp;
    struct block *block;
    uint64_t id;
    uint8_t major;
    bool marked, completed, queued, dispatching, internal, returned_pending, cancelled, reported;
    struct file *file;
    struct device *device;
    struct process *process;
    const struct thread *completed_by;
    MDL mdl;                 /* as it was made */
    struct timer slow;       /* since its cancellation */
    struct memory *memory;
    size_t memory_offset;
    void *system_buffer;
    uint32_t in_length, out_length, code;
    status_t status;
    uint64_t information;
    DISPATCHER_HEADER done;
    atomic_int references;
    pthread_mutex_t lock; /* against a cancel while it completes */
    void (*finished)(struct irp_record *record); /* instead of the event */
    void *context;
    struct irp_record *next;
};

/* security.c: what may not be handed to the system */
void string_check(const UNICODE_STRING *string, const char *call);
void system_pointer_check(const void *pointer, const char *call);

/* process.c */
struct process *process_find(uint64_t id);
struct process *process_of_pid(uint64_t pid);
struct process *process_system(void);
struct process *process_current(void);
struct object *object_new(int kind, size_t size, enum object_type type, struct block **block);
void object_dereference(struct object *object);

/* device.c */
struct device *device_new(const char *name, size_t extension);
void device_delete(struct device *device);
/* The device that `path` names, with a reference. */
struct device *device_open_path(const char *path, const char **rest);
void device_release(struct device *device);
bool device_allows(const struct device *device, const char *user);
struct device *device_of_object(const void *object);

/* file.c */
status_t file_open(struct process *process, uint64_t client, const char *path, uint32_t access, bool kernel, struct handle **result);
void handle_close(struct handle *handle);
struct handle *handle_find(uint64_t client);
struct handle *handle_of_value(struct process *process, uint64_t value);
struct handle *handles_first(void);
struct handle *handle_new(struct process *process, uint64_t client, struct file *file, struct object *object, bool kernel);
/* Keeps the file of a handle until file_dereference; false when the handle is closed. */
bool handle_hold(struct handle *handle);
void file_dereference(struct file *file);
void file_dereference_here(struct file *file);
struct file *file_of_object(const void *object);

/* irp.c */
struct irp_record *irp_new(struct file *file, uint8_t major);
/* Runs dispatch on this thread. Returns what dispatch returned; the record may be gone unless the caller holds a reference. */
status_t irp_dispatch(struct irp_record *record);
void irp_complete(IRP *irp, int8_t boost);
bool irp_cancel(uint64_t id);
void irps_cancel(struct process *process, struct file *file);
void irp_release(struct irp_record *record);
struct irp_record *irp_find(uint64_t id); /* with a reference */
void irp_attach_memory(struct irp_record *record, struct memory *memory, size_t offset, uint32_t length);
int irps_pended(const struct device *device);
IO_STACK_LOCATION *irp_stack(IRP *irp);
void csq_cancel(IRP *irp);
