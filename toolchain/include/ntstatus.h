/* NTSTATUS values. */
#pragma once

#include <ntdef.h>
#include "ddi/status_all.h"
