#include "cluster/store/store.h"

#include "cluster/store/record_codec.h"
#include "cluster/store/store_hash.h"
#include "cluster/store/store_inside.h"

#include <stdlib.h>
#include <string.h>

int version_compare(const struct version *a, const struct version *b)
{
    if (a->attach != b->attach)
        return a->attach < b->attach ? -1 : 1;
    int order = a->owner == b->owner ? 0 : strcmp(a->owner, b->owner);
    if (order != 0)
        return order;
    if (a->boot != b->boot)
        return a->boot < b->boot ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

// ---- where a record is

struct where {
    uint32_t bucket;
    unsigned hash;  // within its shelf
};

struct span store_key(uint8_t kind, const char *id, uint8_t to[STORE_KEY_MAX_BYTES])
{
    size_t bytes = strlen(id);
    check(bytes <= CALL_ID_MAX_BYTES);
    to[0] = kind;
    memcpy(to + 1, id, bytes);
    return (struct span){to, 1 + bytes};
}

static struct where where_is(uint8_t kind, const char *id)
{
    uint8_t key[STORE_KEY_MAX_BYTES];
    uint64_t hash = store_hash_bytes(store_key(kind, id, key));
    return (struct where){(uint32_t)(hash % STORE_BUCKETS), (unsigned)(hash >> 32)};
}

static struct entry *find_entry(const struct store *self, uint8_t kind, const char *id, struct where where)
{
    if (self->kinds[kind] == NULL)
        return NULL;
    struct entry *entry;
    HASH_FIND_BYHASHVALUE(hh, self->kinds[kind]->shelves[where.bucket].entries, id, strlen(id), where.hash, entry);
    return entry;
}

const struct record *store_find(const struct store *self, uint8_t kind, const char *id)
{
    if (strnlen(id, CALL_ID_MAX_BYTES + 1) > CALL_ID_MAX_BYTES)
        return NULL;
    struct entry *entry = find_entry(self, kind, id, where_is(kind, id));
    return entry != NULL ? &entry->record : NULL;
}

static void each_on_shelf(const struct shelf *shelf, store_visit *visit, void *context)
{
    for (struct entry *entry = shelf->entries; entry != NULL; entry = entry->hh.next)
        visit(context, &entry->record);
}

void store_each(const struct store *self, uint8_t kind, store_visit *visit, void *context)
{
    if (self->kinds[kind] == NULL)
        return;
    for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++)
        each_on_shelf(&self->kinds[kind]->shelves[bucket], visit, context);
}

static bool is_restless(const struct store *self, int kind)
{
    return kind < 64 && (self->restless_kind_mask >> kind & 1) != 0;
}

void store_bucket_each(const struct store *self, uint32_t bucket, store_visit *visit, void *context)
{
    check(bucket < STORE_BUCKETS);
    for (int kind = 0; kind < STORE_KINDS; kind++)
        if (self->kinds[kind] != NULL && !is_restless(self, kind))
            each_on_shelf(&self->kinds[kind]->shelves[bucket], visit, context);
}

// From the one named on; where it has gone, its shelf is begun anew.
static bool walk_shelf(const struct shelf *shelf, const struct entry *after, store_scan_visit *visit, void *context)
{
    const struct entry *entry = after != NULL ? after->hh.next : shelf->entries;
    for (; entry != NULL; entry = entry->hh.next)
        if (!visit(context, &entry->record))
            return false;
    return true;
}

bool store_walk(const struct store *self, uint8_t from_kind, const char *id, store_scan_visit *visit, void *context)
{
    struct where from = {0};
    const struct entry *after = NULL;
    if (from_kind != 0) {
        from = where_is(from_kind, id);
        after = find_entry(self, from_kind, id, from);
    }
    for (int kind = from_kind; kind < STORE_KINDS; kind++) {
        uint32_t bucket = kind == from_kind ? from.bucket : 0;
        for (; self->kinds[kind] != NULL && bucket < STORE_BUCKETS; bucket++) {
            if (!walk_shelf(&self->kinds[kind]->shelves[bucket], after, visit, context))
                return false;
            after = NULL;
        }
    }
    return true;
}

uint64_t store_digest(const struct store *self)
{
    uint64_t sum = 0;
    for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++)
        sum += self->buckets[bucket];
    return sum;
}

void store_buckets(const struct store *self, uint64_t ret_buckets[STORE_BUCKETS])
{
    memcpy(ret_buckets, self->buckets, sizeof self->buckets);
}

// ---- memory

static uint64_t heap_bytes(uint64_t bytes)  // what the allocator takes for so many
{
    uint64_t taken = (bytes + 8 + 15) / 16 * 16;
    return bytes == 0 ? 0 : taken < 32 ? 32 : taken;
}

static uint64_t entry_bytes(const struct entry *entry)
{
    return heap_bytes(sizeof *entry + entry->hh.keylen + 1) + heap_bytes(entry->record.body.bytes);
}

