// What the driver knows of the world: nodes, faults, disks, and what nodes say at rest.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <string.h>

static struct node *find(struct judge *self, const char *name)
{
    for (uint32_t i = 0; i < self->nodes_count; i++)
        if (name_is(&self->nodes[i].name, name))
            return &self->nodes[i];
    return NULL;
}

struct node *judge_world_node(struct judge *self, const char *name)
{
    struct node *node = find(self, name);
    if (node != NULL || name == NULL || name[0] == '\0')
        return node;
    if (self->nodes_count == NODES_MAX) {
        judge_condemn(self, JUDGE_HISTORY, "more than %d nodes: %s", NODES_MAX, name);
        return NULL;
    }
    node = &self->nodes[self->nodes_count++];
    *node = (struct node){.lives = false};
    name_set(&node->name, name);
    return node;
}

bool judge_world_serves(const struct judge *self)
{
    for (uint32_t i = 0; i < self->nodes_count; i++)
        if (self->nodes[i].lives)
            return true;
    return self->nodes_count == 0;
}

// ---- nodes

static void set_stalled(struct judge *self, struct node *node, bool stalls)
{
    if (stalls && !node->stalls)
        self->nodes_stalled++;
    if (!stalls && node->stalls)
        self->nodes_stalled--;
    node->stalls = stalls;
}

static void hear_node(struct judge *self, const struct history_event *event)
{
    struct node *node = judge_world_node(self, event->node);
    if (node == NULL) {
        judge_condemn(self, JUDGE_HISTORY, "%s at %.3f s names no node", history_word_text(event->word),
                      seconds(self->us));
        return;
    }
    self->calm_us = self->nodes_us = self->us;
    switch (event->word) {
    case HISTORY_NODE_STARTED:
        node->lives = true;
        node->ran_us = self->us;
        set_stalled(self, node, false);
        if (event->number != 0) {
            node->was_emptied = true;
            node->emptied_us = self->us;
            node->is_behind = strcmp(text_or_none(event->reason), "backup") == 0;
            node->backup_us = self->us;
        }
        return;
    case HISTORY_NODE_DIED:
        node->lives = false;
        set_stalled(self, node, false);
        return;
    case HISTORY_NODE_STALLED:
    case HISTORY_NODE_RESUMED:
        set_stalled(self, node, event->word == HISTORY_NODE_STALLED);
        node->ran_us = self->us;
        return;
    default:
        return;
    }
}

// It is the node's own word; but not enough is not enough.
static void hear_caught_up(struct judge *self, const struct history_event *event)
{
    struct node *node = judge_world_node(self, event->node);
    bool is_enough = 2 * event->number > event->records || strcmp(text_or_none(event->reason), "operator") == 0;
    if (node != NULL && is_enough)
        node->is_behind = false;
}

// Silence counts only while one's own loop ran. Whoever stood still itself, a moment ago, was silent; and of more than
// two nodes a third may have said so.
static void hear_missed(struct judge *self, const struct history_event *event)
{
    const struct node *missed = find(self, event->party);
    uint64_t long_us = (uint64_t)self->options.progress_ms * 1000;
    if (self->nodes_count == 2 && missed != NULL && missed->lives && !missed->stalls && self->whole &&
        self->us >= self->whole_us + long_us && self->us >= missed->ran_us + long_us)
        judge_condemn(self, JUDGE_MISSED_FALSELY,
                      "node %s takes %s for down at %.3f s, which runs since %.3f s, and all is whole since %.3f s",
                      text_or_none(event->node), missed->name.text, seconds(self->us), seconds(missed->ran_us),
                      seconds(self->whole_us));
}

// ---- at rest

static bool is_at_rest_for(const struct judge *self, uint32_t ms)
{
    return self->quiet && judge_passed(self, self->quiet_us, ms);
}

static void hear_digest(struct judge *self, const struct history_event *event)
{
    struct node *node = judge_world_node(self, event->node);
    if (node == NULL)
        return;
    uint32_t index = (uint32_t)(node - self->nodes);
    node->in_round = true;
    if (!self->round.open) {
        self->round.open = true;
        self->round.differs = false;
        self->round.us = self->us;
        self->round.first = index;
        self->round.digest = event->number;
        self->round.records = event->records;
    } else if (event->number != self->round.digest || event->records != self->round.records) {
        self->round.differs = true;
        self->round.other = index;
    }
}

// Judged as of the time it was told: it is closed by the next word of another time.
void judge_world_close_round(struct judge *self)
{
    if (!self->round.open)
        return;
    self->round.open = false;
    uint64_t now = self->us;
    self->us = self->round.us;
    bool counts = is_at_rest_for(self, self->options.digests_ms);
    uint64_t from = self->quiet_us > self->calm_us ? self->quiet_us : self->calm_us;
    if (counts && self->round.differs)
        judge_condemn(self, JUDGE_DIGESTS_DIFFER,
                      "at %.3f s, %.3f s after all was whole and quiet, the digests of %s and %s differ",
                      seconds(self->us), seconds(self->us - from), self->nodes[self->round.first].name.text,
                      self->nodes[self->round.other].name.text);
    for (uint32_t i = 0; i < self->nodes_count; i++) {
        struct node *node = &self->nodes[i];
        if (counts && node->lives && !node->in_round)
            judge_condemn(self, JUDGE_HISTORY, "at %.3f s node %s lives and has told no digest", seconds(self->us),
                          node->name.text);
        node->in_round = false;
    }
    self->count.rounds += counts;
    self->us = now;
}

