/* The C library's memory and string calls that the kernel exports or our image runtime has. */
#pragma once

#include <ntdef.h>

void *NTAPIV memcpy(void *Destination, const void *Source, size_t Length);
void *NTAPIV memmove(void *Destination, const void *Source, size_t Length);
void *NTAPIV memset(void *Destination, int Fill, size_t Length);
int NTAPIV memcmp(const void *One, const void *Other, size_t Length);
