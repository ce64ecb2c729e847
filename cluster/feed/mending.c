// What two nodes exchange where their digests differ: the teller lists a bucket; the other sends what it has newer or
// the teller lacks, and wants what is newer there. What a feed between them is about to bring is left to it.
#include "cluster/feed/feed_inside.h"
#include "cluster/store/record_codec.h"

#include <stdlib.h>
#include <string.h>

// ---- is it on its way?

static bool comes_here(const struct feed *self, uint32_t peer, const struct version *version)
{
    const struct lane *lane = lane_find(self, version->owner, version->boot);
    if (lane == NULL || lane_cursor(self, lane) >= version->seq)
        return false;
    return lane_told(lane, peer) >= version->seq || peers_owner_up(self->peers, lane->owner, lane->boot);
}

static bool goes_there(const struct feed *self, uint32_t peer, const struct version *version)
{
    const struct lane *lane = lane_find(self, version->owner, version->boot);
    return lane != NULL && lane_told(lane, peer) < version->seq && version->seq <= lane_cursor(self, lane);
}

// ---- telling a bucket

struct entries {  // one message
    Peer__BucketEntry entries[DIGEST_PART_ENTRIES];
    Rec__Version versions[DIGEST_PART_ENTRIES];
    Peer__BucketEntry *pointers[DIGEST_PART_ENTRIES];
    uint32_t count;
};

static void add_entry(struct entries *to, uint8_t kind, const char *id, const struct version *from)
{
    Peer__BucketEntry *entry = &to->entries[to->count];
    Rec__Version *version = &to->versions[to->count];
    peer__bucket_entry__init(entry);
    rec__version__init(version);
    version->attach = from->attach;
    version->owner = (char *)from->owner;
    version->boot = from->boot;
    version->seq = from->seq;
    entry->kind = (Rec__Kind)kind;
    entry->id = (char *)id;
    entry->version = version;
    to->pointers[to->count++] = entry;
}

struct telling {
    struct feed *feed;
    uint32_t peer, bucket, part;
    struct entries entries;
};

static void send_part(struct telling *telling, bool last)
{
    Peer__BucketTell tell = PEER__BUCKET_TELL__INIT;
    tell.bucket = telling->bucket;
    tell.entries = telling->entries.pointers;
    tell.n_entries = telling->entries.count;
    tell.part = telling->part++;
    tell.last = last;
    feed_send(telling->feed, telling->peer, PEER__ENVELOPE__BODY_BUCKET_TELL, &tell);
    telling->entries.count = 0;
}

static void tell_record(void *context, const struct record *record)
{
    struct telling *telling = context;
    if (telling->entries.count == DIGEST_PART_ENTRIES)
        send_part(telling, false);
    add_entry(&telling->entries, record->kind, record->id, &record->version);
}

static void expect(struct feed *self, uint32_t peer)
{
    self->remotes[peer].mends_until_us = self->now_us + (uint64_t)DIGEST_MEND_MS * 1000;
}

void mending_tell(struct feed *self, uint32_t peer, uint32_t bucket)
{
    expect(self, peer);
    struct telling *telling = check_alloc(sizeof *telling);
    *telling = (struct telling){.feed = self, .peer = peer, .bucket = bucket};
    store_bucket_each(self->store, bucket, tell_record, telling);
    send_part(telling, true);
    free(telling);
}

// ---- mending

static void send_mend(struct feed *self, uint32_t peer)
{
    if (self->list.count == 0)
        return;
    Peer__Mend mend = PEER__MEND__INIT;
    mend.records = self->list.pointers;
    mend.n_records = self->list.count;
    feed_send(self, peer, PEER__ENVELOPE__BODY_MEND, &mend);
    self->counts.records_out += self->list.count;
    record_list_clear(&self->list, FEED_CHUNK_BYTES);
}

// Beyond a round's bound the next round goes on.
static void mend(struct feed *self, uint32_t peer, const struct record *record)
{
    struct remote *remote = &self->remotes[peer];
    size_t bytes = records_bytes(record);
    if (bytes > remote->mend_room)
        return;
    remote->mend_room -= bytes;
    if (record_list_add(&self->list, record))
        return;
    send_mend(self, peer);
    record_list_add(&self->list, record);
}

static void send_want(struct feed *self, uint32_t peer, struct entries *entries)
{
    if (entries->count == 0)
        return;
    Peer__BucketWant want = PEER__BUCKET_WANT__INIT;
    want.entries = entries->pointers;
    want.n_entries = entries->count;
    expect(self, peer);
    feed_send(self, peer, PEER__ENVELOPE__BODY_BUCKET_WANT, &want);
    entries->count = 0;
}

// Records of anybody: taken only from whom this node exchanges a bucket with.
void mending_take(struct feed *self, uint32_t peer, const Peer__Mend *mend)
{
    if (self->now_us <= self->remotes[peer].mends_until_us)
        records_take(self, mend->records, mend->n_records, NULL);
    else
        self->counts.foreign += mend->n_records;
}