static void hear_lag(struct judge *self, const struct history_event *event)
{
    const struct node *peer = find(self, event->party);
    if (event->number > 0 && peer != NULL && peer->lives && is_at_rest_for(self, self->options.digests_ms))
        judge_condemn(self, JUDGE_FEED_LAGS,
                      "at %.3f s node %s lacks %" PRIu64 " changes of the feed of %s, which lives", seconds(self->us),
                      text_or_none(event->node), event->number, peer->name.text);
}

static void hear_orphans(struct judge *self, const struct history_event *event)
{
    if (event->number > 0 && is_at_rest_for(self, self->options.digests_ms))
        judge_condemn(self, JUDGE_ORPHANS, "at %.3f s node %s counts %" PRIu64 " orphan states at rest",
                      seconds(self->us), text_or_none(event->node), event->number);
}

// ---- calls on disks

static uint64_t world_nodes_of(struct judge *self, const char *list)
{
    uint64_t bits = 0;
    const char *rest = text_or_none(list);
    while (*rest != '\0') {
        char text[NAME_MAX_BYTES + 1];
        size_t length = strcspn(rest, ",");
        if (length > NAME_MAX_BYTES) {
            judge_condemn(self, JUDGE_HISTORY, "at %.3f s a node's name is too long", seconds(self->us));
            break;
        }
        memcpy(text, rest, length);
        text[length] = '\0';
        const struct node *node = judge_world_node(self, text);
        if (node != NULL)
            bits |= (uint64_t)1 << (node - self->nodes);
        rest += length + (rest[length] == ',');
    }
    return bits;
}

bool judge_world_must_have(struct judge *self, const struct leg *leg)
{
    uint32_t dead = 0;
    bool lost = false;
    for (uint32_t i = 0; i < self->nodes_count; i++) {
        const struct node *node = &self->nodes[i];
        bool emptied = node->was_emptied && node->emptied_us >= leg->accepted_us;
        if (leg->copies_told && (leg->copies >> i & 1) != 0 && node->lives && !emptied)
            return true;
        dead += !node->lives;
        lost = lost || emptied;
    }
    if (leg->copies_told)
        return false;
    bool must = !lost && dead < leg->accepted;
    self->count.not_copied += !must;
    return must;
}

void judge_world_check_copies(struct judge *self, const struct leg *leg)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->nodes_count; i++) {
        const struct node *node = &self->nodes[i];
        bool was_there = node->was_emptied && node->emptied_us >= leg->submitted_us;  // perhaps, when it was said
        count += (leg->copies >> i & 1) != 0 || was_there;
    }
    if (leg->accepted > count)
        judge_condemn(self, JUDGE_COPIES_UNTRUE,
                      "call %s was told accepted(%" PRIu32 ") at %.3f s, and %" PRIu32 " nodes had it on disk", leg->id,
                      leg->accepted, seconds(leg->accepted_us), count);
}

static void hear_copies(struct judge *self, const struct history_event *event)
{
    struct leg *leg = judge_leg_find(self, event->call);
    self->count.copies_told++;
    uint64_t bits = world_nodes_of(self, event->list), count = event->records;
    for (uint32_t i = 0; i < self->nodes_count; i++)
        count += bits >> i & 1;
    if (leg == NULL)
        return;  // a test call of a node's own, say
    if (event->number > count)
        judge_condemn(self, JUDGE_COPIES_UNTRUE,
                      "node %s says accepted(%" PRIu64 ") of call %s at %.3f s, and %" PRIu64
                      " nodes have it on disk, or lost that unheard",
                      text_or_none(event->node), event->number, leg->id, seconds(self->us), count);
    leg->copies_told = true;
    leg->copies = bits;
    if (event->number != 0)
        return;
    leg->copies_us = self->us;
    judge_world_check_copies(self, leg);
}

static void hear_kept(struct judge *self, const struct history_event *event)
{
    struct leg *leg = judge_leg_find(self, event->call);
    self->count.kept_told++;
    if (leg == NULL || leg->state != LEG_OWED)
        return;
    const char *kept = text_or_none(event->reason);
    text_copy(leg->kept, sizeof leg->kept, kept[0] == '\0' ? "none" : kept);
    // An outcome is one for each of that caller's lost calls.
    if (strcmp(kept, "called_back_expired") == 0 || strcmp(kept, "called_back_done") == 0)
        judge_call_back_tried(self, leg->caller.text);
    if (strcmp(kept, "called_back_done") == 0)
        judge_leg_end(self, leg);
}

// ---- hearing

void judge_world_hear(struct judge *self, const struct history_event *event)
{
    switch (event->word) {
    case HISTORY_AT_FAULT:
        self->whole = false;
        return;
    case HISTORY_AT_WHOLE:
        self->whole = true;
        self->whole_us = self->calm_us = self->us;
        return;
    case HISTORY_AT_QUIET:
        self->quiet = true;
        self->quiet_us = self->us;
        return;
    case HISTORY_AT_END:
        judge_rest_at_end(self);
        self->ended = true;
        return;
    case HISTORY_DIGEST:
        hear_digest(self, event);
        return;
    case HISTORY_LAG:
        hear_lag(self, event);
        return;
    case HISTORY_ORPHANS:
        hear_orphans(self, event);
        return;
    case HISTORY_COPIES:
        hear_copies(self, event);
        return;
    case HISTORY_KEPT:
        hear_kept(self, event);
        return;
    case HISTORY_CAUGHT_UP:
        hear_caught_up(self, event);
        return;
    case HISTORY_MISSES:
        hear_missed(self, event);
        return;
    default:
        hear_node(self, event);
        return;
    }
}
