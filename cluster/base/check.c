#include "cluster/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void check_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "check failed: %s (%s:%d, %s)\n", condition, file, line, function);
    abort();
}

void *check_alloc(unsigned long bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    check(memory != NULL);
    return memory;
}

void *check_realloc(void *memory, unsigned long bytes)
{
    memory = realloc(memory, bytes ? bytes : 1);
    check(memory != NULL);
    return memory;
}

char *check_strdup(const char *text)
{
    char *copy = strdup(text);
    check(copy != NULL);
    return copy;
}
