#include "node/sessions/parties.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_US ((uint64_t)1000 * 1000)
#define SHUT_OUT_US (2 * SECOND_US)

struct party *parties_find(const struct parties *self, const char *key)
{
    struct party *party;
    HASH_FIND_STR(self->table, key, party);
    return party;
}

struct party *parties_need(struct parties *self, const char *key)
{
    struct party *party = parties_find(self, key);
    if (party != NULL)
        return party;
    party = check_alloc(sizeof *party);
    text_copy(party->key, sizeof party->key, key);
    HASH_ADD_STR(self->table, key, party);
    return party;
}

void parties_sweep(struct parties *self, uint64_t now_us)
{
    struct party *party, *next;
    HASH_ITER(hh, self->table, party, next)
    {
        if (party->sessions > 0 || party->spent_us > now_us || party->shut_out_us > now_us)
            continue;
        HASH_DEL(self->table, party);
        free(party);
    }
}

void parties_close(struct parties *self)
{
    struct party *party, *next;
    HASH_ITER(hh, self->table, party, next)
    {
        HASH_DEL(self->table, party);
        free(party);
    }
}

enum party_hearing party_hear(struct party *self, uint64_t now_us, uint32_t messages_s)
{
    uint64_t from_us = self->spent_us > now_us ? self->spent_us : now_us;
    if (from_us - now_us <= SECOND_US) {
        self->spent_us = from_us + SECOND_US / messages_s;
        return PARTY_HEARD;
    }
    if (now_us > self->over_from_us + SECOND_US) {
        self->over_from_us = now_us;
        self->over = 0;
    }
    if (++self->over < 2 * messages_s)
        return PARTY_OVER_RATE;
    self->over = 0;
    self->shut_out_us = now_us + SHUT_OUT_US;
    return PARTY_SHUT_OUT;
}
