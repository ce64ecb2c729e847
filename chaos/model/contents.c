#include "chaos/model/inside.h"

#include <stdlib.h>
#include <string.h>

#define CONTENTS_MAX (1u << 20)
#define TABLE_BITS 21

uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = hash_mix(hash, word);
    }
    uint64_t rest = bytes;
    for (; bytes > 0; bytes--)
        rest = rest << 8 | *at++;
    return hash_mix(hash, rest);
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text));
}

struct contents *contents_create(void)
{
    struct contents *self = check_alloc(sizeof *self);
    self->table = check_alloc(sizeof *self->table << TABLE_BITS);
    return self;
}

void contents_free(struct contents *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        free((void *)self->list[i].bytes.data);
    free(self->list);
    free(self->table);
    free(self);
}

uint32_t contents_add(struct contents *self, struct span bytes, const struct content *about)
{
    uint64_t slot = hash_bytes(1, bytes.data, bytes.bytes);
    for (;; slot++) {
        uint32_t index = self->table[slot & ((1u << TABLE_BITS) - 1)];
        if (index == 0)
            break;
        const struct content *known = &self->list[index - 1];
        if (known->bytes.bytes == bytes.bytes && memcmp(known->bytes.data, bytes.data, bytes.bytes) == 0)
            return index - 1;
    }
    check(self->count < CONTENTS_MAX);
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 1024 : self->capacity * 2;
        self->list = check_realloc(self->list, self->capacity * sizeof *self->list);
    }
    struct content *content = &self->list[self->count];
    *content = *about;
    void *copy = check_alloc(bytes.bytes);
    if (bytes.bytes > 0)
        memcpy(copy, bytes.data, bytes.bytes);
    content->bytes = (struct span){copy, bytes.bytes};
    self->table[slot & ((1u << TABLE_BITS) - 1)] = self->count + 1;
    return self->count++;
}
