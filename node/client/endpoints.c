#include "node/client/endpoints.h"

#include <string.h>

static bool is_address(const char *text, size_t bytes)
{
    if (bytes == 0 || bytes > CLIENT_ENDPOINT_MAX_BYTES || memmem(text, bytes, "://", 3) == NULL)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

static int add(struct endpoints *self, const char *address, size_t bytes, const char *node)
{
    for (int i = 0; i < self->count; i++) {
        struct endpoint *known = &self->list[i];
        if (strlen(known->address) == bytes && memcmp(known->address, address, bytes) == 0) {
            if (node[0] != '\0')
                text_copy(known->node, sizeof known->node, node);
            return i;
        }
    }
    if (self->count == ENDPOINTS_MAX)
        return ENDPOINT_NONE;
    struct endpoint *fresh = &self->list[self->count];
    *fresh = (struct endpoint){.failed = 0};
    memcpy(fresh->address, address, bytes);
    text_copy(fresh->node, sizeof fresh->node, node);
    return self->count++;
}

enum hotline_result endpoints_parse(struct endpoints *self, const char *addresses)
{
    if (addresses == NULL)
        return HOTLINE_INVALID;
    for (const char *at = addresses;;) {
        size_t bytes = strcspn(at, ",");
        if (!is_address(at, bytes))
            return HOTLINE_INVALID;
        if (add(self, at, bytes, "") == ENDPOINT_NONE)
            return HOTLINE_TOO_MANY;
        if (at[bytes] == '\0')
            return HOTLINE_OK;
        at += bytes + 1;
    }
}

int endpoints_add(struct endpoints *self, const char *address, const char *node)
{
    size_t bytes = strlen(address);
    return is_address(address, bytes) ? add(self, address, bytes, node) : ENDPOINT_NONE;
}

void endpoints_prefer(struct endpoints *self, int index)
{
    self->preferred = index + 1;
}

void endpoints_failed(struct endpoints *self, int index)
{
    if (index != ENDPOINT_NONE)
        self->list[index].failed = ++self->failures;
}

void endpoints_rest(struct endpoints *self, int index, uint64_t until_us)
{
    if (index != ENDPOINT_NONE)
        self->list[index].rests_until_us = until_us;
}

uint64_t endpoints_rested_us(const struct endpoints *self, uint64_t now_us)
{
    uint64_t first = 0;
    for (int i = 0; i < self->count; i++) {
        uint64_t until_us = self->list[i].rests_until_us;
        if (until_us > now_us && (first == 0 || until_us < first))
            first = until_us;
    }
    return first;
}

void endpoints_heard(struct endpoints *self, int index, const char *node)
{
    self->list[index].failed = 0;
    if (node[0] != '\0')
        text_copy(self->list[index].node, sizeof self->list[index].node, node);
}

static bool is_other(const struct endpoints *self, int index, int used, uint64_t now_us)
{
    if (now_us < self->list[index].rests_until_us)
        return false;
    if (used == ENDPOINT_NONE)
        return true;
    const char *node = self->list[used].node;
    return index != used && (node[0] == '\0' || strcmp(node, self->list[index].node) != 0);
}

int endpoints_choose(struct endpoints *self, int used, uint64_t now_us)
{
    int preferred = self->preferred - 1;
    self->preferred = 0;
    if (preferred != ENDPOINT_NONE && is_other(self, preferred, used, now_us))
        return preferred;
    int best = ENDPOINT_NONE;
    for (int i = 0; i < self->count; i++)
        if (is_other(self, i, used, now_us) &&
            (best == ENDPOINT_NONE || self->list[i].failed < self->list[best].failed))
            best = i;
    return best;
}
