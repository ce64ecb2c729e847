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

void endpoints_measured(struct endpoints *self, int index, uint32_t rtt_us, uint64_t now_us)
{
    if (index == ENDPOINT_NONE)
        return;
    self->list[index].rtt_us = rtt_us > 0 ? rtt_us : 1;
    self->list[index].measured_us = now_us;
}

void endpoints_told_rtt(struct endpoints *self, int index, uint32_t rtt_us)
{
    if (index != ENDPOINT_NONE && rtt_us != 0)
        self->list[index].told_rtt_us = rtt_us;
}

static uint32_t way_us(const struct endpoint *endpoint)
{
    if (endpoint->rtt_us != 0)
        return endpoint->rtt_us;
    return endpoint->told_rtt_us != 0 ? endpoint->told_rtt_us : UINT32_MAX;
}

bool endpoints_is_before(const struct endpoints *self, int left, int right)
{
    const struct endpoint *one = &self->list[left], *other = &self->list[right];
    if (way_us(one) != way_us(other))
        return way_us(one) < way_us(other);
    int names = strcmp(one->node, other->node);
    return names != 0 ? names < 0 : left < right;
}

static bool is_other(const struct endpoints *self, int index, const int *used, uint32_t used_count, uint64_t now_us)
{
    if (now_us < self->list[index].rests_until_us)
        return false;
    for (uint32_t i = 0; i < used_count; i++) {
        if (used[i] == ENDPOINT_NONE)
            continue;
        const char *node = self->list[used[i]].node;
        if (index == used[i] || (node[0] != '\0' && strcmp(node, self->list[index].node) == 0))
            return false;
    }
    return true;
}

int endpoints_choose(struct endpoints *self, const int *used, uint32_t used_count, uint64_t now_us)
{
    int preferred = self->preferred - 1;
    self->preferred = 0;
    if (preferred != ENDPOINT_NONE && is_other(self, preferred, used, used_count, now_us))
        return preferred;
    int best = ENDPOINT_NONE;
    for (int i = 0; i < self->count; i++) {
        if (!is_other(self, i, used, used_count, now_us))
            continue;
        uint64_t failed = self->list[i].failed, best_failed = best == ENDPOINT_NONE ? 0 : self->list[best].failed;
        if (best == ENDPOINT_NONE || failed < best_failed ||
            (failed == best_failed && endpoints_is_before(self, i, best)))
            best = i;
    }
    return best;
}

int endpoints_choose_unmeasured(const struct endpoints *self, const int *used, uint32_t used_count, uint64_t now_us)
{
    int best = ENDPOINT_NONE;
    for (int i = 0; i < self->count; i++)
        if (self->list[i].failed == 0 && is_other(self, i, used, used_count, now_us) &&
            (best == ENDPOINT_NONE || self->list[i].measured_us < self->list[best].measured_us))
            best = i;
    return best;
}
