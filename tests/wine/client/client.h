/* SPDX-License-Identifier: MIT
 *
 * A Windows program that carries out a script of operations on devices and writes one JSON object for each.
 */
#pragma once

#include <windows.h>
#include <winternl.h>
#include <stdio.h>

/* A byte string of the script: hexadecimal digits, `-` for none, or `@` and the name of a file. */
unsigned char *bytes_of(const char *token, size_t *size);

/* Ends the program, with these words as the last line of the results. */
void fail(const char *what, const char *token);

/* results.c: the result of one operation, into the file that the program was given. */
void result_begin(const char *operation);
void result_number(const char *name, unsigned long long value);
void result_bytes(const char *name, const unsigned char *data, size_t size);
void result_end(void);
void results_open(const char *path);
void results_failed(const char *what, const char *token);

/* requests.c */
void request_open(const char *handle, const char *device);
void request_close(const char *handle);
void request_read(const char *handle, const char *request, size_t length);
void request_write(const char *handle, const char *request, const char *data);
void request_control(const char *handle, const char *request, unsigned long code, size_t room, const char *data);
void request_wait(const char *request, unsigned long milliseconds);
void request_cancel(const char *handle, const char *request);

/* services.c */
void service_start(const char *name);
void service_stop(const char *name);
void service_query(const char *name);

/* packages.c */
void package_section(const char *path, const char *section);
void package_install(const char *path, const char *folder, const char *section, const char *services);
