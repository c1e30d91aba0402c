/* GUIDs. DEFINE_GUID declares one; in a source that includes initguid.h first, it defines it. */
#pragma once

#include <wdm.h>

#define EXTERN_GUID extern const GUID DECLSPEC_SELECTANY
#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    const GUID DECLSPEC_SELECTANY name = { l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) extern const GUID name
#endif

#define IsEqualGUID(one, other) (!memcmp(one, other, sizeof(GUID)))
