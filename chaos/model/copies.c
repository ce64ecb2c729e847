// The network between nodes: a bag of parcels, delivered in any order; and copies of records.
#include "chaos/model/inside.h"

#include <string.h>

void bag_add(struct model *self, const struct parcel *parcel)
{
    check(self->now.bag_count < BAG_MAX);
    self->now.bag[self->now.bag_count++] = *parcel;
}

void bag_remove(struct model *self, uint32_t index)
{
    struct state *now = &self->now;
    check(index < now->bag_count);
    now->bag_count--;
    memmove(&now->bag[index], &now->bag[index + 1], (now->bag_count - index) * sizeof now->bag[0]);
    memset(&now->bag[now->bag_count], 0, sizeof now->bag[0]);
}

// ---- versions

struct version_held copy_held(const struct model *self, uint32_t node, uint32_t record)
{
    return (struct version_held){turns_local(self, node)->held[record], self->now.seq[node][record]};
}

// As the store compares them (version_compare).
int copy_compare(const struct model *self, struct version_held a, struct version_held b)
{
    if (a.content == NO_CONTENT || b.content == NO_CONTENT)
        return (a.content != NO_CONTENT) - (b.content != NO_CONTENT);
    const struct content *x = contents_at(self->contents, a.content), *y = contents_at(self->contents, b.content);
    const char *const *nodes = self->scenario->node_names;
    if (x->attach != y->attach)
        return x->attach < y->attach ? -1 : 1;
    if (x->owner != y->owner)
        return strcmp(nodes[x->owner], nodes[y->owner]);
    if (x->boot != y->boot)
        return x->boot < y->boot ? -1 : 1;
    return (a.seq > b.seq) - (a.seq < b.seq);
}

static bool is_news(const struct model *self, uint32_t node, uint32_t record, uint32_t from)
{
    return copy_compare(self, copy_held(self, from, record), copy_held(self, node, record)) > 0;
}

static bool is_of_feed(const struct model *self, uint32_t content, const struct content *as)
{
    if (content == NO_CONTENT)
        return false;
    const struct content *record = contents_at(self->contents, content);
    return record->owner == as->owner && record->boot == as->boot;
}

// Whether this node holds all that stands in the feed of a gateway's copy before it.
static bool holds_what_is_before(const struct model *self, uint32_t node, uint32_t gateway)
{
    struct version_held held = copy_held(self, node, gateway);
    const struct content *as = contents_at(self->contents, held.content);
    for (uint32_t from = 0; from < self->scenario->nodes; from++)
        for (uint32_t record = 0; record < RECORDS_MAX; record++) {
            struct version_held other = copy_held(self, from, record);
            if (is_of_feed(self, other.content, as) && other.seq < held.seq && is_news(self, node, record, from))
                return false;
        }
    return true;
}

uint32_t copy_swept(const struct model *self, uint32_t node)
{
    uint32_t swept = 0;
    for (uint32_t gateway = 0; gateway < self->scenario->gateways; gateway++) {
        const struct local *local = turns_local(self, node);
        uint32_t content = local->held[DESKS_MAX + gateway];
        if (content == NO_CONTENT || (local->swept & 1u << gateway) != 0)
            continue;
        bool is_own = contents_at(self->contents, content)->boot == node_boot(node, self->now.starts[node]);
        if (!is_own && holds_what_is_before(self, node, DESKS_MAX + gateway))
            swept |= 1u << gateway;
    }
    return swept;
}

// ---- taking them

void copy_take(struct model *self, uint32_t node, uint32_t record, uint32_t from)
{
    struct version_held version = copy_held(self, from, record);
    turns_take(self, node, (struct told){.kind = TOLD_RECORD, .content = version.content, .with = NO_CONTENT},
               version.seq);
}

void copy_leave(struct model *self, uint32_t node, uint32_t record, uint32_t from)
{
    struct version_held version = copy_held(self, from, record);
    struct parcel parcel = {PARCEL_RECORD, from, self->now.starts[from], node, version.content, version.seq};
    bag_add(self, &parcel);
}

