/* OIDs, media and statistics; all of it comes with ndis.h. */
#pragma once

#include <ndis.h>
