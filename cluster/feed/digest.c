// Digests: for truth. Two nodes compare bucket sums; a bucket that differs twice with the same two sums is not in
// motion, and its records are exchanged.
#include "cluster/feed/feed_private.h"

#include "cluster/store/record_codec.h"

#include <stdlib.h>
#include <string.h>

#define STABLE_MS 300
#define COMPARE_AGAIN_MS 1000
#define BUCKETS_A_ROUND 8
#define BUCKET_ENTRIES_MAX 6000  // in one message

void digest_tell(struct feed *self, uint32_t peer)
{
    uint64_t buckets[STORE_BUCKETS];
    store_buckets(self->store, buckets);
    Peer__DigestTell tell = PEER__DIGEST_TELL__INIT;
    tell.buckets = buckets;
    tell.n_buckets = STORE_BUCKETS;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_DIGEST_TELL;
    envelope.digest_tell = &tell;
    peers_send(self->peers, peer, &envelope);
}

static void ask_again(struct feed *self, uint32_t peer)
{
    Peer__DigestTell tell = PEER__DIGEST_TELL__INIT;
    tell.answer = true;  // without sums: please tell again
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_DIGEST_TELL;
    envelope.digest_tell = &tell;
    peers_send(self->peers, peer, &envelope);
}

// ---- the bucket's contents

struct entries {
    Peer__BucketEntry *messages, **pointers;
    Rec__Version *versions;
    size_t count;
};

static void open_entries(struct entries *entries)
{
    entries->messages = check_alloc(BUCKET_ENTRIES_MAX * sizeof *entries->messages);
    entries->pointers = check_alloc(BUCKET_ENTRIES_MAX * sizeof *entries->pointers);
    entries->versions = check_alloc(BUCKET_ENTRIES_MAX * sizeof *entries->versions);
    entries->count = 0;
}

static void close_entries(struct entries *entries)
{
    free(entries->messages);
    free(entries->pointers);
    free(entries->versions);
}

static void add_entry(void *context, const struct record *record)
{
    struct entries *entries = context;
    if (entries->count == BUCKET_ENTRIES_MAX)
        return;
    Peer__BucketEntry *entry = entries->pointers[entries->count] = &entries->messages[entries->count];
    Rec__Version *version = &entries->versions[entries->count++];
    peer__bucket_entry__init(entry);
    rec__version__init(version);
    version->attach = record->version.attach;
    version->owner = (char *)record->version.owner;
    version->boot = record->version.boot;
    version->seq = record->version.seq;
    entry->kind = (Rec__Kind)record->kind;
    entry->id = (char *)record->id;
    entry->version = version;
}

static void send_bucket(struct feed *self, uint32_t peer, uint32_t bucket)
{
    struct entries entries;
    open_entries(&entries);
    store_bucket_each(self->store, bucket, add_entry, &entries);
    Peer__BucketTell tell = PEER__BUCKET_TELL__INIT;
    tell.bucket = bucket;
    tell.entries = entries.pointers;
    tell.n_entries = entries.count;
    tell.last = entries.count < BUCKET_ENTRIES_MAX;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_BUCKET_TELL;
    envelope.bucket_tell = &tell;
    peers_send(self->peers, peer, &envelope);
    close_entries(&entries);
}

void digest_told(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell)
{
    struct meeting *meeting = &self->meetings[peer];
    if (tell->answer) {
        digest_tell(self, peer);
        return;
    }
    if (tell->n_buckets != STORE_BUCKETS)
        return;
    uint64_t ours[STORE_BUCKETS];
    store_buckets(self->store, ours);
    bool settled = meeting->compared_us != 0 && now.mono_us - meeting->compared_us >= (uint64_t)STABLE_MS * 1000 &&
                   feed_lag(self, peer) == 0;
    uint32_t differ = 0, sent = 0;
    for (uint32_t b = 0; b < STORE_BUCKETS; b++) {
        if (tell->buckets[b] == ours[b])
            continue;
        differ++;
        bool still = settled && meeting->ours[b] == ours[b] && meeting->theirs[b] == tell->buckets[b];
        if (still && sent < BUCKETS_A_ROUND) {
            send_bucket(self, peer, b);
            sent++;
        }
    }
    self->counts.digests_differ += sent > 0;
    memcpy(meeting->ours, ours, sizeof ours);
    memcpy(meeting->theirs, tell->buckets, sizeof meeting->theirs);
    meeting->compared_us = now.mono_us;
    meeting->compare_again_us = differ > 0 ? now.mono_us + (uint64_t)COMPARE_AGAIN_MS * 1000 : 0;
}

// ---- mending

