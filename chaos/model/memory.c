#include "chaos/model/memory.h"

#include "cluster/base/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 32
#define SKIPS_MAX 32
#define SKIP_FREE_BYTES 2048  // a free block as large as this need not be saved
#define CHUNK_BYTES 256
#define REGION_CHUNKS (MEMORY_REGION_BYTES / CHUNK_BYTES)
#define BLOCK_CHUNKS 4096
#define CHUNK_BLOCKS_MAX 16384
#define OUTSIDE UINT32_MAX

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *memory);
char *__real_strdup(const char *text);

struct block {  // free: in its class's list
    uint64_t bytes;
    struct block *next;
};

struct skip {
    uint64_t from, bytes;
};

struct region {
    uint64_t used;  // this header counted
    struct block *free[CLASSES];
    struct skip skips[SKIPS_MAX];  // in order
    uint64_t skip_count;
};

static _Alignas(4096) uint8_t regions[MEMORY_REGIONS][MEMORY_REGION_BYTES];
static uint32_t entered = OUTSIDE;

static struct region *region_at(uint32_t region)
{
    check(region < MEMORY_REGIONS);
    return (struct region *)(void *)regions[region];
}

void memory_enter(uint32_t region)
{
    check(entered == OUTSIDE);
    entered = region;
}

void memory_leave(void)
{
    entered = OUTSIDE;
}

void memory_clear(uint32_t region)
{
    struct region *self = region_at(region);
    memset(self, 0, sizeof *self);
    self->used = (sizeof *self + 15) & ~(uint64_t)15;
}

static void add_skip(struct region *self, uint64_t offset, uint64_t bytes)
{
    check(self->skip_count < SKIPS_MAX && offset + bytes <= self->used);
    uint64_t at = self->skip_count++;
    for (; at > 0 && self->skips[at - 1].from > offset; at--)
        self->skips[at] = self->skips[at - 1];
    self->skips[at] = (struct skip){offset, bytes};
}

void memory_skip(void *from, size_t bytes)
{
    add_skip(region_at(entered), (uint64_t)((uint8_t *)from - regions[entered]), bytes);
}

// ---- images

struct chunk {
    uint8_t bytes[CHUNK_BYTES];
};

static struct {  // equal chunks once
    struct chunk *blocks[CHUNK_BLOCKS_MAX];
    uint32_t count;   // number 0 is none
    uint32_t *table;  // by their hash; open addressing
    uint32_t table_bits;
} chunks = {.count = 1};

static struct chunk *chunk_at(uint32_t number)
{
    return &chunks.blocks[number / BLOCK_CHUNKS][number % BLOCK_CHUNKS];
}

static uint64_t chunk_hash(const struct chunk *chunk)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < CHUNK_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, chunk->bytes + i, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

static uint32_t *chunk_slot(const struct chunk *chunk)
{
    for (uint64_t at = chunk_hash(chunk);; at++) {
        uint32_t *slot = &chunks.table[at & (((uint64_t)1 << chunks.table_bits) - 1)];
        if (*slot == 0 || memcmp(chunk_at(*slot), chunk, sizeof *chunk) == 0)
            return slot;
    }
}

static void chunk_table_grow(void)
{
    __real_free(chunks.table);
    chunks.table_bits = chunks.table_bits == 0 ? 16 : chunks.table_bits + 1;
    chunks.table = check_alloc(sizeof *chunks.table << chunks.table_bits);
    for (uint32_t i = 1; i < chunks.count; i++)
        *chunk_slot(chunk_at(i)) = i;
}

static uint32_t chunk_number(const struct chunk *chunk)
{
    if ((uint64_t)chunks.count * 2 >= (uint64_t)1 << chunks.table_bits)
        chunk_table_grow();
    uint32_t *slot = chunk_slot(chunk);
    if (*slot != 0)
        return *slot;
    struct chunk **block = &chunks.blocks[chunks.count / BLOCK_CHUNKS];
    check(chunks.count / BLOCK_CHUNKS < CHUNK_BLOCKS_MAX);
    if (*block == NULL)
        *block = check_alloc(BLOCK_CHUNKS * sizeof **block);
    *slot = chunks.count++;
    *chunk_at(*slot) = *chunk;
    return *slot;
}

uint64_t memory_saved_bytes(void)
{
    return chunks.count * sizeof(struct chunk);
}

// An image is the numbers of its chunks, and this many that are not saved.
#define GAP 0x80000000u

static bool is_skipped(const struct region *self, uint64_t *skip, uint64_t from)
{
    while (*skip < self->skip_count && self->skips[*skip].from + self->skips[*skip].bytes < from + CHUNK_BYTES)
        ++*skip;
    return *skip < self->skip_count && self->skips[*skip].from <= from;
}

