#include "cluster/base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problem_set(struct problem *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->text, sizeof self->text, format, args);
    va_end(args);
}

void problems_init(struct problems *self)
{
    *self = (struct problems){0};
}

void problems_close(struct problems *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        free(self->lines[i]);
    free(self->lines);
    problems_init(self);
}

void problems_add(struct problems *self, const char *format, ...)
{
    if (self->count == PROBLEMS_MAX) {
        self->dropped++;
        return;
    }
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (self->lines == NULL)
        self->lines = check_alloc(PROBLEMS_MAX * sizeof *self->lines);
    self->lines[self->count++] = check_strdup(line);
}
