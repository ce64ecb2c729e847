// Serving feeds: whoever asks gets what there is after its cursor, in chunks, and then what changes.
#include "cluster/feed/feed_private.h"

#include "cluster/store/record_codec.h"

#include <stdlib.h>
#include <string.h>

void record_list_add(struct record_list *list, const struct record *record)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->messages = check_realloc(list->messages, list->capacity * sizeof *list->messages);
        list->versions = check_realloc(list->versions, list->capacity * sizeof *list->versions);
        list->pointers = check_realloc(list->pointers, list->capacity * sizeof *list->pointers);
        for (size_t i = 0; i < list->count; i++) {
            list->messages[i].version = &list->versions[i];
            list->pointers[i] = &list->messages[i];
        }
    }
    record_to_message(record, &list->messages[list->count], &list->versions[list->count]);
    list->pointers[list->count] = &list->messages[list->count];
    list->count++;
    list->bytes += record->body.bytes + strlen(record->id) + 64;
}

void record_list_clear(struct record_list *list)
{
    list->count = 0;
    list->bytes = 0;
}

void record_list_close(struct record_list *list)
{
    free(list->messages);
    free(list->versions);
    free(list->pointers);
    *list = (struct record_list){0};
}

static struct reader *find_reader(struct feed *self, uint32_t peer, const char *owner, uint64_t boot)
{
    struct reader *reader;
    DL_FOREACH(self->readers, reader)
    {
        if (reader->peer == peer && reader->boot == boot && strcmp(reader->owner, owner) == 0)
            return reader;
    }
    return NULL;
}

void serving_ask(struct feed *self, uint32_t peer, const Peer__FeedAsk *ask)
{
    struct reader *reader = find_reader(self, peer, ask->owner, ask->boot);
    if (reader == NULL) {
        reader = check_alloc(sizeof *reader);
        reader->peer = peer;
        reader->owner = check_strdup(ask->owner);
        reader->boot = ask->boot;
        DL_APPEND(self->readers, reader);
    }
    reader->sent = ask->after;
    reader->unacked_count = 0;
    reader->unacked_bytes = 0;
}

void serving_ack(struct feed *self, uint32_t peer, const Peer__FeedAck *ack)
{
    struct reader *reader = find_reader(self, peer, ack->owner, ack->boot);
    if (reader == NULL)
        return;
    uint32_t done = 0;
    while (done < reader->unacked_count && reader->unacked[done].upto <= ack->received)
        reader->unacked_bytes -= reader->unacked[done++].bytes;
    reader->unacked_count -= done;
    memmove(reader->unacked, reader->unacked + done, reader->unacked_count * sizeof *reader->unacked);
    if (ack->stored <= reader->stored)
        return;
    reader->stored = ack->stored;
    self->events.stored(self->events.context, peer, ack->stored);
}

void serving_forget(struct feed *self, uint32_t peer)
{
    struct reader *reader, *next;
    DL_FOREACH_SAFE(self->readers, reader, next)
    {
        if (reader->peer != peer)
            continue;
        DL_DELETE(self->readers, reader);
        free(reader->owner);
        free(reader);
    }
}

static bool collect(void *context, const struct record *record)
{
    struct record_list *list = context;
    if (list->bytes >= FEED_CHUNK_BYTES)
        return false;
    record_list_add(list, record);
    return true;
}

// False: nothing was sent.
static bool push_chunk(struct feed *self, struct reader *reader, struct record_list *list, uint64_t cursor)
{
    record_list_clear(list);
    uint64_t upto = store_scan(self->store, reader->owner, reader->boot, reader->sent, cursor, collect, list);
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    chunk.owner = reader->owner;
    chunk.boot = reader->boot;
    chunk.after = reader->sent;
    chunk.upto = upto;
    chunk.records = list->pointers;
    chunk.n_records = list->count;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_CHUNK;
    envelope.feed_chunk = &chunk;
    if (upto <= reader->sent || !peers_send(self->peers, reader->peer, &envelope))
        return false;
    reader->unacked[reader->unacked_count++] = (struct unacked){upto, list->bytes};
    reader->unacked_bytes += list->bytes;
    reader->sent = upto;
    self->counts.chunks_out++;
    self->counts.records_out += list->count;
    return true;
}

void serving_push(struct feed *self)
{
    struct record_list list = {0};
    struct reader *reader;
    DL_FOREACH(self->readers, reader)
    {
        uint64_t cursor = store_cursor(self->store, reader->owner, reader->boot);
        while (reader->sent < cursor && reader->unacked_bytes < FEED_UNACKED_BYTES &&
               reader->unacked_count < UNACKED_CHUNKS_MAX)
            if (!push_chunk(self, reader, &list, cursor))
                break;
    }
    record_list_close(&list);
}

uint32_t feed_copies(const struct feed *self, uint64_t seq)
{
    uint32_t copies = 0;
    const struct reader *reader;
    DL_FOREACH(self->readers, reader)
    {
        copies += reader->stored >= seq && peers_is_self(self->peers, reader->owner, reader->boot);
    }
    return copies;
}
