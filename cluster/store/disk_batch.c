#include "cluster/store/disk_batch.h"

#include <stdlib.h>
#include <string.h>

struct op_header {
    uint32_t value_bytes;
    uint16_t key_bytes;
    uint8_t table;
    uint8_t is_delete;
};

struct disk_batch *disk_batch_create(void)
{
    return check_alloc(sizeof(struct disk_batch));
}

void disk_batch_free(struct disk_batch *batch)
{
    if (batch == NULL)
        return;
    bytes_close(&batch->ops);
    free(batch);
}

static void add(struct disk_batch *batch, enum disk_table table, bool is_delete, struct span key, struct span value)
{
    check(table < DISK_TABLES);
    check(key.bytes > 0 && key.bytes <= DISK_KEY_MAX_BYTES);
    check(value.bytes <= DISK_VALUE_MAX_BYTES);
    struct op_header header = {
        .value_bytes = (uint32_t)value.bytes,
        .key_bytes = (uint16_t)key.bytes,
        .table = (uint8_t)table,
        .is_delete = is_delete,
    };
    bytes_append(&batch->ops, &header, sizeof header);
    bytes_append(&batch->ops, key.data, key.bytes);
    bytes_append(&batch->ops, value.data, value.bytes);
}

void disk_batch_put(struct disk_batch *batch, enum disk_table table, struct span key, struct span value)
{
    add(batch, table, false, key, value);
}

void disk_batch_delete(struct disk_batch *batch, enum disk_table table, struct span key)
{
    add(batch, table, true, key, (struct span){0});
}

bool disk_batch_is_empty(const struct disk_batch *batch)
{
    return batch->ops.count == 0;
}

bool disk_batch_next(const struct disk_batch *batch, size_t *at, struct disk_op *ret_op)
{
    if (*at == batch->ops.count)
        return false;
    struct op_header header;
    memcpy(&header, batch->ops.data + *at, sizeof header);
    const uint8_t *key = batch->ops.data + *at + sizeof header;
    *ret_op = (struct disk_op){
        .table = (enum disk_table)header.table,
        .is_delete = header.is_delete,
        .key = {key, header.key_bytes},
        .value = {key + header.key_bytes, header.value_bytes},
    };
    *at += sizeof header + header.key_bytes + header.value_bytes;
    return true;
}

size_t disk_batch_bytes(const struct disk_batch *batch)
{
    return sizeof *batch + batch->ops.capacity;
}
