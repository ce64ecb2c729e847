#include "cluster/store/backup.h"

#include "cluster/store/record_codec.h"
#include "cluster/store/store_hash.h"
#include "cluster/wire/arena.h"

#include "backup.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNPACK_BUDGET_BYTES (4 * BACKUP_FRAME_MAX_BYTES)
#define FLUSH_BYTES ((uint64_t)4 * 1024 * 1024)  // of the file, to one batch of the disk
#define BATCHES_MAX 4                            // under way

struct reader {
    const char *path;
    FILE *file;
    struct problem *problem;
    struct store *store;
    struct disk *disk;  // NULL: the file is only looked at
    void (*wait)(void);
    struct bytes frame;
    struct arena arena;
    uint64_t hash, flushed_bytes;
    struct backup_summary summary;
    bool has_head, ended;
    // Put at the end, behind all records: a cursor promises them.
    struct feed_info *cursors;
    uint64_t cursors_room;
};

static bool is_cut(struct reader *self)
{
    if (ferror(self->file))
        problem_set(self->problem, "%s cannot be read: %s", self->path, strerror(errno));
    else
        problem_set(self->problem, "%s is cut off after %llu bytes: a backup has an end, and this one has none",
                    self->path, (unsigned long long)self->summary.totals.bytes);
    return false;
}

static bool is_bad(struct reader *self, const char *what)
{
    problem_set(self->problem, "%s is damaged: frame %llu, at byte %llu, %s", self->path,
                (unsigned long long)self->summary.totals.frames + 1, (unsigned long long)self->summary.totals.bytes,
                what);
    return false;
}

static bool open_file(struct reader *self)
{
    char magic[BACKUP_MAGIC_BYTES];
    self->file = fopen(self->path, "rb");
    if (self->file == NULL) {
        problem_set(self->problem, "%s cannot be read: %s", self->path, strerror(errno));
        return false;
    }
    size_t bytes = fread(magic, 1, sizeof magic, self->file);
    if (bytes < sizeof magic || memcmp(magic, BACKUP_MAGIC, sizeof magic - 1) != 0) {
        problem_set(self->problem, "%s is no backup of a node", self->path);
        return false;
    }
    if (magic[sizeof magic - 1] != BACKUP_MAGIC[sizeof magic - 1]) {
        problem_set(self->problem, "%s is a backup of format %c, and this program reads format %c only", self->path,
                    magic[sizeof magic - 1] > ' ' && magic[sizeof magic - 1] < 0x7f ? magic[sizeof magic - 1] : '?',
                    BACKUP_MAGIC[sizeof magic - 1]);
        return false;
    }
    self->summary.totals.bytes = sizeof magic;
    return true;
}

// NULL: the problem is said.
static Bak__Frame *read_frame(struct reader *self)
{
    bytes_clear(&self->frame);
    uint8_t *head = bytes_grow(&self->frame, BACKUP_FRAME_HEAD_BYTES);
    if (fread(head, 1, BACKUP_FRAME_HEAD_BYTES, self->file) < BACKUP_FRAME_HEAD_BYTES) {
        is_cut(self);
        return NULL;
    }
    uint32_t bytes = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    uint64_t hash = store_get_u64(head + 4);
    if (bytes == 0 || bytes > BACKUP_FRAME_MAX_BYTES) {
        is_bad(self, "says a size that none has");
        return NULL;
    }
    uint8_t *message = bytes_grow(&self->frame, bytes);
    if (fread(message, 1, bytes, self->file) < bytes) {
        is_cut(self);
        return NULL;
    }
    if (backup_frame_seal(self->frame.data, bytes, self->hash) != hash) {
        is_bad(self, "does not match its hash");
        return NULL;
    }
    Bak__Frame *frame = bak__frame__unpack(arena_allocator(&self->arena, UNPACK_BUDGET_BYTES), bytes, message);
    if (frame == NULL)
        is_bad(self, "is not a bak.Frame");
    else
        self->hash = hash;
    return frame;
}

// ---- what stands in it

static bool take_head(struct reader *self, const Bak__Head *head)
{
    struct backup_summary *summary = &self->summary;
    if (self->has_head || !text_is_name(head->node, NAME_MAX_BYTES) || head->boot == 0 || head->begun_ms == 0)
        return is_bad(self, "is not the head that it should be");
    self->has_head = true;
    text_copy(summary->node, sizeof summary->node, head->node);
    summary->boot = head->boot;
    summary->begun_ms = head->begun_ms;
    return true;
}

static bool take_cursor(struct reader *self, const Bak__Cursor *cursor)
{
    if (!text_is_name(cursor->owner, NAME_MAX_BYTES) || cursor->cursor == 0)
        return is_bad(self, "has a cursor that is none");
    store_advance_cursor(self->store, cursor->owner, cursor->boot, 0);  // the feed is known, and no more
    if (store_counts(self->store).refused > 0)
        return is_bad(self, "names more owners or feeds than there may be");
    struct backup_totals *totals = &self->summary.totals;
    if (totals->cursors == self->cursors_room) {
        self->cursors_room = self->cursors_room == 0 ? 64 : 2 * self->cursors_room;
        self->cursors = check_realloc(self->cursors, self->cursors_room * sizeof *self->cursors);
    }
    char *owner = check_strdup(cursor->owner);
    self->cursors[totals->cursors++] =
        (struct feed_info){.owner = owner, .boot = cursor->boot, .cursor = cursor->cursor};
    return true;
}

