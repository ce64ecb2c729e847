#include "cluster/store/backup.h"

#include "cluster/store/record_codec.h"
#include "cluster/store/store_hash.h"
#include "cluster/store/store_inside.h"
#include "cluster/wire/arena.h"

#include "backup.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define PART_ITEMS 256
#define PART_BYTES ((size_t)32 * 1024)

struct writer {
    struct backup_place *place;
    struct bytes *to;
    size_t end;  // of `to`: enough
    size_t part_bytes;
    Bak__Part part;
    Rec__Record records[PART_ITEMS], *record_pointers[PART_ITEMS];
    Rec__Version versions[PART_ITEMS];
    Bak__Cursor cursors[PART_ITEMS], *cursor_pointers[PART_ITEMS];
};

// ---- frames

uint64_t backup_frame_seal(uint8_t *frame, uint32_t bytes, uint64_t before)
{
    for (int i = 0; i < 4; i++)
        frame[i] = (uint8_t)(bytes >> (24 - 8 * i));
    store_put_u64(frame + 4, before);
    uint64_t hash = store_hash_bytes((struct span){frame, BACKUP_FRAME_HEAD_BYTES + bytes});
    store_put_u64(frame + 4, hash);
    return hash;
}

static void put_frame(struct writer *self, const Bak__Frame *frame)
{
    size_t bytes = bak__frame__get_packed_size(frame), from = self->to->count;
    check(bytes <= BACKUP_FRAME_MAX_BYTES);
    uint8_t *head = bytes_grow(self->to, BACKUP_FRAME_HEAD_BYTES + bytes);
    bak__frame__pack(frame, head + BACKUP_FRAME_HEAD_BYTES);
    self->place->hash = backup_frame_seal(head, (uint32_t)bytes, self->place->hash);
    self->place->so_far.frames++;
    self->place->so_far.bytes += self->to->count - from;
}

static void put_part(struct writer *self)
{
    if (self->part.n_records + self->part.n_cursors == 0)
        return;
    Bak__Frame frame = BAK__FRAME__INIT;
    frame.body_case = BAK__FRAME__BODY_PART;
    frame.part = &self->part;
    put_frame(self, &frame);
    self->place->so_far.cursors += self->part.n_cursors;
    self->place->so_far.records += self->part.n_records;
    self->part.n_records = self->part.n_cursors = 0;
    self->part_bytes = 0;
}

// ---- the beginning

static void put_head(struct writer *self, const struct store *store, uint64_t wall_ms)
{
    bytes_append(self->to, BACKUP_MAGIC, BACKUP_MAGIC_BYTES);
    self->place->so_far.bytes += BACKUP_MAGIC_BYTES;
    Bak__Head head = BAK__HEAD__INIT;
    head.node = (char *)store->node;
    head.boot = store->boot;
    head.begun_ms = wall_ms;
    Bak__Frame frame = BAK__FRAME__INIT;
    frame.body_case = BAK__FRAME__BODY_HEAD;
    frame.head = &head;
    put_frame(self, &frame);
}

static void put_cursors(struct writer *self, const struct store *store)
{
    for (const struct store_feed *feed = store->feeds; feed != NULL; feed = feed->hh.next) {
        if (feed->cursor == 0)
            continue;
        size_t at = self->part.n_cursors++;
        bak__cursor__init(&self->cursors[at]);
        self->cursors[at].owner = (char *)feed->key.owner;
        self->cursors[at].boot = feed->key.boot;
        self->cursors[at].cursor = feed->cursor;
        if (self->part.n_cursors == PART_ITEMS)
            put_part(self);
    }
    put_part(self);
}

// ---- records

static bool put_record(void *context, const struct record *record)
{
    struct writer *self = context;
    size_t at = self->part.n_records, bytes = strlen(record->id) + record->body.bytes;
    if (at == PART_ITEMS || (at > 0 && self->part_bytes + bytes > PART_BYTES)) {
        put_part(self);
        at = 0;
    }
    if (self->to->count >= self->end)
        return false;
    record_to_message(record, &self->records[at], &self->versions[at]);
    self->part.n_records++;
    self->part_bytes += bytes;
    self->place->kind = record->kind;
    text_copy(self->place->id, sizeof self->place->id, record->id);
    return true;
}

static void put_end(struct writer *self)
{
    struct backup_totals totals = self->place->so_far;
    Bak__End end = BAK__END__INIT;
    end.frames = totals.frames;
    end.cursors = totals.cursors;
    end.records = totals.records;
    end.bytes = totals.bytes;
    Bak__Frame frame = BAK__FRAME__INIT;
    frame.body_case = BAK__FRAME__BODY_END;
    frame.end = &end;
    put_frame(self, &frame);
}

bool backup_go_on(const struct store *store, uint64_t wall_ms, struct backup_place *place, size_t room,
                  struct bytes *to)
{
    struct writer *self = check_alloc(sizeof *self);
    self->place = place;
    self->to = to;
    bak__part__init(&self->part);
    self->part.records = self->record_pointers;
    self->part.cursors = self->cursor_pointers;
    for (size_t i = 0; i < PART_ITEMS; i++) {
        self->record_pointers[i] = &self->records[i];
        self->cursor_pointers[i] = &self->cursors[i];
    }
    if (place->so_far.frames == 0) {
        put_head(self, store, wall_ms);
        put_cursors(self, store);
    }
    self->end = to->count + room;
    bool ended = store_walk(store, place->kind, place->id, put_record, self);
    put_part(self);
    if (ended)
        put_end(self);
    free(self);
    return ended;
}

// ---- a place as bytes

void backup_place_pack(const struct backup_place *place, const struct store *store, struct bytes *to)
{
    Bak__End so_far = BAK__END__INIT;
    so_far.frames = place->so_far.frames;
    so_far.cursors = place->so_far.cursors;
    so_far.records = place->so_far.records;
    so_far.bytes = place->so_far.bytes;
    Bak__Place words = BAK__PLACE__INIT;
    words.node = (char *)store->node;
    words.boot = store->boot;
    words.kind = place->kind;
    words.id = (char *)place->id;
    words.so_far = &so_far;
    words.hash = place->hash;
    bak__place__pack(&words, bytes_grow(to, bak__place__get_packed_size(&words)));
}

bool backup_place_unpack(struct span packed, const struct store *store, struct backup_place *ret)
{
    struct arena arena = {0};
    struct backup_place place = {0};
    Bak__Place *words =
        packed.bytes > BACKUP_PLACE_MAX_BYTES
            ? NULL
            : bak__place__unpack(arena_allocator(&arena, 8 * BACKUP_PLACE_MAX_BYTES), packed.bytes, packed.data);
    bool good = words != NULL && words->so_far != NULL && words->so_far->frames > 0 && words->kind < STORE_KINDS &&
                strcmp(words->node, store->node) == 0 && words->boot == store->boot &&
                text_copy(place.id, sizeof place.id, words->id);
    if (good) {
        place.kind = (uint8_t)words->kind;
        place.so_far = (struct backup_totals){words->so_far->frames, words->so_far->cursors, words->so_far->records,
                                              words->so_far->bytes};
        place.hash = words->hash;
        *ret = place;
    }
    arena_close(&arena);
    return good;
}