bool copy_spread_one(struct model *self, uint32_t node)
{
    const struct state *now = &self->now;
    for (uint32_t from = 0; from < self->scenario->nodes; from++) {
        if (from == node || !now->running[from] || now->heard[node][from] != now->starts[from] ||
            now->heard[from][node] != now->starts[node])
            continue;
        for (uint32_t record = 0; record < RECORDS_MAX; record++)
            if (is_news(self, node, record, from)) {
                copy_take(self, node, record, from);
                return true;
            }
    }
    return false;
}

// ---- states that are alike

// Numbers in a feed count what was ever written; only their order matters.
#define STARTS_MAX 4
#define SEQS_MAX 64

static uint64_t *feed_of(const struct model *self, uint64_t feeds[NODES_MAX][STARTS_MAX], uint32_t content)
{
    const struct content *record = contents_at(self->contents, content);
    uint64_t start = record->boot - node_boot(record->owner, 0);
    check(start < STARTS_MAX);
    return &feeds[record->owner][start];
}

static void note_seq(uint64_t *feed, uint32_t seq)
{
    check(seq < SEQS_MAX);
    *feed |= (uint64_t)1 << seq;
}

static uint32_t rank(uint64_t feed, uint32_t seq)
{
    return (uint32_t)__builtin_popcountll(feed & (((uint64_t)1 << seq) - 1)) + 1;
}

static void number_anew(struct model *self)
{
    struct state *now = &self->now;
    uint64_t feeds[NODES_MAX][STARTS_MAX] = {0};
    for (bool ranks = false;; ranks = true) {
        for (uint32_t node = 0; node < self->scenario->nodes; node++) {
            const struct local *local = turns_local(self, node);
            for (uint32_t record = 0; record < RECORDS_MAX; record++) {
                const uint32_t contents[2] = {local->held[record], local->durable[record]};
                uint32_t *const seqs[2] = {&now->seq[node][record], &now->durable_seq[node][record]};
                for (uint32_t i = 0; i < 2; i++) {
                    if (contents[i] == NO_CONTENT || *seqs[i] == 0)
                        continue;
                    uint64_t *feed = feed_of(self, feeds, contents[i]);
                    if (ranks)
                        *seqs[i] = rank(*feed, *seqs[i]);
                    else
                        note_seq(feed, *seqs[i]);
                }
            }
        }
        for (uint32_t i = 0; i < now->bag_count; i++) {
            struct parcel *parcel = &now->bag[i];
            if (parcel->seq == 0)
                continue;
            const struct content *content = contents_at(self->contents, parcel->content);
            uint64_t *feed = feed_of(self, feeds, parcel->kind == PARCEL_TALK ? content->with : parcel->content);
            if (ranks)
                parcel->seq = rank(*feed, parcel->seq);
            else
                note_seq(feed, parcel->seq);
        }
        if (ranks)
            return;
    }
}

static int compare_parcels(const struct parcel *a, const struct parcel *b)
{
    const uint32_t *x = (const uint32_t *)a, *y = (const uint32_t *)b;
    for (uint32_t i = 0; i < sizeof *a / sizeof *x; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

static void sort_bag(struct state *now)
{
    for (uint32_t i = 1; i < now->bag_count; i++) {
        struct parcel parcel = now->bag[i];
        uint32_t at = i;
        for (; at > 0 && compare_parcels(&now->bag[at - 1], &parcel) > 0; at--)
            now->bag[at] = now->bag[at - 1];
        now->bag[at] = parcel;
    }
}

void copy_settle(struct model *self)
{
    struct state *now = &self->now;
    if (now->left[CRASHES] == 0) {  // what is on the disks matters no more
        memset(now->durable_seq, 0, sizeof now->durable_seq);
        for (uint32_t node = 0; node < self->scenario->nodes; node++)
            now->local[node] = turns_local(self, node)->alike;
    }
    number_anew(self);
    sort_bag(now);
}
