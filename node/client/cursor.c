#include "node/client/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_TEXT_BYTES (NAME_MAX_BYTES + 64)

void cursor_close(struct cursor *self)
{
    free(self->places);
    *self = (struct cursor){0};
}

void cursor_copy(struct cursor *self, const struct cursor *from)
{
    cursor_close(self);
    for (uint32_t i = 0; i < from->count; i++)
        cursor_advance(self, from->places[i].owner, from->places[i].boot, from->places[i].seq, from->places[i].since);
}

// Where the feed stands, or belongs.
static uint32_t find(const struct cursor *self, const char *owner, uint64_t boot, bool *ret_found)
{
    uint32_t low = 0, high = self->count;
    *ret_found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct cursor_place *place = &self->places[middle];
        int order = strcmp(place->owner, owner);
        if (order == 0)
            order = place->boot < boot ? -1 : place->boot > boot;
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t cursor_at(const struct cursor *self, const char *owner, uint64_t boot)
{
    bool found;
    uint32_t at = find(self, owner, boot, &found);
    return found ? self->places[at].seq : 0;
}

bool cursor_is_owner(const char *owner)
{
    return text_is_name(owner[0] == '~' ? owner + 1 : owner, NAME_MAX_BYTES);
}

bool cursor_advance(struct cursor *self, const char *owner, uint64_t boot, uint64_t seq, uint64_t since)
{
    bool found;
    uint32_t at = find(self, owner, boot, &found);
    if (found) {
        if (self->places[at].seq < seq)
            self->places[at].seq = seq;
        return true;
    }
    if (self->count == CURSOR_PLACES_MAX)
        return false;
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 16 : 2 * self->capacity;
        self->places = check_realloc(self->places, self->capacity * sizeof *self->places);
    }
    memmove(&self->places[at + 1], &self->places[at], (self->count - at) * sizeof *self->places);
    self->count++;
    self->places[at] = (struct cursor_place){.boot = boot, .seq = seq, .since = since};
    return text_copy(self->places[at].owner, sizeof self->places[at].owner, owner);
}

static bool read_number(const char **at, int base, uint64_t *ret_number)
{
    char *end;
    // strtoull takes signs and spaces, a cursor does not.
    if (strchr("0123456789abcdef", **at) == NULL || **at == '\0')
        return false;
    *ret_number = strtoull(*at, &end, base);
    bool some = end != *at;
    *at = end;
    return some;
}

bool cursor_read(struct cursor *self, const char *text)
{
    struct cursor read = {0};
    const char *at = text;
    while (*at != '\0') {
        char owner[NAME_MAX_BYTES + 2];
        bool is_late = *at == '~';
        size_t bytes = is_late + strcspn(at + is_late, "~");
        uint64_t boot, seq, since = 0;
        if (bytes >= sizeof owner || at[bytes] == '\0')
            break;
        memcpy(owner, at, bytes);
        owner[bytes] = '\0';
        at += bytes + 1;
        if (!cursor_is_owner(owner) || !read_number(&at, 16, &boot) || *at++ != '~' || !read_number(&at, 10, &seq) ||
            (is_late && (*at++ != '~' || !read_number(&at, 10, &since))) ||
            !cursor_advance(&read, owner, boot, seq, since))
            break;
        if (*at == '\0') {
            cursor_close(self);
            *self = read;
            return true;
        }
        if (*at++ != ',')
            break;
    }
    cursor_close(&read);
    if (text[0] == '\0')
        cursor_close(self);
    return text[0] == '\0';
}

char *cursor_write(const struct cursor *self)
{
    char *text = check_alloc(self->count * PLACE_TEXT_BYTES + 1), *at = text;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct cursor_place *place = &self->places[i];
        at += snprintf(at, PLACE_TEXT_BYTES, "%s%s~%" PRIx64 "~%" PRIu64, i == 0 ? "" : ",", place->owner, place->boot,
                       place->seq);
        if (place->owner[0] == '~')
            at += snprintf(at, PLACE_TEXT_BYTES, "~%" PRIu64, place->since);
    }
    return text;
}
