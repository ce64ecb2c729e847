// What test calls found, told between nodes: each its own at once, and all of them to a peer that comes up.
#include "node/node_private.h"
#include "node/selftest/results.h"

#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <string.h>

#define ROWS_PER_TELL 100

static void fill(Peer__TestRow *row, const char *site, const struct result *result)
{
    peer__test_row__init(row);
    row->site = (char *)site;
    row->result = (Rec__TestResult)result->result;
    row->agent = (char *)result->agent;
    row->node = (char *)result->node;
    row->took_us = result->took_us;
}

static void say(struct node *self, const char *to, Peer__TestRow **rows, size_t count)
{
    Peer__TestTell tell = PEER__TEST_TELL__INIT;
    tell.rows = rows;
    tell.n_rows = count;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_TEST_TELL;
    talk.test_tell = &tell;
    node_talk(self, to, &talk, SELFTEST_PEERS_SINCE);
}

void selftest_tell(struct node *self, const char *site, const struct result *result)
{
    Peer__TestRow row, *rows[] = {&row};
    fill(&row, site, result);
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        if (peer->up && peer->speaks >= SELFTEST_PEERS_SINCE)
            say(self, peer->card.name, rows, 1);
    }
}

struct telling {
    struct node *node;
    const char *to;
    Peer__TestRow rows[ROWS_PER_TELL], *pointers[ROWS_PER_TELL];
    size_t count;
};

static void tell_rows(struct telling *self)
{
    if (self->count > 0)
        say(self->node, self->to, self->pointers, self->count);
    self->count = 0;
}

static void add_row(void *context, const struct results_row *from)
{
    struct telling *self = context;
    if (strcmp(from->tester, self->node->config->self.name) != 0)
        return;
    Peer__TestRow *row = self->pointers[self->count] = &self->rows[self->count];
    fill(row, from->site, from->result);
    row->age_ms = (self->node->now.mono_us - from->at_us) / 1000;
    if (++self->count == ROWS_PER_TELL)
        tell_rows(self);
}

void selftest_peer_up(struct node *self, uint32_t index)
{
    const struct peer *peer = peers_at(self->peers, index);
    struct telling telling = {.node = self, .to = peer->card.name};
    if (peer->speaks < SELFTEST_PEERS_SINCE)
        return;
    results_each(selftest_results(self), add_row, &telling);
    tell_rows(&telling);
}

void selftest_told(struct node *self, const char *from, const Peer__TestTell *tell)
{
    for (size_t i = 0; i < tell->n_rows && selftest_is_on(self); i++) {
        const Peer__TestRow *row = tell->rows[i];
        uint64_t age_us = row->age_ms < self->now.mono_us / 1000 ? row->age_ms * 1000 : self->now.mono_us;
        struct result result = {.result = (uint32_t)row->result, .took_us = row->took_us};
        text_copy(result.agent, sizeof result.agent, row->agent);
        text_copy(result.node, sizeof result.node, row->node);
        bool is_known = row->site[0] == '\0' ||
                        (self->directory != NULL && directory_find_site(self->directory, row->site) != DIRECTORY_NONE);
        if (is_known)
            results_put(selftest_results(self), from, row->site, &result, self->now.mono_us - age_us);
    }
}
