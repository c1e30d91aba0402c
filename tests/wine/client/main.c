/* SPDX-License-Identifier: MIT
 *
 * client SCRIPT RESULTS: one operation a line, words parted by spaces.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 6
#define LINE_SIZE (1 << 20)

static char line[LINE_SIZE];

int __getmainargs(int *, char ***, char ***, int, void *); /* of msvcrt.dll */

void
fail(const char *what, const char *token)
{
    results_failed(what, token);
    exit(2);
}

static unsigned
digit(char character, const char *token)
{
    if (character >= '0' && character <= '9')
        return (unsigned)(character - '0');
    if (character >= 'a' && character <= 'f')
        return (unsigned)(character - 'a') + 10;
    fail("no hexadecimal digits", token);
    return 0;
}

static unsigned char *
file_of(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *data;

    if (file == NULL)
        fail("cannot open", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    data = malloc(*size + 1);
    if (data == NULL || fread(data, 1, *size, file) != *size)
        fail("cannot read", path);
    fclose(file);
    return data;
}

unsigned char *
bytes_of(const char *token, size_t *size)
{
    unsigned char *data;
    size_t index;

    if (token[0] == '@')
        return file_of(token + 1, size);
    *size = token[0] == '-' ? 0 : strlen(token) / 2;
    data = malloc(*size + 1);
    if (data == NULL)
        fail("no memory for", token);
    for (index = 0; index < *size; ++index)
        data[index] = (unsigned char)(digit(token[2 * index], token) << 4 | digit(token[2 * index + 1], token));
    return data;
}

static int
is(char **word, int count, const char *name, int wanted)
{
    return count == wanted && strcmp(word[0], name) == 0;
}

static void
perform(char **word, int count)
{
    result_begin(word[0]);
    if (is(word, count, "open", 3))
        request_open(word[1], word[2]);
    else if (is(word, count, "close", 2))
        request_close(word[1]);
    else if (is(word, count, "read", 4))
        request_read(word[1], word[2], strtoul(word[3], NULL, 10));
    else if (is(word, count, "write", 4))
        request_write(word[1], word[2], word[3]);
    else if (is(word, count, "control", 6))
        request_control(word[1], word[2], strtoul(word[3], NULL, 10), strtoul(word[4], NULL, 10), word[5]);
    else if (is(word, count, "wait", 3))
        request_wait(word[1], strtoul(word[2], NULL, 10));
    else if (is(word, count, "cancel", 3))
        request_cancel(word[1], word[2]);
    else if (is(word, count, "start", 2))
        service_start(word[1]);
    else if (is(word, count, "stop", 2))
        service_stop(word[1]);
    else if (is(word, count, "query", 2))
        service_query(word[1]);
    else if (is(word, count, "section", 3))
        package_section(word[1], word[2]);
    else if (is(word, count, "package", 5))
        package_install(word[1], word[2], word[3], word[4]);
    else if (is(word, count, "die", 1))
        TerminateProcess(GetCurrentProcess(), 3);
    else
        fail("no such operation", word[0]);
    result_end();
}

static int
run(int argc, char **argv)
{
    FILE *script;

    if (argc != 3)
        return 2;
    results_open(argv[2]);
    script = fopen(argv[1], "r");
    if (script == NULL)
        fail("cannot open", argv[1]);
    while (fgets(line, sizeof(line), script) != NULL)
    {
        char *word[MOST_WORDS];
        char *next = strtok(line, " \r\n");
        int count = 0;

        for (; next != NULL && count < MOST_WORDS; next = strtok(NULL, " \r\n"))
            word[count++] = next;
        if (count != 0)
            perform(word, count);
    }
    return 0;
}

/* Straight from the loader, with the C library of Windows itself: compiling another one would take minutes. */
void
start(void)
{
    int argc;
    char **argv;
    char **environment;
    struct
    {
        int mode;
    } how = { 0 };

    __getmainargs(&argc, &argv, &environment, 0, &how);
    exit(run(argc, argv));
}
