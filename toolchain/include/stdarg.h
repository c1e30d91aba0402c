/* Variable arguments, by the compiler's own means. */
#pragma once

#ifdef PYNDIS_PARSE
typedef char *va_list;
#define va_start(list, last) ((void)((list) = (char *)(&(last) + 1)))
#define va_end(list) ((void)0)
#define va_arg(list, type) (*(type *)(list))
#define va_copy(to, from) ((void)((to) = (from)))
#else
typedef __builtin_va_list va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
#endif
