/* What AddressSanitizer is told about memory that the host gives out itself; nothing in a build without it. */
#pragma once
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define asan_close(address_, size_) __asan_poison_memory_region((void *)(address_), size_)
#define asan_open(address_, size_) __asan_unpoison_memory_region((void *)(address_), size_)
#endif
#endif
#ifndef asan_close
#define asan_close(address_, size_) ((void)(address_), (void)(size_))
#define asan_open(address_, size_) ((void)(address_), (void)(size_))
#endif
