// Unpacking with a budget: protobuf-c has no limit of its own. One arena serves one message after another.
//
//   Cli__ToNode *message = cli__to_node__unpack(arena_allocator(&arena, ARENA_BUDGET_BYTES), n, data);
//
// The message lives until the next arena_allocator or arena_close; never call its *_free_unpacked.
#ifndef CLUSTER_WIRE_ARENA_H
#define CLUSTER_WIRE_ARENA_H

#include <protobuf-c/protobuf-c.h>

#define ARENA_BLOCK_BYTES ((size_t)64 * 1024)

struct arena_block;

struct arena {  // zero is empty and valid
    struct arena_block *blocks;
    size_t used;  // in the newest block
    size_t left;  // of the budget
    ProtobufCAllocator allocator;
};

// Frees what the last message held. Unpacking fails (NULL) where it would take more than budget_bytes.
ProtobufCAllocator *arena_allocator(struct arena *self, size_t budget_bytes);
// A further message beside those that are there, with a budget of its own.
ProtobufCAllocator *arena_allocator_more(struct arena *self, size_t budget_bytes);
// Memory that lives as long as the message; NULL past the budget. Needs arena_allocator first.
void *arena_take(struct arena *self, size_t bytes);
void arena_close(struct arena *self);

#endif
