#include "cluster/feed/feed_inside.h"
#include "cluster/store/record_codec.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_FRAME_BYTES 80  // what a packed record has beside its texts and body, at most

static size_t bytes_of(size_t id, size_t owner, size_t body)
{
    return RECORD_FRAME_BYTES + id + owner + body;
}

size_t records_bytes(const struct record *record)
{
    return bytes_of(strlen(record->id), strlen(record->version.owner), record->body.bytes);
}

void record_list_clear(struct record_list *list, size_t bytes_max)
{
    list->count = 0;
    list->bytes = 0;
    list->bytes_max = bytes_max;
}

bool record_list_add(struct record_list *list, const struct record *record)
{
    size_t bytes = records_bytes(record);
    if (list->count > 0 && list->bytes + bytes > list->bytes_max)
        return false;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->messages = check_realloc(list->messages, list->capacity * sizeof *list->messages);
        list->versions = check_realloc(list->versions, list->capacity * sizeof *list->versions);
        list->pointers = check_realloc(list->pointers, list->capacity * sizeof *list->pointers);
        for (uint32_t i = 0; i < list->capacity; i++)
            list->pointers[i] = &list->messages[i];
        for (uint32_t i = 0; i < list->count; i++)
            list->messages[i].version = &list->versions[i];
    }
    record_to_message(record, &list->messages[list->count], &list->versions[list->count]);
    list->count++;
    list->bytes += bytes;
    return true;
}

void record_list_close(struct record_list *list)
{
    free(list->messages);
    free(list->versions);
    free(list->pointers);
    *list = (struct record_list){0};
}

size_t records_take(struct feed *self, Rec__Record *const *records, size_t count, const struct lane *lane)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct record record;
        if (!record_from_message(records[i], &record)) {
            self->counts.refused++;
            continue;
        }
        if (lane != NULL && (strcmp(record.version.owner, lane->owner) != 0 || record.version.boot != lane->boot)) {
            self->counts.foreign++;
            continue;
        }
        bytes += records_bytes(&record);
        self->counts.records_in++;
        const struct record *here;
        enum store_taken taken = store_take(self->store, &record, &here);
        self->counts.refused += taken == STORE_REFUSED;
        if (taken != STORE_TAKEN)
            continue;
        self->counts.mended += lane == NULL;
        self->events.record(self->events.context, here);
    }
    return bytes;
}
