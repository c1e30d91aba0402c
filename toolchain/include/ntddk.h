/* What non-WDM kernel drivers have beyond wdm.h. */
#pragma once

#include <wdm.h>
#include "ddi/ntddk_types.h"
#include "ddi/ntddk_calls.h"
