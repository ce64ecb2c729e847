// The network between nodes: a bag of parcels, delivered in any order; and copies of records.
#include "chaos/model/inside.h"

#include "cluster/store/record_codec.h"

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

static struct version version_of(const struct model *self, const struct held *held)
{
    return (struct version){
        .attach = held->attach, .owner = self->scenario->node_names[held->owner], .boot = held->boot, .seq = held->seq};
}

int copy_compare(const struct model *self, const struct held *a, const struct held *b)
{
    if (a->attach == 0 || b->attach == 0)
        return (a->attach != 0) - (b->attach != 0);
    struct version x = version_of(self, a), y = version_of(self, b);
    return version_compare(&x, &y);
}

bool copy_is_news(const struct model *self, uint32_t node, uint32_t record, const struct held *version)
{
    return copy_compare(self, version, &self->now.held[node][record]) > 0;
}

static void take(struct model *self, uint32_t node, const struct record *theirs)
{
    const struct record *taken;
    memory_enter(node);
    enum store_taken result = store_take(node_store(self, node), theirs, &taken);
    uint64_t clashes = store_counts(node_store(self, node)).clashes;
    memory_leave();
    if (clashes > 0)
        violate(self, "two versions of %s are called alike and differ", theirs->id);
    if (result != STORE_TAKEN)
        return;
    struct event event = {.type = EVENT_RECORD, .record = taken};
    node_event(self, node, &event);
}

static const struct record *stored(const struct model *self, uint32_t node, uint32_t record)
{
    const char *id;
    uint8_t kind = town_record(self->scenario, record, &id);
    const struct record *found = store_find(node_store(self, node), kind, id);
    check(found != NULL);
    return found;
}

void copy_take(struct model *self, uint32_t node, uint32_t record, uint32_t from)
{
    take(self, node, stored(self, from, record));
}

void copy_leave(struct model *self, uint32_t node, uint32_t record, uint32_t from)
{
    struct bytes bytes = {0};
    record_pack(stored(self, from, record), &bytes);
    struct content about = {.record = record, .version = self->now.held[from][record]};
    about.hash = hash_mix(hash_mix(5, record), about.version.body);
    struct parcel parcel = {PARCEL_RECORD, from, self->now.starts[from], node,
                            contents_add(self->contents, (struct span){bytes.data, bytes.count}, &about)};
    bytes_close(&bytes);
    bag_add(self, &parcel);
}

void copy_arrives(struct model *self, uint32_t node, const struct content *content)
{
    struct arena arena = {0};
    struct record record;
    arena_allocator(&arena, STORE_RECORD_MAX_BYTES);
    check(record_unpack(content->bytes, &arena, &record));
    take(self, node, &record);
    arena_close(&arena);
}

bool copy_spread_one(struct model *self, uint32_t node)
{
    const struct state *now = &self->now;
    for (uint32_t from = 0; from < self->scenario->nodes; from++) {
        if (from == node || !now->running[from] || now->heard[node][from] != now->starts[from] ||
            now->heard[from][node] != now->starts[node])
            continue;
        for (uint32_t record = 0; record < RECORDS_MAX; record++)
            if (copy_is_news(self, node, record, &now->held[from][record])) {
                copy_take(self, node, record, from);
                return true;
            }
    }
    return false;
}
