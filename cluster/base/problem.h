// Sentences for people: what is wrong, where, what to do. Filled by set-up paths only.
#ifndef CLUSTER_BASE_PROBLEM_H
#define CLUSTER_BASE_PROBLEM_H

#include "cluster/base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct problem {
    char text[512];
};

void problem_set(struct problem *self, const char *format, ...) PRINTF_LIKE(2, 3);

// Every problem at once, in the order found. The first PROBLEMS_MAX are kept, the rest counted.
#define PROBLEMS_MAX 200

struct problems {
    char **lines;
    uint32_t count;
    uint32_t dropped;
};

void problems_init(struct problems *self);
void problems_close(struct problems *self);
void problems_add(struct problems *self, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
