/* GUIDs of NDIS's OIDs, status indications and notifications. */
#pragma once

#include <guiddef.h>
#include "ddi/ndis_guids.h"
