/* What file systems and drivers close to them have beyond ntddk.h: processes, handles, security, system information. */
#pragma once

#include <ntddk.h>
#include "ddi/ntifs_types.h"
#include "ddi/ntifs_calls.h"
