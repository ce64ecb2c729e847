#include "cluster/wire/arena.h"

#include "cluster/base/check.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t bytes;
    _Alignas(16) unsigned char data[];
};

static void *allocate(void *arena, size_t bytes)
{
    return arena_take(arena, bytes);
}

static void release(void *arena, void *memory)
{
    (void)arena;  // given back whole
    (void)memory;
}

// Keeps the oldest block, which has the ordinary size, warm.
static void free_blocks(struct arena *self, struct arena_block *keep)
{
    while (self->blocks != keep) {
        struct arena_block *next = self->blocks->next;
        free(self->blocks);
        self->blocks = next;
    }
}

ProtobufCAllocator *arena_allocator(struct arena *self, size_t budget_bytes)
{
    struct arena_block *oldest = self->blocks;
    while (oldest != NULL && oldest->next != NULL)
        oldest = oldest->next;
    if (oldest != NULL && oldest->bytes != ARENA_BLOCK_BYTES)
        oldest = NULL;
    free_blocks(self, oldest);
    self->used = 0;
    return arena_allocator_more(self, budget_bytes);
}

ProtobufCAllocator *arena_allocator_more(struct arena *self, size_t budget_bytes)
{
    self->left = budget_bytes;
    self->allocator = (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = self};
    return &self->allocator;
}

void *arena_take(struct arena *self, size_t bytes)
{
    if (bytes > self->left)  // before rounding, which could overflow
        return NULL;
    bytes = (bytes + 15) & ~(size_t)15;
    self->left -= bytes < self->left ? bytes : self->left;
    if (self->blocks == NULL || self->used + bytes > self->blocks->bytes) {
        size_t room = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
        struct arena_block *block = check_alloc(sizeof *block + room);
        block->bytes = room;
        block->next = self->blocks;
        self->blocks = block;
        self->used = 0;
    }
    void *memory = self->blocks->data + self->used;
    self->used += bytes;
    return memory;
}

void arena_close(struct arena *self)
{
    free_blocks(self, NULL);
    self->left = 0;
}
