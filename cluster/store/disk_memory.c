#include "cluster/store/disk_memory.h"

#include "cluster/store/disk_batch.h"
#include "cluster/store/tables.h"

#include <stdlib.h>
#include <string.h>

struct row {
    UT_hash_handle hh;
    struct span key, value;
    uint8_t bytes[];
};

struct disk_memory {
    struct row *tables[DISK_TABLES];
    uint64_t used;
    uint64_t limit;  // 0: none
    bool immediate;
    bool is_open;
};

struct handle {
    struct disk disk;
    struct disk_memory *medium;
    struct disk_batch *first, *last;
    uint64_t given, written;
    enum disk_state state;
};

static struct handle *handle_of(struct disk *disk)
{
    return (struct handle *)disk;
}

// ---- the medium

struct disk_memory *disk_memory_create(void)
{
    return check_alloc(sizeof(struct disk_memory));
}

static void remove_row(struct disk_memory *medium, enum disk_table table, struct row *row)
{
    medium->used -= row->key.bytes + row->value.bytes;
    HASH_DELETE(hh, medium->tables[table], row);
    free(row);
}

void disk_memory_free(struct disk_memory *medium)
{
    if (medium == NULL)
        return;
    check(!medium->is_open);
    for (int table = 0; table < DISK_TABLES; table++) {
        struct row *row, *next;
        HASH_ITER(hh, medium->tables[table], row, next)
        remove_row(medium, (enum disk_table)table, row);
    }
    free(medium);
}

void disk_memory_set_limit(struct disk_memory *medium, uint64_t limit_bytes)
{
    medium->limit = limit_bytes;
}

void disk_memory_set_immediate(struct disk_memory *medium, bool immediate)
{
    medium->immediate = immediate;
}

uint64_t disk_memory_rows(const struct disk_memory *medium, enum disk_table table)
{
    return HASH_COUNT(medium->tables[table]);
}

static struct row *find_row(const struct disk_memory *medium, enum disk_table table, struct span key)
{
    struct row *row;
    HASH_FIND(hh, medium->tables[table], key.data, key.bytes, row);
    return row;
}

bool disk_memory_has(const struct disk_memory *medium, enum disk_table table, struct span key)
{
    return find_row(medium, table, key) != NULL;
}

static void put_row(struct disk_memory *medium, enum disk_table table, struct span key, struct span value)
{
    struct row *row = find_row(medium, table, key);
    if (row != NULL)
        remove_row(medium, table, row);
    row = check_alloc(sizeof *row + key.bytes + value.bytes);
    memcpy(row->bytes, key.data, key.bytes);
    if (value.bytes > 0)
        memcpy(row->bytes + key.bytes, value.data, value.bytes);
    row->key = (struct span){row->bytes, key.bytes};
    row->value = (struct span){row->bytes + key.bytes, value.bytes};
    medium->used += key.bytes + value.bytes;
    HASH_ADD_KEYPTR(hh, medium->tables[table], row->key.data, row->key.bytes, row);
}

// Counted as if nothing were replaced or deleted: as on a real disk, a change needs room before it gives any back.
static bool has_room(const struct disk_memory *medium, const struct disk_batch *batch)
{
    if (medium->limit == 0)
        return true;
    uint64_t needed = medium->used;
    struct disk_op op;
    for (size_t at = 0; disk_batch_next(batch, &at, &op);)
        needed += op.is_delete ? 0 : op.key.bytes + op.value.bytes;
    return needed <= medium->limit;
}

static void apply(struct disk_memory *medium, const struct disk_batch *batch)
{
    struct disk_op op;
    for (size_t at = 0; disk_batch_next(batch, &at, &op);) {
        if (!op.is_delete) {
            put_row(medium, op.table, op.key, op.value);
            continue;
        }
        struct row *row = find_row(medium, op.table, op.key);
        if (row != NULL)
            remove_row(medium, op.table, row);
    }
}

