/* The kernel's core: types, calls and macros that every driver may use. */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>
#include "ddi/wdm_constants_all.h"
#include "ddi/wdm_types.h"
#include <string.h>
#include "kernel/intrinsics.h"
#include "kernel/ordered.h"
#include "ddi/wdm_calls.h"
#include "kernel/data.h"
#include "kernel/lists.h"
#include "kernel/locks.h"
#include "kernel/mdl.h"
#include "kernel/irp.h"
#include "kernel/memory.h"
#include "kernel/registers.h"
#include <guiddef.h>