static void flush_mend(struct feed *self, uint32_t peer, struct record_list *list)
{
    if (list->count == 0)
        return;
    Peer__Mend mend = PEER__MEND__INIT;
    mend.records = list->pointers;
    mend.n_records = list->count;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_MEND;
    envelope.mend = &mend;
    peers_send(self->peers, peer, &envelope);
    record_list_clear(list);
}

static void mend_with(struct feed *self, uint32_t peer, struct record_list *list, const struct record *record)
{
    record_list_add(list, record);
    if (list->bytes >= FEED_CHUNK_BYTES)
        flush_mend(self, peer, list);
}

static int compare_entry(const Peer__BucketEntry *entry, const struct record *record)
{
    const struct version theirs = {entry->version->attach, entry->version->owner, entry->version->boot,
                                   entry->version->seq};
    return version_compare(&theirs, &record->version);
}

static int by_id(const void *a, const void *b)
{
    const Peer__BucketEntry *x = *(Peer__BucketEntry *const *)a, *y = *(Peer__BucketEntry *const *)b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->id, y->id);
}

struct lacking {
    struct feed *feed;
    uint32_t peer;
    const Peer__BucketTell *tell;
    struct record_list *list;
};

static void mend_if_lacking(void *context, const struct record *record)
{
    struct lacking *lacking = context;
    Peer__BucketEntry entry = PEER__BUCKET_ENTRY__INIT, *key = &entry;
    entry.kind = (Rec__Kind)record->kind;
    entry.id = (char *)record->id;
    if (bsearch(&key, lacking->tell->entries, lacking->tell->n_entries, sizeof key, by_id) == NULL)
        mend_with(lacking->feed, lacking->peer, lacking->list, record);
}

void digest_bucket(struct feed *self, uint32_t peer, const Peer__BucketTell *tell)
{
    if (tell->bucket >= STORE_BUCKETS)
        return;
    struct record_list list = {0};
    Peer__BucketEntry **wanted = check_alloc((tell->n_entries + 1) * sizeof *wanted);
    Peer__BucketWant want = PEER__BUCKET_WANT__INIT;
    want.entries = wanted;
    for (size_t i = 0; i < tell->n_entries; i++) {
        const struct record *here =
            tell->entries[i]->version == NULL
                ? NULL
                : store_find(self->store, (uint8_t)tell->entries[i]->kind, tell->entries[i]->id);
        int order = here == NULL ? 1 : compare_entry(tell->entries[i], here);
        if (order < 0)
            mend_with(self, peer, &list, here);
        else if (order > 0)
            wanted[want.n_entries++] = tell->entries[i];
    }
    if (tell->last) {
        qsort(tell->entries, tell->n_entries, sizeof *tell->entries, by_id);
        struct lacking lacking = {self, peer, tell, &list};
        store_bucket_each(self->store, tell->bucket, mend_if_lacking, &lacking);
    }
    flush_mend(self, peer, &list);
    record_list_close(&list);
    if (want.n_entries > 0) {
        Peer__Envelope envelope = PEER__ENVELOPE__INIT;
        envelope.body_case = PEER__ENVELOPE__BODY_BUCKET_WANT;
        envelope.bucket_want = &want;
        peers_send(self->peers, peer, &envelope);
    }
    free(wanted);
}

void digest_wanted(struct feed *self, uint32_t peer, const Peer__BucketWant *want)
{
    struct record_list list = {0};
    for (size_t i = 0; i < want->n_entries; i++) {
        const struct record *here = store_find(self->store, (uint8_t)want->entries[i]->kind, want->entries[i]->id);
        if (here != NULL)
            mend_with(self, peer, &list, here);
    }
    flush_mend(self, peer, &list);
    record_list_close(&list);
}

// ---- time

void digest_tick(struct feed *self, struct now now)
{
    uint32_t count = peers_count(self->peers);
    for (uint32_t i = 0; i < count; i++) {
        struct meeting *meeting = &self->meetings[i];
        if (meeting->compare_again_us == 0 || now.mono_us < meeting->compare_again_us)
            continue;
        meeting->compare_again_us = 0;
        if (peers_at(self->peers, i)->up)
            ask_again(self, i);
    }
    if (self->next_digest_us == 0)
        self->next_digest_us = now.mono_us + (uint64_t)self->options.digest_every_ms * 1000;
    if (now.mono_us < self->next_digest_us)
        return;
    self->next_digest_us = now.mono_us + (uint64_t)self->options.digest_every_ms * 1000;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t peer = (self->digest_turn + i) % count;
        if (!peers_at(self->peers, peer)->up)
            continue;
        digest_tell(self, peer);
        self->digest_turn = peer + 1;
        return;
    }
}