// ---- a handle

static int compare_rows(const struct row *a, const struct row *b)
{
    size_t common = a->key.bytes < b->key.bytes ? a->key.bytes : b->key.bytes;
    int order = memcmp(a->key.data, b->key.data, common);
    return order != 0 ? order : (a->key.bytes > b->key.bytes) - (a->key.bytes < b->key.bytes);
}

static bool memory_load(struct disk *disk, enum disk_table table, disk_row *visit, void *context,
                        struct problem *ret_problem)
{
    (void)ret_problem;
    struct disk_memory *medium = handle_of(disk)->medium;
    HASH_SORT(medium->tables[table], compare_rows);
    for (struct row *row = medium->tables[table]; row != NULL; row = row->hh.next)
        visit(context, row->key, row->value);
    return true;
}

static void drop_first(struct handle *self)
{
    struct disk_batch *batch = self->first;
    self->first = batch->next;
    if (self->first == NULL)
        self->last = NULL;
    disk_batch_free(batch);
}

void disk_memory_commit(struct disk *disk, uint64_t upto)
{
    struct handle *self = handle_of(disk);
    while (self->state == DISK_OK && self->first != NULL && self->first->number <= upto) {
        if (!has_room(self->medium, self->first)) {
            disk_memory_break(disk, DISK_FULL);
            return;
        }
        apply(self->medium, self->first);
        self->written = self->first->number;
        drop_first(self);
    }
}

static uint64_t memory_write(struct disk *disk, struct disk_batch *batch)
{
    struct handle *self = handle_of(disk);
    uint64_t number = ++self->given;
    if (self->state != DISK_OK) {
        disk_batch_free(batch);
        return number;
    }
    batch->number = number;
    batch->next = NULL;
    if (self->last != NULL)
        self->last->next = batch;
    else
        self->first = batch;
    self->last = batch;
    if (self->medium->immediate)
        disk_memory_commit(disk, UINT64_MAX);
    return number;
}

static uint64_t memory_written(struct disk *disk)
{
    return handle_of(disk)->written;
}

static enum disk_state memory_state(struct disk *disk)
{
    return handle_of(disk)->state;
}

static void memory_usage(struct disk *disk, uint64_t *ret_used, uint64_t *ret_limit)
{
    struct handle *self = handle_of(disk);
    uint64_t used = self->medium->used;
    for (struct disk_batch *batch = self->first; batch != NULL; batch = batch->next)
        used += disk_batch_bytes(batch);
    *ret_used = used;
    *ret_limit = self->medium->limit != 0 ? self->medium->limit : UINT64_MAX;
}

static void memory_close(struct disk *disk)
{
    disk_memory_commit(disk, UINT64_MAX);
    disk_memory_crash(disk);
}

uint64_t disk_memory_queued(const struct disk *disk)
{
    const struct handle *self = (const struct handle *)disk;
    uint64_t queued = 0;
    for (const struct disk_batch *batch = self->first; batch != NULL; batch = batch->next)
        queued++;
    return queued;
}

void disk_memory_break(struct disk *disk, enum disk_state state)
{
    struct handle *self = handle_of(disk);
    check(state != DISK_OK);
    self->state = state;
    while (self->first != NULL)
        drop_first(self);
}

void disk_memory_crash(struct disk *disk)
{
    struct handle *self = handle_of(disk);
    while (self->first != NULL)
        drop_first(self);
    self->medium->is_open = false;
    free(self);
}

struct disk *disk_memory_open(struct disk_memory *medium)
{
    static const struct disk_type type = {
        .load = memory_load,
        .write = memory_write,
        .written = memory_written,
        .state = memory_state,
        .usage = memory_usage,
        .close = memory_close,
    };
    check(!medium->is_open);
    medium->is_open = true;
    struct handle *self = check_alloc(sizeof *self);
    self->disk.type = &type;
    self->medium = medium;
    return &self->disk;
}