static bool take_record(struct reader *self, const Rec__Record *message)
{
    struct record record;
    self->summary.totals.records++;
    if (!record_from_message(message, &record))
        return is_bad(self, "has a record that is none");
    if (store_take(self->store, &record, NULL) != STORE_REFUSED)
        return true;
    problem_set(self->problem,
                "%s has more than this node may hold: %llu records were taken, and no more. Raise records_max, or "
                "records_per_owner",
                self->path, (unsigned long long)store_counts(self->store).records);
    return false;
}

static bool take_end(struct reader *self, const Bak__End *end)
{
    const struct backup_totals *totals = &self->summary.totals;
    if (end->frames != totals->frames || end->cursors != totals->cursors || end->records != totals->records ||
        end->bytes != totals->bytes)
        return is_bad(self, "counts otherwise than what stands before it");
    self->ended = true;
    return true;
}

static bool take_frame(struct reader *self, const Bak__Frame *frame)
{
    if (!self->has_head && frame->body_case != BAK__FRAME__BODY_HEAD)
        return is_bad(self, "is not the head that it should be");
    switch (frame->body_case) {
    case BAK__FRAME__BODY_HEAD:
        return take_head(self, frame->head);
    case BAK__FRAME__BODY_PART:
        for (size_t i = 0; i < frame->part->n_cursors; i++)
            if (!take_cursor(self, frame->part->cursors[i]))
                return false;
        for (size_t i = 0; i < frame->part->n_records; i++)
            if (!take_record(self, frame->part->records[i]))
                return false;
        return true;
    case BAK__FRAME__BODY_END:
        return take_end(self, frame->end);
    case BAK__FRAME__BODY__NOT_SET:
    case _BAK__FRAME__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return is_bad(self, "says nothing that this program knows");
}

// ---- to the disk

// Waits until at most so many batches are not on stable storage.
static bool flush(struct reader *self, uint64_t under_way)
{
    uint64_t last = store_flush(self->store);
    while (disk_written(self->disk) + under_way < last) {
        enum disk_state state = self->disk->type->state(self->disk);
        if (state != DISK_OK) {
            problem_set(self->problem, "%s was not restored: the disk is %s", self->path,
                        state == DISK_FULL ? "full" : "failing");
            return false;
        }
        self->wait();
    }
    self->flushed_bytes = self->summary.totals.bytes;
    return true;
}

static bool read_all(struct reader *self)
{
    if (!open_file(self))
        return false;
    while (!self->ended) {
        const Bak__Frame *frame = read_frame(self);
        if (frame == NULL || !take_frame(self, frame))
            return false;
        self->summary.totals.frames++;
        self->summary.totals.bytes += self->frame.count;
        bool is_much = self->summary.totals.bytes >= self->flushed_bytes + FLUSH_BYTES;
        if (self->disk != NULL && is_much && !flush(self, BATCHES_MAX))
            return false;
    }
    if (fgetc(self->file) != EOF) {
        problem_set(self->problem, "%s goes on behind its end, at byte %llu", self->path,
                    (unsigned long long)self->summary.totals.bytes);
        return false;
    }
    for (uint64_t i = 0; i < self->summary.totals.cursors; i++)
        store_advance_cursor(self->store, self->cursors[i].owner, self->cursors[i].boot, self->cursors[i].cursor);
    return true;
}

static void close_reader(struct reader *self)
{
    store_free(self->store);
    for (uint64_t i = 0; i < self->summary.totals.cursors; i++)
        free((char *)self->cursors[i].owner);
    free(self->cursors);
    bytes_close(&self->frame);
    arena_close(&self->arena);
    if (self->file != NULL)
        fclose(self->file);
}

bool backup_verify(const char *path, const struct store_options *options, struct backup_summary *ret_summary,
                   struct problem *ret_problem)
{
    struct reader self = {.path = path, .problem = ret_problem, .store = store_create(options)};
    bool good = read_all(&self);
    if (good)
        *ret_summary = self.summary;
    close_reader(&self);
    return good;
}

bool backup_restore(const char *path, const struct store_options *options, struct disk *disk, void (*wait)(void),
                    struct problem *ret_problem)
{
    struct reader self = {
        .path = path, .problem = ret_problem, .store = store_create(options), .disk = disk, .wait = wait};
    bool good = store_open(self.store, disk, ret_problem);
    if (good && (store_counts(self.store).records > 0 || store_feeds(self.store, NULL, 0) > 1)) {
        problem_set(ret_problem, "the store is not empty");
        good = false;
    }
    if (good) {
        store_begin_restoring(self.store);
        good = flush(&self, 0) && read_all(&self) && flush(&self, 0);
    }
    if (good) {
        store_set_restored(self.store, self.summary.begun_ms);
        good = flush(&self, 0);
    }
    close_reader(&self);
    return good;
}
