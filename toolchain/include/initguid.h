/* Included before the headers that declare GUIDs, in the one source that is to define them. */
#pragma once

#define INITGUID
#include <guiddef.h>
