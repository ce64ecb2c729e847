// The memory of the nodes, so that a state can be put back as it was: what is allocated between memory_enter and
// memory_leave lies in a region at a fixed place, and a region is copied whole. Pointers stay good, whatever the node's
// code keeps there. The linker hands this module every allocation of the program (CMakeLists.txt).
#ifndef CHAOS_MODEL_MEMORY_H
#define CHAOS_MODEL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_REGIONS 4
#define MEMORY_REGION_BYTES ((size_t)1024 * 1024)

void memory_enter(uint32_t region);  // not while another is entered
void memory_leave(void);
// Everything in it is forgotten.
void memory_clear(uint32_t region);
// These bytes hold the same in all states, or nothing between steps: they are neither saved nor put back. Until the
// block they lie in is freed. In the region entered.
void memory_skip(void *from, size_t bytes);

struct memory_image {  // zero is empty and valid; images share what is alike in them
    uint32_t *chunks, count;
};

uint64_t memory_saved_bytes(void);
// Quick where it is as in `like`.
void memory_save(uint32_t region, const struct memory_image *like, struct memory_image *to);
void memory_restore(uint32_t region, const struct memory_image *from);
void memory_image_close(struct memory_image *self);

#endif
