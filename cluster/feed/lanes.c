#include "cluster/feed/feed_inside.h"

#include <stdlib.h>
#include <string.h>

// ---- lists

static void grow(struct lane_list *list)
{
    if (list->count < list->capacity)
        return;
    list->capacity = list->capacity ? list->capacity * 2 : 32;
    list->lanes = check_realloc(list->lanes, list->capacity * sizeof *list->lanes);
}

void lane_list_add(struct lane_list *list, struct lane *lane, uint32_t *place)
{
    if (*place != 0)
        return;
    grow(list);
    list->lanes[list->count++] = lane;
    *place = list->count;
}

static void leave_lagging(struct feed *self, struct lane *lane)
{
    if (lane->lagging == 0)
        return;
    struct lane *last = self->lagging.lanes[--self->lagging.count];
    self->lagging.lanes[lane->lagging - 1] = last;
    last->lagging = lane->lagging;
    lane->lagging = 0;
}

// ---- the table

static size_t make_key(uint8_t key[LANE_KEY_MAX_BYTES], const char *owner, uint64_t boot)
{
    size_t bytes = strlen(owner);
    memcpy(key, &boot, sizeof boot);
    memcpy(key + sizeof boot, owner, bytes);
    return sizeof boot + bytes;
}

struct lane *lane_find(const struct feed *self, const char *owner, uint64_t boot)
{
    uint8_t key[LANE_KEY_MAX_BYTES];
    if (strnlen(owner, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
        return NULL;
    size_t bytes = make_key(key, owner, boot);
    struct lane *lane;
    HASH_FIND(hh, self->table, key, bytes, lane);
    return lane;
}

struct lane *lane_need(struct feed *self, const char *owner, uint64_t boot)
{
    struct lane *lane = lane_find(self, owner, boot);
    if (lane != NULL)
        return lane;
    if (boot == 0 || !text_is_name(owner, NAME_MAX_BYTES) || self->lanes.count >= STORE_FEEDS_MAX)
        return NULL;
    lane = check_alloc(sizeof *lane);
    text_copy(lane->owner, sizeof lane->owner, owner);
    lane->boot = boot;
    lane->own = peers_is_self(self->peers, owner, boot);
    lane->cursor = store_cursor(self->store, owner, boot);
    lane->server = lane->former = lane->source = -1;
    size_t bytes = make_key(lane->key, owner, boot);
    HASH_ADD_KEYPTR(hh, self->table, lane->key, bytes, lane);
    grow(&self->lanes);
    self->lanes.lanes[self->lanes.count++] = lane;
    return lane;
}

uint64_t lane_cursor(const struct feed *self, const struct lane *lane)
{
    return lane->own ? store_last_seq(self->store) : lane->cursor;
}

// ---- what others hold

uint64_t lane_told(const struct lane *lane, uint32_t peer)
{
    return peer < lane->told_room ? lane->told[peer] : 0;
}

void lane_forget(struct lane *lane, uint32_t peer)
{
    if (peer < lane->told_room)
        lane->told[peer] = 0;
}

void lane_tell(struct feed *self, struct lane *lane, uint32_t peer, uint64_t cursor)
{
    if (cursor <= lane_told(lane, peer))
        return;
    if (peer >= lane->told_room) {
        uint32_t room = (peer + 8) / 8 * 8;
        lane->told = check_realloc(lane->told, room * sizeof *lane->told);
        memset(lane->told + lane->told_room, 0, (room - lane->told_room) * sizeof *lane->told);
        lane->told_room = room;
    }
    lane->told[peer] = cursor;
    if (lane->lagging == 0 && cursor > lane->cursor)
        lane_judge(self, lane);
}

void lane_judge(struct feed *self, struct lane *lane)
{
    bool lags = false;
    for (uint32_t i = 0; i < lane->told_room && !lane->own && !lags; i++)
        lags = lane->told[i] > lane->cursor && self->remotes[i].up;
    if (!lags) {
        self->seek |= lane->lagging != 0;  // another may be swept now
        leave_lagging(self, lane);
    } else if (lane->lagging == 0) {
        lane_list_add(&self->lagging, lane, &lane->lagging);
        lane->lags_us = self->now_us;
        self->seek = true;
    }
}

void lane_push(struct feed *self, struct lane *lane)
{
    if (lane->readers != NULL)
        lane_list_add(&self->to_push, lane, &lane->to_push);
}

void lane_advance(struct feed *self, struct lane *lane, uint64_t cursor)
{
    if (cursor <= lane->cursor)
        return;
    store_advance_cursor(self->store, lane->owner, lane->boot, cursor);
    lane->cursor = store_cursor(self->store, lane->owner, lane->boot);  // the store may be at a bound
    self->advanced = true;
    lane_list_add(&self->moved, lane, &lane->moved);
    self->tell_now |= !lane->told_ever;
    if (lane->lagging != 0)
        lane_judge(self, lane);
    lane_push(self, lane);
}

// ---- life

void lanes_create(struct feed *self)
{
    uint32_t count = store_feeds(self->store, NULL, 0);
    struct feed_info *feeds = check_alloc(count * sizeof *feeds);
    store_feeds(self->store, feeds, count);
    for (uint32_t i = 0; i < count; i++) {
        struct lane *lane = lane_need(self, feeds[i].owner, feeds[i].boot);
        if (lane != NULL && lane->own)
            self->own = lane;
    }
    free(feeds);
    check(self->own != NULL);
}

static void free_list(struct lane_list *list)
{
    free(list->lanes);
    *list = (struct lane_list){0};
}

void lanes_free(struct feed *self)
{
    HASH_CLEAR(hh, self->table);
    for (uint32_t i = 0; i < self->lanes.count; i++) {
        struct lane *lane = self->lanes.lanes[i];
        serving_close(lane);
        free(lane->told);
        free(lane);
    }
    free_list(&self->lanes);
    free_list(&self->lagging);
    free_list(&self->to_ack);
    free_list(&self->to_push);
    free_list(&self->moved);
}
