/* SPDX-License-Identifier: MIT
 *
 * Each result is in the file before the next operation starts: a program that is ended leaves what it has done.
 */
#include "client.h"

#include <stdlib.h>

static FILE *results;

void
results_open(const char *path)
{
    results = fopen(path, "wb");
    if (results == NULL)
        exit(2);
}

/* In the middle of an operation or between two. */
void
results_failed(const char *what, const char *token)
{
    fprintf(results, "\n%s: %.60s\n", what, token);
    fflush(results);
}

void
result_begin(const char *operation)
{
    fprintf(results, "{\"operation\": \"%s\"", operation);
    fflush(results);
}

void
result_number(const char *name, unsigned long long value)
{
    fprintf(results, ", \"%s\": %llu", name, value);
}

void
result_bytes(const char *name, const unsigned char *data, size_t size)
{
    size_t index;

    fprintf(results, ", \"%s\": \"", name);
    for (index = 0; index < size; ++index)
        fprintf(results, "%02x", data[index]);
    fputs("\"", results);
}

void
result_end(void)
{
    fputs("}\n", results);
    fflush(results);
}