static uint64_t tables_bytes(const struct store *self)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        if (self->kinds[kind] == NULL)
            continue;
        bytes += heap_bytes(sizeof *self->kinds[kind]);
        for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++) {
            const struct entry *head = self->kinds[kind]->shelves[bucket].entries;
            if (head != NULL)
                bytes += heap_bytes(sizeof *head->hh.tbl) +
                         heap_bytes((uint64_t)head->hh.tbl->num_buckets * sizeof *head->hh.tbl->buckets);
        }
    }
    return bytes;
}

struct store_counts store_counts(const struct store *self)
{
    return (struct store_counts){
        .records = self->records,
        .in_digest = self->records - self->restless_records,
        .bytes = sizeof *self + self->record_bytes + tables_bytes(self) + store_feeds_bytes(self) +
                 heap_bytes(self->scratch.capacity) + heap_bytes(self->dirty_capacity * sizeof *self->dirty) +
                 heap_bytes(self->pending_capacity * sizeof *self->pending),
        .feeds = HASH_COUNT(self->feeds),
        .refused = self->refused,
        .clashes = self->clashes,
    };
}

// ---- changes

static struct entry *add_entry(struct store *self, uint8_t kind, const char *id, struct where where)
{
    size_t id_bytes = strlen(id);
    struct entry *entry = check_alloc(sizeof *entry + id_bytes + 1);
    memcpy(entry->id, id, id_bytes + 1);
    entry->record.kind = kind;
    entry->record.id = entry->id;
    if (self->kinds[kind] == NULL) {
        self->kinds[kind] = check_alloc(sizeof *self->kinds[kind]);
        for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++)
            self->kinds[kind]->shelves[bucket].born_min = UINT64_MAX;
    }
    struct entry **head = &self->kinds[kind]->shelves[where.bucket].entries;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, *head, entry->id, id_bytes, where.hash, entry);
    self->records++;
    self->restless_records += is_restless(self, kind);
    self->record_bytes += entry_bytes(entry);
    return entry;
}

// Copies before it frees: the new body may be part of the old one.
static void set_body(struct store *self, struct entry *entry, struct span body)
{
    self->record_bytes -= entry_bytes(entry);
    void *old = (void *)entry->record.body.data, *copy = NULL;
    if (body.bytes > 0) {
        copy = check_alloc(body.bytes);
        memcpy(copy, body.data, body.bytes);
    }
    entry->record.body = (struct span){copy, body.bytes};
    free(old);
    self->record_bytes += entry_bytes(entry);
}

// Takes the entry out of its feed and of the digest.
static void lift(struct store *self, struct entry *entry, uint32_t bucket)
{
    feed_index_remove(&entry->feed->index, entry->record.version.seq, entry);
    store_owner_of(entry->feed)->records--;
    self->buckets[bucket] -= entry->hash;
}

static void lay(struct store *self, struct entry *entry, struct store_feed *feed, uint32_t bucket)
{
    uint64_t seq = entry->record.version.seq;
    entry->feed = feed;
    store_owner_of(feed)->records++;
    if (self->reading)
        feed_index_append(&feed->index, seq, entry);
    else if (feed_index_place(&feed->index, seq, entry) != NULL)
        self->clashes++;  // two records at one seq
    entry->hash = is_restless(self, entry->record.kind) ? 0 : store_hash_record(&entry->record, &self->scratch);
    self->buckets[bucket] += entry->hash;
    struct shelf *shelf = &self->kinds[entry->record.kind]->shelves[bucket];
    if (entry->record.born_ms < shelf->born_min)
        shelf->born_min = entry->record.born_ms;
}

static bool is_before_horizon(const struct store *self, uint8_t kind, uint64_t born_ms)
{
    return kind < 64 && (self->horizon_kind_mask >> kind & 1) != 0 && born_ms < self->horizon_ms;
}

static enum store_taken refuse(struct store *self)
{
    self->refused++;
    return STORE_REFUSED;
}

static bool is_same(const struct record *a, const struct record *b)
{
    return a->born_ms == b->born_ms && a->body.bytes == b->body.bytes &&
           (a->body.bytes == 0 || memcmp(a->body.data, b->body.data, a->body.bytes) == 0);
}

enum store_taken store_settle(struct store *self, const struct record *record, struct entry **ret_entry)
{
    *ret_entry = NULL;
    if (!record_is_valid(record))
        return refuse(self);
    struct where where = where_is(record->kind, record->id);
    struct entry *entry = *ret_entry = find_entry(self, record->kind, record->id, where);
    if (is_before_horizon(self, record->kind, record->born_ms))
        return STORE_PURGED;
    if (entry != NULL) {
        int order = version_compare(&record->version, &entry->record.version);
        if (order == 0 && !is_same(record, &entry->record))
            self->clashes++;
        if (order <= 0)
            return STORE_OLDER;
    } else if (self->records >= self->records_max) {
        return refuse(self);
    }
    struct version version = record->version;
    struct store_feed *feed = store_need_feed(self, version.owner, version.boot);
    bool comes_anew = feed != NULL && (entry == NULL || entry->feed->key.owner != feed->key.owner);
    if (feed == NULL || (comes_anew && store_owner_of(feed)->records >= self->owner_records_max))
        return refuse(self);
    version.owner = feed->key.owner;
    if (entry != NULL)
        lift(self, entry, where.bucket);
    else
        entry = add_entry(self, record->kind, record->id, where);
    set_body(self, entry, record->body);
    entry->record.version = version;
    entry->record.born_ms = record->born_ms;
    lay(self, entry, feed, where.bucket);
    if (!self->reading)
        store_mark_dirty(self, entry);
    *ret_entry = entry;
    return STORE_TAKEN;
}

