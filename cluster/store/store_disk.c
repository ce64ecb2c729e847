#include "cluster/base/rule.h"
#include "cluster/store/record_codec.h"
#include "cluster/store/store_hash.h"
#include "cluster/store/store_inside.h"
#include "cluster/wire/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_KEY_MAX_BYTES (NAME_MAX_BYTES + 1 + 8)

static const struct span horizon_key = {"horizon", 7};
static const struct span kept_since_key = {"kept_since", 10};
static const struct span restored_key = {"restored", 8};
static const struct span restoring_key = {"restoring", 9};  // only while backup.c fills the store

// ---- what a turn changes

struct disk_batch *store_batch(struct store *self)
{
    if (self->batch == NULL)
        self->batch = disk_batch_create();
    return self->batch;
}

static void *grow(void *list, uint32_t count, uint32_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    return check_realloc(list, *capacity * item_bytes);
}

void store_mark_dirty(struct store *self, struct entry *entry)
{
    if (entry->dirty_place != 0)
        return;
    self->dirty = grow(self->dirty, self->dirty_count, &self->dirty_capacity, sizeof *self->dirty);
    self->dirty[self->dirty_count++] = entry;
    entry->dirty_place = self->dirty_count;
}

// Deleted before this turn's puts: what is put again under the same id stays.
void store_mark_purged(struct store *self, struct entry *entry)
{
    if (entry->dirty_place != 0)
        self->dirty[entry->dirty_place - 1] = NULL;
    uint8_t key[STORE_KEY_MAX_BYTES];
    disk_batch_delete(store_batch(self), DISK_RECORDS, store_key(entry->record.kind, entry->record.id, key));
}

static void put_meta(struct store *self, struct span key, uint64_t number)
{
    uint8_t value[8];
    store_put_u64(value, number);
    disk_batch_put(store_batch(self), DISK_META, key, (struct span){value, sizeof value});
}

void store_mark_horizon(struct store *self)
{
    put_meta(self, horizon_key, self->horizon_ms);
}

uint64_t store_kept_since_ms(const struct store *self)
{
    return self->kept_since_ms;
}

uint64_t store_restored_ms(const struct store *self)
{
    return self->restored_ms;
}

void store_end_restored(struct store *self)
{
    self->restored_ms = 0;
    disk_batch_delete(store_batch(self), DISK_META, restored_key);
}

void store_begin_restoring(struct store *self)
{
    put_meta(self, restoring_key, self->wall_ms);
}

void store_set_restored(struct store *self, uint64_t begun_ms)
{
    self->restored_ms = begun_ms;
    put_meta(self, restored_key, begun_ms);
    disk_batch_delete(store_batch(self), DISK_META, restoring_key);
}

void store_move_cursor(struct store *self, struct store_feed *feed, uint64_t cursor)
{
    feed->cursor = cursor;
    if (feed->dirty)
        return;
    feed->dirty = true;
    self->dirty_feeds =
        grow(self->dirty_feeds, self->dirty_feeds_count, &self->dirty_feeds_capacity, sizeof *self->dirty_feeds);
    self->dirty_feeds[self->dirty_feeds_count++] = feed;
}

static struct span feed_row_key(const struct store_feed *feed, uint8_t to[FEED_KEY_MAX_BYTES])
{
    size_t bytes = strlen(feed->key.owner) + 1;
    memcpy(to, feed->key.owner, bytes);
    store_put_u64(to + bytes, feed->key.boot);
    return (struct span){to, bytes + 8};
}

void store_forget_feed(struct store *self, const struct store_feed *feed)
{
    uint8_t key[FEED_KEY_MAX_BYTES];
    disk_batch_delete(store_batch(self), DISK_FEEDS, feed_row_key(feed, key));
}

// ---- writing

static void put_records(struct store *self, struct disk_batch *batch)
{
    uint8_t key[STORE_KEY_MAX_BYTES];
    for (uint32_t i = 0; i < self->dirty_count; i++) {
        struct entry *entry = self->dirty[i];
        if (entry == NULL)
            continue;
        entry->dirty_place = 0;
        bytes_clear(&self->scratch);
        record_pack(&entry->record, &self->scratch);
        disk_batch_put(batch, DISK_RECORDS, store_key(entry->record.kind, entry->record.id, key),
                       (struct span){self->scratch.data, self->scratch.count});
    }
    self->dirty_count = 0;
}

