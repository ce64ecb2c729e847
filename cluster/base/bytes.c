#include "cluster/base/bytes.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

void bytes_close(struct bytes *self)
{
    free(self->data);
    *self = (struct bytes){0};
}

void bytes_clear(struct bytes *self)
{
    self->count = 0;
}

void *bytes_grow(struct bytes *self, size_t count)
{
    if (self->count + count > self->capacity) {
        size_t capacity = self->capacity ? self->capacity * 2 : 256;
        while (capacity < self->count + count)
            capacity *= 2;
        self->data = check_realloc(self->data, capacity);
        self->capacity = capacity;
    }
    void *room = self->data + self->count;
    self->count += count;
    return room;
}

void bytes_append(struct bytes *self, const void *data, size_t count)
{
    if (count > 0)
        memcpy(bytes_grow(self, count), data, count);
}
