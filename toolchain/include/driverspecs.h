/* The annotations are all in sal.h. */
#pragma once
#include <sal.h>