// FNV-1a. Two ids that hash alike would hide one another, so every node adds what only it knows: its boot.
static uint64_t hash_id(const struct feed *self, uint8_t kind, const char *id)
{
    uint64_t hash = 0xcbf29ce484222325u ^ self->own->boot ^ kind;
    for (; *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * 0x100000001b3u;
    return hash;
}

static bool is_entry(const Peer__BucketEntry *entry)
{
    return (int)entry->kind >= 1 && (int)entry->kind <= UINT8_MAX && entry->version != NULL &&
           text_is_name(entry->version->owner, NAME_MAX_BYTES) &&
           strnlen(entry->id, CALL_ID_MAX_BYTES + 1) <= CALL_ID_MAX_BYTES;
}

static struct version version_of(const Peer__BucketEntry *entry)
{
    return (struct version){entry->version->attach, entry->version->owner, entry->version->boot, entry->version->seq};
}

static void see(struct feed *self, struct remote *remote, const Peer__BucketEntry *entry)
{
    if (remote->seen_count == DIGEST_SEEN_MAX) {
        remote->collecting = false;
        return;
    }
    if (remote->seen_count == remote->seen_capacity) {
        remote->seen_capacity = remote->seen_capacity ? remote->seen_capacity * 2 : 256;
        remote->seen = check_realloc(remote->seen, remote->seen_capacity * sizeof *remote->seen);
    }
    remote->seen[remote->seen_count++] = hash_id(self, (uint8_t)entry->kind, entry->id);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct lacking {
    struct feed *feed;
    uint32_t peer;
};

static void mend_lacking(void *context, const struct record *record)
{
    const struct lacking *lacking = context;
    const struct remote *remote = &lacking->feed->remotes[lacking->peer];
    uint64_t hash = hash_id(lacking->feed, record->kind, record->id);
    bool is_there =
        remote->seen_count > 0 && bsearch(&hash, remote->seen, remote->seen_count, sizeof hash, by_value) != NULL;
    if (!is_there && !goes_there(lacking->feed, lacking->peer, &record->version))
        mend(lacking->feed, lacking->peer, record);
}

// What the teller lacks is known only when all parts of its bucket are here.
static void collect(struct feed *self, struct remote *remote, const Peer__BucketTell *tell)
{
    if (tell->part == 0) {
        remote->collecting = true;
        remote->bucket = tell->bucket;
        remote->next_part = 0;
        remote->seen_count = 0;
    }
    if (tell->bucket != remote->bucket || tell->part != remote->next_part)
        remote->collecting = false;
    remote->next_part++;
    for (size_t i = 0; i < tell->n_entries && remote->collecting; i++)
        if (is_entry(tell->entries[i]))
            see(self, remote, tell->entries[i]);
}

void mending_receive(struct feed *self, uint32_t peer, const Peer__BucketTell *tell)
{
    struct remote *remote = &self->remotes[peer];
    if (tell->bucket >= STORE_BUCKETS) {
        self->counts.malformed++;
        return;
    }
    if (!remote->linked)
        return;
    collect(self, remote, tell);
    struct entries *want = check_alloc(sizeof *want);
    record_list_clear(&self->list, FEED_CHUNK_BYTES);
    for (size_t i = 0; i < tell->n_entries; i++) {
        if (!is_entry(tell->entries[i])) {
            self->counts.malformed++;
            continue;
        }
        struct version there = version_of(tell->entries[i]);
        const struct record *here = store_find(self->store, (uint8_t)tell->entries[i]->kind, tell->entries[i]->id);
        int order = here == NULL ? 1 : version_compare(&there, &here->version);
        if (order > 0 && !comes_here(self, peer, &there)) {
            if (want->count == DIGEST_PART_ENTRIES)
                send_want(self, peer, want);
            add_entry(want, (uint8_t)tell->entries[i]->kind, tell->entries[i]->id, &there);
        } else if (order < 0 && !goes_there(self, peer, &here->version)) {
            mend(self, peer, here);
        }
    }
    if (tell->last && remote->collecting) {
        remote->collecting = false;
        if (remote->seen_count > 1)
            qsort(remote->seen, remote->seen_count, sizeof *remote->seen, by_value);
        struct lacking lacking = {self, peer};
        store_bucket_each(self->store, tell->bucket, mend_lacking, &lacking);
    }
    send_mend(self, peer);
    send_want(self, peer, want);
    free(want);
}

void mending_wanted(struct feed *self, uint32_t peer, const Peer__BucketWant *want)
{
    if (!self->remotes[peer].linked)
        return;
    record_list_clear(&self->list, FEED_CHUNK_BYTES);
    for (size_t i = 0; i < want->n_entries; i++) {
        if (!is_entry(want->entries[i])) {
            self->counts.malformed++;
            continue;
        }
        const struct record *here = store_find(self->store, (uint8_t)want->entries[i]->kind, want->entries[i]->id);
        if (here != NULL)
            mend(self, peer, here);
    }
    send_mend(self, peer);
}
