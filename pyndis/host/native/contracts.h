/* Checks of what a miniport owes NDIS (ndis_contracts.c). */
#pragma once
#include "ndis.h"

/* A send goes to the driver, and comes back. */
void send_contract_begin(struct send_nbl *send);
void send_contract_check(const struct send_nbl *send, const NET_BUFFER_LIST *nbl);
/* This thread is about to wait in `call`. */
void blocking_check(const char *call);
/* After MiniportShutdownEx; `before`: this thread's calls of each export until then. */
void shutdown_check(const struct adapter *adapter, const uint32_t *before);
void indication_check(const NDIS_STATUS_INDICATION *indication);
/* The answer to OID_GEN_STATISTICS: declared as it is, and never less than before. */
void statistics_check(struct adapter *adapter, const void *info, uint32_t size);
void shortage_check(const struct oid_answer *answer, uint32_t oid, uint32_t out, bool query);
