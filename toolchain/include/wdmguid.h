/* GUIDs of buses, device interfaces and target-device changes. */
#pragma once

#include <guiddef.h>
#include "ddi/wdm_guids.h"