void memory_save(uint32_t region, const struct memory_image *like, struct memory_image *to)
{
    static uint32_t was[REGION_CHUNKS], is[REGION_CHUNKS + 1];
    const struct region *self = region_at(region);
    uint32_t places = (uint32_t)((self->used + CHUNK_BYTES - 1) / CHUNK_BYTES), count = 0, at = 0;
    uint64_t skip = 0;
    memset(was, 0, places * sizeof was[0]);
    for (uint32_t i = 0; i < like->count; i++) {
        if ((like->chunks[i] & GAP) == 0)
            was[at] = like->chunks[i];
        at += (like->chunks[i] & GAP) == 0 ? 1 : like->chunks[i] & ~GAP;
    }
    for (uint32_t i = 0; i < places; i++) {
        const struct chunk *chunk = (const struct chunk *)(const void *)(regions[region] + (size_t)i * CHUNK_BYTES);
        if (!is_skipped(self, &skip, (uint64_t)i * CHUNK_BYTES))
            is[count++] =
                was[i] != 0 && memcmp(chunk_at(was[i]), chunk, sizeof *chunk) == 0 ? was[i] : chunk_number(chunk);
        else if (count > 0 && (is[count - 1] & GAP) != 0)
            is[count - 1]++;
        else
            is[count++] = GAP | 1;
    }
    to->count = count;
    to->chunks = check_realloc(to->chunks, count * sizeof *to->chunks);
    memcpy(to->chunks, is, count * sizeof is[0]);
}

void memory_restore(uint32_t region, const struct memory_image *from)
{
    uint8_t *at = regions[region];
    for (uint32_t i = 0; i < from->count; i++) {
        bool is_gap = (from->chunks[i] & GAP) != 0;
        if (!is_gap)
            memcpy(at, chunk_at(from->chunks[i]), CHUNK_BYTES);
        at += is_gap ? (size_t)(from->chunks[i] & ~GAP) * CHUNK_BYTES : CHUNK_BYTES;
    }
}

void memory_image_close(struct memory_image *self)
{
    free(self->chunks);
    *self = (struct memory_image){0};
}

// ---- allocating

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);

static void drop_skips(struct region *self, uint64_t from, uint64_t bytes);

static uint32_t class_of(uint64_t bytes, uint64_t *ret_bytes)
{
    uint32_t class = 0;
    uint64_t room = 32;
    for (; room < bytes; room *= 2)
        class ++;
    check(class < CLASSES);
    *ret_bytes = room;
    return class;
}

static struct block *block_of(void *memory)
{
    return (struct block *)(void *)((uint8_t *)memory - 16);
}

static uint32_t region_of(const void *memory)
{
    const uint8_t *at = memory;
    if (at < regions[0] || at >= regions[0] + sizeof regions)
        return OUTSIDE;
    return (uint32_t)((size_t)(at - regions[0]) / MEMORY_REGION_BYTES);
}

// Small blocks come in powers of two and are used again; large ones are as large as asked for.
static void *take(struct region *self, uint64_t bytes)
{
    uint64_t room;
    uint32_t class = class_of(bytes, &room);
    struct block *block = self->free[class];
    if (block != NULL) {
        self->free[class] = block->next;
        drop_skips(self, (uint64_t)((uint8_t *)block - (uint8_t *)self), 16 + room);
        return (uint8_t *)block + 16;
    }
    check(self->used + 16 + room <= MEMORY_REGION_BYTES);
    block = (struct block *)(void *)((uint8_t *)self + self->used);
    self->used += 16 + room;
    block->bytes = room;
    return (uint8_t *)block + 16;
}

static void drop_skips(struct region *self, uint64_t from, uint64_t bytes)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < self->skip_count; i++)
        if (self->skips[i].from < from || self->skips[i].from >= from + bytes)
            self->skips[kept++] = self->skips[i];
    self->skip_count = kept;
}

static void give_back(uint32_t region, void *memory)
{
    struct region *self = region_at(region);
    struct block *block = block_of(memory);
    uint64_t room;
    drop_skips(self, (uint64_t)((uint8_t *)memory - (uint8_t *)self), block->bytes);
    uint32_t class = class_of(block->bytes, &room);
    block->next = self->free[class];
    self->free[class] = block;
    if (block->bytes >= SKIP_FREE_BYTES)
        add_skip(self, (uint64_t)((uint8_t *)memory - (uint8_t *)self), block->bytes);
}

void *__wrap_malloc(size_t bytes)
{
    return entered == OUTSIDE ? __real_malloc(bytes) : take(region_at(entered), bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    if (entered == OUTSIDE)
        return __real_calloc(count, bytes);
    check(bytes == 0 || count <= MEMORY_REGION_BYTES / bytes);
    return memset(take(region_at(entered), count * bytes), 0, count * bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    check(entered == OUTSIDE || alignment <= 16);
    return entered == OUTSIDE ? __real_aligned_alloc(alignment, bytes) : __wrap_malloc(bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    uint32_t region = memory == NULL ? entered : region_of(memory);
    if (region == OUTSIDE)
        return __real_realloc(memory, bytes);
    check(region == entered);
    uint64_t had = memory == NULL ? 0 : block_of(memory)->bytes;
    if (memory != NULL && had >= bytes)
        return memory;
    void *more = take(region_at(region), bytes);
    if (memory != NULL) {
        memcpy(more, memory, had);
        give_back(region, memory);
    }
    return more;
}

char *__wrap_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(__wrap_malloc(bytes), text, bytes);
}

void __wrap_free(void *memory)
{
    uint32_t region = memory == NULL ? OUTSIDE : region_of(memory);
    if (region == OUTSIDE)
        __real_free(memory);
    else
        give_back(region, memory);
}
