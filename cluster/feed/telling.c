// Who holds what: every node tells its peers the cursors it has. All of them when two meet, what moved twice a second,
// a new feed at once, and some of the others in turn, so that what was lost heals.
#include "cluster/feed/feed_inside.h"

#include <stdlib.h>
#include <string.h>

struct telling {  // one message
    Peer__FeedCursor cursors[FEED_TELL_PART_FEEDS];
    Peer__FeedCursor *pointers[FEED_TELL_PART_FEEDS];
    uint32_t count;
};

static void add(struct feed *self, struct telling *telling, struct lane *lane)
{
    uint64_t cursor = lane_cursor(self, lane);
    if (cursor == 0)
        return;
    Peer__FeedCursor *to = &telling->cursors[telling->count];
    peer__feed_cursor__init(to);
    to->owner = lane->owner;
    to->boot = lane->boot;
    to->cursor = cursor;
    telling->pointers[telling->count++] = to;
}

static void send(struct feed *self, uint32_t peer, struct telling *telling, bool answer, uint32_t part, uint32_t parts)
{
    Peer__FeedsTell tell = PEER__FEEDS_TELL__INIT;
    tell.feeds = telling->pointers;
    tell.n_feeds = telling->count;
    tell.answer = answer;
    tell.part = part;
    tell.parts = parts;
    feed_send(self, peer, PEER__ENVELOPE__BODY_FEEDS_TELL, &tell);
}

static void send_to_all(struct feed *self, struct telling *telling)
{
    for (uint32_t i = 0; telling->count > 0 && i < peers_count(self->peers); i++)
        if (self->remotes[i].up)
            send(self, i, telling, true, 0, 0);
    telling->count = 0;
}

// A part is what stands at its places among the lanes: parts of two tellings go together.
static void send_whole(struct feed *self, uint32_t peer, bool answer)
{
    uint32_t parts = (self->lanes.count + FEED_TELL_PART_FEEDS - 1) / FEED_TELL_PART_FEEDS;
    struct telling *telling = check_alloc(sizeof *telling);
    for (uint32_t part = 0; part < parts; part++) {
        telling->count = 0;
        uint32_t first = part * FEED_TELL_PART_FEEDS;
        for (uint32_t i = first; i < self->lanes.count && i < first + FEED_TELL_PART_FEEDS; i++)
            add(self, telling, self->lanes.lanes[i]);
        send(self, peer, telling, answer, part, parts);
    }
    free(telling);
}

void telling_moved(struct feed *self, struct now now)
{
    if (self->moved.count > 0) {
        struct telling *telling = check_alloc(sizeof *telling);
        for (uint32_t i = 0; i < self->moved.count; i++) {
            struct lane *lane = self->moved.lanes[i];
            lane->moved = 0;
            lane->told_ever = true;
            if (telling->count == FEED_TELL_PART_FEEDS)
                send_to_all(self, telling);
            add(self, telling, lane);
        }
        send_to_all(self, telling);
        free(telling);
    }
    self->moved.count = 0;
    self->tell_now = false;
    self->told_us = now.mono_us;
}

void telling_flush(struct feed *self, struct now now)
{
    if (self->tell_now && now.mono_us - self->told_us >= (uint64_t)FEED_TELL_AT_ONCE_MS * 1000)
        telling_moved(self, now);
}

static void tell_some_again(struct feed *self)
{
    struct telling *telling = check_alloc(sizeof *telling);
    uint32_t count = self->lanes.count < FEED_TELL_AGAIN_MAX ? self->lanes.count : FEED_TELL_AGAIN_MAX;
    for (uint32_t i = 0; i < count; i++)
        add(self, telling, self->lanes.lanes[self->told_again_at++ % self->lanes.count]);
    send_to_all(self, telling);
    free(telling);
}

