/* Memory of user processes: shared pages that a driver sees through MDLs, at addresses of its own. */
#pragma once
#include "blocks.h"
#include "clock.h"

struct memory {
    int fd;
    size_t size;      /* bytes asked for */
    size_t pages;
    uint8_t *host;    /* the host's view of the pages */
    uintptr_t user;   /* the address user mode sees: a number, nothing is mapped there */
    uint64_t first_pfn;
    bool writable, unmappable, keeps_mapping; /* keeps_mapping: one system mapping for its life (run mode) */
    struct block *kept[2];
    struct hostile *hostile; /* hostile.c: the client changes what the driver has fetched */
    void *process;
    atomic_int references;
    atomic_int lent;          /* NBLs out with the stack whose data lies here */
    struct timer watch;       /* for as long as pages are lent */
    void *_Atomic request;    /* the IRP whose buffer it is */
    uint64_t id;
};
struct memory *memory_new(size_t size, size_t alignment);
void memory_release(struct memory *memory);
struct memory *memory_of_pfn(uint64_t pfn);
struct memory *memory_of_user(uintptr_t address);
/* Whether user memory may be said to lie there. */
bool user_address(uintptr_t address);
/* Gives it an address that a 32-bit process can name; false when there is none left. */
bool memory_narrow(struct memory *memory);
static inline uint8_t *memory_bytes(struct memory *memory)
{
    return memory->host + (memory->user & (PAGE - 1));
}

/* mdl.c */
struct block *mdl_new(uintptr_t address, uint32_t length);
/* An MDL of locked user pages, as the I/O manager makes it for a request. */
MDL *mdl_for_memory(struct memory *memory, size_t offset, uint32_t length, bool driver_writes);
/* Ends it: pages unlocked, mapping gone, MDL freed. */
void mdl_end(MDL *mdl);
/* Kernel address of the MDL's bytes, mapping them when need be; NULL when it cannot. For the host's own use. */
void *mdl_address(MDL *mdl);
/* +1/-1: an NBL's data is lent to the stack or came back. Counts on the memory, the MDL's block and pool block. */
void mdl_lend(MDL *mdl, int by);
bool mdl_is_nonpaged(const MDL *mdl);
void mdl_process_check(void *process);
void mdl_unchanged_check(const MDL *mdl, const MDL *before, const void *irp);
bool mdl_is_hostile(MDL *mdl);
