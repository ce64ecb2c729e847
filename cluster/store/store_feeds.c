#include "cluster/store/store_inside.h"

#include <stdlib.h>
#include <string.h>

// ---- owners and feeds

static const char *find_owner(const struct store *self, const char *name)
{
    struct store_owner *owner;
    HASH_FIND_STR(self->owners, name, owner);
    return owner != NULL ? owner->name : NULL;
}

static const char *need_owner(struct store *self, const char *name)
{
    const char *known = find_owner(self, name);
    if (known != NULL || HASH_COUNT(self->owners) >= STORE_OWNERS_MAX)
        return known;
    size_t bytes = strlen(name);
    struct store_owner *owner = check_alloc(sizeof *owner + bytes + 1);
    memcpy(owner->name, name, bytes + 1);
    HASH_ADD_KEYPTR(hh, self->owners, owner->name, bytes, owner);
    return owner->name;
}

static struct store_feed *find_by_key(const struct store *self, struct feed_key key)
{
    struct store_feed *feed;
    HASH_FIND(hh, self->feeds, &key, sizeof key, feed);
    return feed;
}

struct store_feed *store_find_feed(const struct store *self, const char *owner, uint64_t boot)
{
    struct feed_key key = {find_owner(self, owner), boot};
    return key.owner != NULL ? find_by_key(self, key) : NULL;
}

static void free_feed(struct store *self, struct store_feed *feed)
{
    HASH_DELETE(hh, self->feeds, feed);
    feed_index_close(&feed->index);
    free(feed);
}

// At the bound, the feed that holds nothing and was known longest goes: every start of a node makes one, for ever.
static bool make_room(struct store *self)
{
    if (HASH_COUNT(self->feeds) < STORE_FEEDS_MAX)
        return true;
    for (struct store_feed *feed = self->feeds; feed != NULL; feed = feed->hh.next) {
        if (feed == self->own || feed->dirty || feed->pending > 0 || feed_index_records(&feed->index) > 0)
            continue;
        store_forget_feed(self, feed);
        free_feed(self, feed);
        return true;
    }
    return false;
}

struct store_feed *store_need_feed(struct store *self, const char *owner, uint64_t boot)
{
    struct feed_key key = {need_owner(self, owner), boot};
    if (key.owner == NULL)
        return NULL;
    struct store_feed *feed = find_by_key(self, key);
    if (feed != NULL || !make_room(self))
        return feed;
    feed = check_alloc(sizeof *feed);
    feed->key = key;
    HASH_ADD(hh, self->feeds, key, sizeof feed->key, feed);
    return feed;
}

void store_free_feeds(struct store *self)
{
    struct store_feed *feed, *next_feed;
    HASH_ITER(hh, self->feeds, feed, next_feed)
    free_feed(self, feed);
    struct store_owner *owner, *next_owner;
    HASH_ITER(hh, self->owners, owner, next_owner)
    {
        HASH_DELETE(hh, self->owners, owner);
        free(owner);
    }
}

uint64_t store_feeds_bytes(const struct store *self)
{
    uint64_t bytes = 0;
    for (struct store_feed *feed = self->feeds; feed != NULL; feed = feed->hh.next)
        bytes += sizeof *feed + feed->index.capacity * sizeof *feed->index.places;
    for (struct store_owner *owner = self->owners; owner != NULL; owner = owner->hh.next)
        bytes += sizeof *owner + owner->hh.keylen + 1;
    if (self->feeds != NULL)
        bytes += HASH_OVERHEAD(hh, self->feeds) - HASH_COUNT(self->feeds) * sizeof(UT_hash_handle);
    return bytes;
}

// ---- cursors

uint64_t store_last_seq(const struct store *self)
{
    return self->own->cursor;
}

uint64_t store_cursor(const struct store *self, const char *owner, uint64_t boot)
{
    const struct store_feed *feed = store_find_feed(self, owner, boot);
    return feed != NULL ? feed->cursor : 0;
}

void store_advance_cursor(struct store *self, const char *owner, uint64_t boot, uint64_t cursor)
{
    if (!text_is_name(owner, NAME_MAX_BYTES)) {
        self->refused++;
        return;
    }
    struct store_feed *feed = store_need_feed(self, owner, boot);
    if (feed == NULL) {
        self->refused++;
        return;
    }
    if (feed != self->own && cursor > feed->cursor)
        store_move_cursor(self, feed, cursor);
}

uint32_t store_feeds(const struct store *self, struct feed_info *ret_feeds, uint32_t room)
{
    uint32_t count = 0;
    for (const struct store_feed *feed = self->feeds; feed != NULL; feed = feed->hh.next) {
        if (count < room)
            ret_feeds[count] = (struct feed_info){
                .owner = feed->key.owner,
                .boot = feed->key.boot,
                .cursor = feed->cursor,
                .records = feed_index_records(&feed->index),
            };
        count++;
    }
    return count;
}

uint64_t store_scan(const struct store *self, const char *owner, uint64_t boot, uint64_t after, uint64_t upto,
                    store_scan_visit *visit, void *context)
{
    const struct store_feed *feed = store_find_feed(self, owner, boot);
    if (feed == NULL)
        return upto;
    const struct feed_index *index = &feed->index;
    for (uint32_t at = feed_index_after(index, after); at < index->count; at++) {
        const struct feed_place *place = &index->places[at];
        if (place->seq > upto)
            break;
        if (place->entry != NULL && !visit(context, &place->entry->record))
            return place->seq - 1;
    }
    return upto;
}
