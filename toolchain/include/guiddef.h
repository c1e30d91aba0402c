/* GUIDs. DEFINE_GUID declares one; after initguid.h it defines it. */
#pragma once

#include <wdm.h>

#define EXTERN_GUID extern const GUID DECLSPEC_SELECTANY
#ifndef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) extern const GUID name
#endif

#define IsEqualGUID(one, other) (!memcmp(one, other, sizeof(GUID)))