const struct record *store_put(struct store *self, uint8_t kind, const char *id, uint64_t attach, uint64_t born_ms,
                               struct span body)
{
    struct record record = {
        .kind = kind,
        .id = id,
        .version = {attach, self->own->key.owner, self->boot, self->own->cursor + 1},
        .born_ms = born_ms,
        .body = body,
    };
    struct entry *entry;
    enum store_taken taken = store_settle(self, &record, &entry);
    if (taken != STORE_TAKEN) {
        self->refused += taken != STORE_REFUSED;
        return NULL;
    }
    store_move_cursor(self, self->own, record.version.seq);
    return &entry->record;
}

enum store_taken store_take(struct store *self, const struct record *foreign, const struct record **ret_record)
{
    struct entry *entry = NULL;
    // What this node would have said in this boot, but did not: someone else speaks in its name.
    bool is_forged = foreign->version.boot == self->boot && foreign->version.seq > self->own->cursor &&
                     strcmp(foreign->version.owner, self->node) == 0;
    enum store_taken taken = is_forged ? refuse(self) : store_settle(self, foreign, &entry);
    if (ret_record != NULL)
        *ret_record = entry != NULL ? &entry->record : NULL;
    return taken;
}

static void free_entry(struct store *self, struct entry *entry)
{
    self->records--;
    self->restless_records -= is_restless(self, entry->record.kind);
    self->record_bytes -= entry_bytes(entry);
    free((void *)entry->record.body.data);
    free(entry);
}

static uint64_t purge_shelf(struct store *self, struct shelf *shelf, uint32_t bucket, store_visit *removed,
                            void *context)
{
    uint64_t purged = 0, born_min = UINT64_MAX;
    struct entry *entry, *next;
    HASH_ITER(hh, shelf->entries, entry, next)
    {
        if (entry->record.born_ms >= self->horizon_ms) {
            born_min = entry->record.born_ms < born_min ? entry->record.born_ms : born_min;
            continue;
        }
        if (removed != NULL)
            removed(context, &entry->record);
        lift(self, entry, bucket);
        store_mark_purged(self, entry);
        HASH_DELETE(hh, shelf->entries, entry);
        free_entry(self, entry);
        purged++;
    }
    shelf->born_min = born_min;
    return purged;
}

uint64_t store_set_horizon(struct store *self, uint64_t horizon_ms, store_visit *removed, void *context)
{
    if (horizon_ms <= self->horizon_ms)
        return 0;
    self->horizon_ms = horizon_ms;
    store_mark_horizon(self);
    uint64_t purged = 0;
    for (int kind = 0; kind < 64; kind++) {
        if (self->kinds[kind] == NULL || (self->horizon_kind_mask >> kind & 1) == 0)
            continue;
        for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++) {
            struct shelf *shelf = &self->kinds[kind]->shelves[bucket];
            if (shelf->born_min < horizon_ms)
                purged += purge_shelf(self, shelf, bucket, removed, context);
        }
    }
    return purged;
}

// ---- life

struct store *store_create(const struct store_options *options)
{
    check(text_is_name(options->node, NAME_MAX_BYTES));
    struct store *self = check_alloc(sizeof *self);
    text_copy(self->node, sizeof self->node, options->node);
    self->boot = options->boot;
    self->records_max = options->records_max;
    self->owner_records_max = options->owner_records_max != 0 ? options->owner_records_max : options->records_max;
    self->horizon_kind_mask = options->horizon_kind_mask;
    self->wall_ms = options->wall_ms;
    self->restless_kind_mask = options->restless_kind_mask;
    self->own = store_need_feed(self, self->node, self->boot);
    return self;
}

void store_free(struct store *self)
{
    if (self == NULL)
        return;
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        for (uint32_t bucket = 0; self->kinds[kind] != NULL && bucket < STORE_BUCKETS; bucket++) {
            struct shelf *shelf = &self->kinds[kind]->shelves[bucket];
            struct entry *entry, *next;
            HASH_ITER(hh, shelf->entries, entry, next)
            {
                HASH_DELETE(hh, shelf->entries, entry);
                free_entry(self, entry);
            }
        }
        free(self->kinds[kind]);
    }
    store_free_feeds(self);
    disk_batch_free(self->batch);
    bytes_close(&self->scratch);
    free(self->dirty);
    free(self->dirty_feeds);
    free(self->pending);
    free(self);
}
