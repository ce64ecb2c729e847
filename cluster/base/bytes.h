// A growing buffer of bytes, and a borrowed view of bytes.
#ifndef CLUSTER_BASE_BYTES_H
#define CLUSTER_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct span {  // lent: lives as long as its owner says
    const void *data;
    size_t bytes;
};

struct bytes {  // zero is empty and valid
    uint8_t *data;
    size_t count;
    size_t capacity;
};

void bytes_close(struct bytes *self);
void bytes_clear(struct bytes *self);                // keeps the memory
void *bytes_grow(struct bytes *self, size_t count);  // room for `count` more at the end, counted in
void bytes_append(struct bytes *self, const void *data, size_t count);

#endif
