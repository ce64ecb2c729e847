// What came late. A record that reaches this node by mending may land behind the place up to which readers of events
// have read its feed here. So the node notes that, by a record of its own, and whoever has read there is told, at any
// node: a cursor names the nodes it was read from, and how far it has been told of each one's notes (owner "~NODE").
#include "node/mends.h"

#include "cluster/base/text.h"
#include "node/node_private.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MENDS_KEPT 1024  // of one boot; past it the oldest are written over
#define BODY_BUDGET_BYTES ((size_t)16 * 1024)

bool mends_is_told(uint8_t kind)
{
    return kind == REC__KIND__CALL || kind == REC__KIND__DESK || kind == REC__KIND__WRAP_UP_OF;
}

void mends_note(struct node *self, const struct record *record)
{
    const struct version *at = &record->version;
    if (!mends_is_told(record->kind) || at->seq > store_cursor(self->store, at->owner, at->boot))
        return;  // nobody was told more of that feed here
    Rec__Mended mended = REC__MENDED__INIT;
    mended.kind = (Rec__Kind)record->kind;
    mended.id = (char *)record->id;
    mended.owner = (char *)at->owner;
    mended.boot = at->boot;
    mended.seq = at->seq;
    char id[96];
    snprintf(id, sizeof id, "%s-%016llx-%u", self->config->self.name, (unsigned long long)self->boot,
             (unsigned)(self->counters.mends_noted++ % MENDS_KEPT));
    struct bytes body = {0};
    size_t bytes = rec__mended__get_packed_size(&mended);
    rec__mended__pack(&mended, bytes_grow(&body, bytes));
    if (store_put(self->store, REC__KIND__MENDED, id, 1, self->now.wall_ms, (struct span){body.data, bytes}) == NULL)
        self->counters.puts_refused++;
    bytes_close(&body);
}

// ---- told

static void mends_name(char to[NAME_MAX_BYTES + 2], const char *node)
{
    snprintf(to, NAME_MAX_BYTES + 2, "~%s", node);
}

static const Cli__FeedPlace *mark_of(const struct mends_reader *reader, const struct version *note)
{
    char name[NAME_MAX_BYTES + 2];
    mends_name(name, note->owner);
    return reader->place(reader->context, name, note->boot);
}

static bool has_read_at(const struct mends_reader *reader, const char *node)
{
    char name[NAME_MAX_BYTES + 2];
    mends_name(name, node);
    return reader->place(reader->context, name, 0) != NULL;
}

// Of its own a node tells at once, stored or not: a reader who passes the record's place meanwhile would hear it twice.
static uint64_t known_upto(const struct node *self, const struct version *note)
{
    return peers_is_self(self->peers, note->owner, note->boot) ? store_last_seq(self->store)
                                                               : store_cursor(self->store, note->owner, note->boot);
}

struct notes {
    const struct record **records;
    uint32_t count, capacity;
};

static void collect(void *context, const struct record *record)
{
    struct notes *self = context;
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 64 : self->capacity * 2;
        self->records = check_realloc(self->records, self->capacity * sizeof *self->records);
    }
    self->records[self->count++] = record;
}

// By owner, boot and seq: notes are of one attach.
static int in_order(const void *a, const void *b)
{
    const struct record *one = *(const struct record *const *)a, *other = *(const struct record *const *)b;
    return version_compare(&one->version, &other->version);
}

static struct notes collect_all(struct node *self)
{
    struct notes notes = {0};
    store_each(self->store, REC__KIND__MENDED, collect, &notes);
    if (notes.count > 1)
        qsort(notes.records, notes.count, sizeof *notes.records, in_order);
    return notes;
}

// The record that came late, if it is still at that place and the reader had passed that.
static const struct record *find_missed(struct node *self, const struct mends_reader *reader, const struct record *note)
{
    const Rec__Mended *mended =
        rec__mended__unpack(arena_allocator(&self->arena, BODY_BUDGET_BYTES), note->body.bytes, note->body.data);
    if (mended == NULL || !mends_is_told((uint8_t)mended->kind))
        return NULL;
    const Cli__FeedPlace *place = reader->place(reader->context, mended->owner, mended->boot);
    const struct record *record = store_find(self->store, (uint8_t)mended->kind, mended->id);
    bool is_missed = place != NULL && place->seq >= mended->seq && record != NULL &&
                     record->version.seq == mended->seq && record->version.boot == mended->boot &&
                     strcmp(record->version.owner, mended->owner) == 0;
    return is_missed ? record : NULL;
}

// Several nodes may note one record; the reader was told by the first whose note it has passed since it read there.
static bool was_told(const struct notes *notes, const struct mends_reader *reader, const struct record *note)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        const struct record *other = notes->records[i];
        if (other == note || other->body.bytes != note->body.bytes ||
            memcmp(other->body.data, note->body.data, note->body.bytes) != 0)
            continue;
        const Cli__FeedPlace *mark = mark_of(reader, &other->version);
        if (mark != NULL && other->version.seq > mark->since && other->version.seq <= mark->seq)
            return true;
    }
    return false;
}

void mends_tell(struct node *self, const struct mends_reader *reader)
{
    struct notes notes = collect_all(self);
    for (uint32_t i = 0; i < notes.count; i++) {
        const struct record *note = notes.records[i], *missed;
        const Cli__FeedPlace *mark = mark_of(reader, &note->version);
        if ((mark != NULL && note->version.seq <= mark->seq) || note->version.seq > known_upto(self, &note->version) ||
            !has_read_at(reader, note->version.owner))
            continue;
        missed = find_missed(self, reader, note);
        reader->visit(reader->context, &note->version,
                      missed != NULL && !was_told(&notes, reader, note) ? missed : NULL);
    }
    free(notes.records);
}

void mends_pass_own(struct node *self, const struct mends_reader *reader)
{
    struct notes notes = collect_all(self);
    for (uint32_t i = 0; i < notes.count; i++)
        if (strcmp(notes.records[i]->version.owner, self->config->self.name) == 0)
            reader->visit(reader->context, &notes.records[i]->version, NULL);
    free(notes.records);
}