static void put_cursors(struct store *self, struct disk_batch *batch)
{
    uint8_t key[FEED_KEY_MAX_BYTES], value[8];
    for (uint32_t i = 0; i < self->dirty_feeds_count; i++) {
        const struct store_feed *feed = self->dirty_feeds[i];
        store_put_u64(value, feed->cursor + !RULE(cursor_with_records));
        disk_batch_put(batch, DISK_FEEDS, feed_row_key(feed, key), (struct span){value, sizeof value});
    }
}

static void await_cursors(struct store *self)
{
    for (uint32_t i = 0; i < self->dirty_feeds_count; i++) {
        struct store_feed *feed = self->dirty_feeds[i];
        feed->dirty = false;
        feed->pending++;
        self->pending = grow(self->pending, self->pending_count, &self->pending_capacity, sizeof *self->pending);
        self->pending[self->pending_count++] = (struct pending_cursor){self->last_batch, feed, feed->cursor};
    }
    self->dirty_feeds_count = 0;
}

// Moves `stored` on as far as the disk has written.
static void settle_cursors(struct store *self)
{
    if (self->pending_first == self->pending_count)
        return;
    // A disk that has stopped writes no more: what it has not written will never be. Its state is asked first, so that
    // what was written before it stopped is seen.
    bool is_over = self->disk->type->state(self->disk) != DISK_OK;
    uint64_t written = disk_written(self->disk);
    while (self->pending_first < self->pending_count) {
        struct pending_cursor *first = &self->pending[self->pending_first];
        if (first->batch > written && !is_over)
            break;
        if (first->batch <= written)
            first->feed->stored = first->cursor;
        first->feed->pending--;
        self->pending_first++;
    }
    // The queue moves to the front when half of it is behind, so that it stays as large as what is under way.
    if (self->pending_first > self->pending_count / 2) {
        self->pending_count -= self->pending_first;
        memmove(self->pending, self->pending + self->pending_first, self->pending_count * sizeof *self->pending);
        self->pending_first = 0;
    }
}

uint64_t store_flush(struct store *self)
{
    check(self->disk != NULL);
    settle_cursors(self);
    if (self->batch == NULL && self->dirty_count == 0 && self->dirty_feeds_count == 0)
        return self->last_batch;
    struct disk_batch *batch = store_batch(self);
    self->batch = NULL;
    put_records(self, batch);
    put_cursors(self, batch);
    if (disk_batch_is_empty(batch)) {  // put and purged in one turn leaves a delete, so this is a turn of nothing
        disk_batch_free(batch);
        return self->last_batch;
    }
    self->last_batch = disk_write(self->disk, batch);
    await_cursors(self);
    return self->last_batch;
}

uint64_t store_stored(struct store *self, const char *owner, uint64_t boot)
{
    if (self->disk != NULL)
        settle_cursors(self);
    const struct store_feed *feed = store_find_feed(self, owner, boot);
    if (feed != NULL && !RULE(wait_for_disk))
        return feed->cursor;
    return feed != NULL ? feed->stored : 0;
}

// ---- reading

struct reading {
    struct store *store;
    struct arena arena;
    struct problem *problem;
    bool failed;
};

// The first bad row is enough: the store is then not read further.
static void fail(struct reading *reading, const char *table, struct span key, const char *what)
{
    char text[2 * DISK_KEY_MAX_BYTES + 1];
    size_t length = 0;
    const uint8_t *bytes = key.data;
    for (size_t i = 0; i < key.bytes && i < 160; i++) {
        bool plain = bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '\\';
        length += (size_t)snprintf(text + length, sizeof text - length, plain ? "%c" : "\\%02x", bytes[i]);
    }
    text[length] = '\0';
    problem_set(reading->problem, "bad row \"%s\" in table %s of the store: %s", text, table, what);
    reading->failed = true;
}

static bool is_key(struct span key, struct span other)
{
    return key.bytes == other.bytes && memcmp(key.data, other.data, key.bytes) == 0;
}