void telling_tick(struct feed *self, struct now now)
{
    if (now.mono_us - self->told_us >= (uint64_t)FEED_TELL_MS * 1000)
        telling_moved(self, now);
    if (now.mono_us - self->told_again_us >= (uint64_t)FEED_TELL_AGAIN_MS * 1000) {
        self->told_again_us = now.mono_us;
        tell_some_again(self);
        following_ack_again(self);
    }
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        struct remote *remote = &self->remotes[i];
        if (!remote->up || remote->whole || now.mono_us - remote->asked_us < (uint64_t)FEED_ASK_AGAIN_MS * 1000)
            continue;
        remote->asked_us = now.mono_us;
        send_whole(self, i, false);
    }
}

// ---- meeting

void telling_greet(struct feed *self, struct now now, uint32_t peer)
{
    struct remote *remote = &self->remotes[peer];
    remote->whole = false;
    remote->parts = remote->parts_left = 0;
    if (!remote->met)
        remote->goals_count = 0;
    remote->asked_us = now.mono_us;
    send_whole(self, peer, false);
}

static void add_goal(struct remote *remote, struct lane *lane, uint64_t cursor)
{
    if (remote->goals_count == remote->goals_capacity) {
        remote->goals_capacity = remote->goals_capacity ? remote->goals_capacity * 2 : 16;
        remote->goals = check_realloc(remote->goals, remote->goals_capacity * sizeof *remote->goals);
    }
    remote->goals[remote->goals_count++] = (struct goal){lane, cursor};
}

// Whether this part of its telling of all feeds is one that is missing.
static bool is_new_part(struct remote *remote, const Peer__FeedsTell *tell)
{
    if (tell->parts == 0 || remote->whole)
        return false;
    if (tell->parts != remote->parts) {  // the first, or it has learnt of so many feeds meanwhile
        remote->parts = remote->parts_left = tell->parts;
        memset(remote->parts_come, 0, sizeof remote->parts_come);
        if (!remote->met)
            remote->goals_count = 0;
    }
    uint64_t bit = (uint64_t)1 << (tell->part % 64);
    if (remote->parts_come[tell->part / 64] & bit)
        return false;
    remote->parts_come[tell->part / 64] |= bit;
    remote->parts_left--;
    return true;
}

void telling_receive(struct feed *self, struct now now, uint32_t peer, const Peer__FeedsTell *tell)
{
    struct remote *remote = &self->remotes[peer];
    if (tell->parts > FEED_TELL_PARTS_MAX || (tell->part >= tell->parts && tell->part > 0)) {
        self->counts.malformed++;
        return;
    }
    if (!remote->up)
        return;  // once it is, it will be asked
    bool is_missing = is_new_part(remote, tell);
    for (size_t i = 0; i < tell->n_feeds; i++) {
        const Peer__FeedCursor *told = tell->feeds[i];
        struct lane *lane = lane_need(self, told->owner, told->boot);
        if (lane == NULL || (lane->own && told->cursor > store_last_seq(self->store))) {
            self->counts.malformed++;
            continue;
        }
        lane_tell(self, lane, peer, told->cursor);
        if (is_missing && !remote->met)
            add_goal(remote, lane, told->cursor);
    }
    if (is_missing && remote->parts_left == 0) {
        remote->whole = remote->met = true;
        self->advanced = true;
    }
    if (!tell->answer && tell->part == 0) {
        send_whole(self, peer, true);
        following_again(self, now, peer);
    }
}

// A goal once reached stays so: they are taken off from the end.
void telling_look_swept(struct feed *self)
{
    if (!self->advanced)
        return;
    self->advanced = false;
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        struct remote *remote = &self->remotes[i];
        if (!remote->met || remote->swept)
            continue;
        while (remote->goals_count > 0) {
            const struct goal *goal = &remote->goals[remote->goals_count - 1];
            if (lane_cursor(self, goal->lane) < goal->cursor)
                break;
            remote->goals_count--;
        }
        if (remote->goals_count > 0)
            continue;
        remote->swept = true;
        self->events.swept(self->events.context, i);
    }
}
