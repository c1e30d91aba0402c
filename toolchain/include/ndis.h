/* NDIS 6 miniports. NDISxxx_MINIPORT says for which version the driver is written. */
#pragma once

#include <ntddk.h>
#include "net/version.h"
#include "ddi/ndis_constants_all.h"
#include "ddi/ndis_types.h"
#include "ddi/ndis_calls.h"
#include "net/buffers.h"
#include "net/locks.h"