static void read_meta(void *context, struct span key, struct span value)
{
    struct reading *reading = context;
    struct store *self = reading->store;
    uint64_t *to = is_key(key, horizon_key)      ? &self->horizon_ms
                   : is_key(key, kept_since_key) ? &self->kept_since_ms
                   : is_key(key, restored_key)   ? &self->restored_ms
                                                 : NULL;
    if (reading->failed)
        return;
    if (is_key(key, restoring_key))
        fail(reading, "meta", key,
             "it was being restored from a backup, and was not finished: empty it, and restore anew");
    else if (to != NULL && value.bytes != 8)
        fail(reading, "meta", key, "a time has 8 bytes");
    else if (to != NULL)
        *to = store_get_u64(value.data);
}

// A store of a program that did not write it down yet is as old as can be.
static void settle_age(struct store *self)
{
    bool is_new = self->records == 0 && HASH_COUNT(self->feeds) == 1;
    if (self->kept_since_ms != 0 || self->wall_ms == 0)
        return;
    self->kept_since_ms = is_new ? self->wall_ms : 1;
    put_meta(self, kept_since_key, self->kept_since_ms);
}

static void read_feed(void *context, struct span key, struct span value)
{
    struct reading *reading = context;
    struct store *self = reading->store;
    if (reading->failed)
        return;
    const char *owner = key.data;
    size_t owner_bytes = key.bytes > 9 ? key.bytes - 9 : 0;
    if (owner_bytes == 0 || memchr(owner, '\0', key.bytes) != owner + owner_bytes ||
        !text_is_name(owner, NAME_MAX_BYTES) || value.bytes != 8) {
        fail(reading, "feeds", key, "not an owner, a boot and a cursor");
        return;
    }
    struct store_feed *feed = store_need_feed(self, owner, store_get_u64((const uint8_t *)owner + owner_bytes + 1));
    if (feed == NULL)
        fail(reading, "feeds", key, "more feeds or owners than there may be");
    else if (feed == self->own)
        fail(reading, "feeds", key, "this node has run in this boot before, and a boot is never used again");
    else
        feed->cursor = feed->stored = store_get_u64(value.data);
}

static void read_record(void *context, struct span key, struct span value)
{
    struct reading *reading = context;
    struct store *self = reading->store;
    if (reading->failed)
        return;
    struct record record;
    if (!record_unpack(value, &reading->arena, &record)) {
        fail(reading, "records", key, "not a record, or out of range");
        return;
    }
    uint8_t own_key[STORE_KEY_MAX_BYTES];
    struct span expected = store_key(record.kind, record.id, own_key);
    if (expected.bytes != key.bytes || memcmp(expected.data, key.data, key.bytes) != 0) {
        fail(reading, "records", key, "holds a record of another name");
        return;
    }
    struct entry *entry;
    switch (store_settle(self, &record, &entry)) {
    case STORE_TAKEN:
        break;
    case STORE_PURGED:  // by a horizon that has other kinds now
        disk_batch_delete(store_batch(self), DISK_RECORDS, key);
        break;
    case STORE_OLDER:
    case STORE_REFUSED:
        fail(reading, "records", key,
             self->records >= self->records_max ? "more records than there may be" : "more feeds than there may be");
        break;
    }
}

bool store_open(struct store *self, struct disk *disk, struct problem *ret_problem)
{
    check(self->disk == NULL && self->records == 0 && self->own->cursor == 0);
    self->disk = disk;
    self->reading = true;
    struct reading reading = {.store = self, .problem = ret_problem};
    const struct disk_type *type = disk->type;
    bool loaded = type->load(disk, DISK_META, read_meta, &reading, ret_problem) && !reading.failed &&
                  type->load(disk, DISK_FEEDS, read_feed, &reading, ret_problem) && !reading.failed &&
                  type->load(disk, DISK_RECORDS, read_record, &reading, ret_problem) && !reading.failed;
    arena_close(&reading.arena);
    for (struct store_feed *feed = self->feeds; feed != NULL; feed = feed->hh.next)
        feed_index_sort(&feed->index);
    self->reading = false;
    if (loaded)
        settle_age(self);
    return loaded;
}
