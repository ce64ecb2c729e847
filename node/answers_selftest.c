// What test calls found: a row for each node and site, of a node that tells nothing one row that says so.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/selftest/results.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_PER_PART 100
#define STALE_AFTER_INTERVALS 3

struct telling {
    const struct reply *reply;
    bool only_failing;
    const char *only;  // this node's rows; NULL: all
    bool any;          // it has some
    uint64_t stale_us;
    Cli__SelfTestRow rows[ROWS_PER_PART], *pointers[ROWS_PER_PART];
    size_t count;
};

static void say(struct telling *self, bool last)
{
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.selftests = self->pointers;
    answer.n_selftests = self->count;
    answers_say(self->reply, &answer, last);
    self->count = 0;
}

static void add(struct telling *self, const struct results_row *from)
{
    uint64_t age_us = self->reply->node->now.mono_us - from->at_us;
    bool is_stale = age_us > self->stale_us && from->result->result != REC__TEST_RESULT__TEST_OLD;
    if (self->only_failing && !is_stale && !result_is_failure(from->result->result))
        return;
    if (self->count == ROWS_PER_PART)
        say(self, false);
    Cli__SelfTestRow *row = self->pointers[self->count] = &self->rows[self->count];
    self->count++;
    cli__self_test_row__init(row);
    row->node = (char *)from->tester;
    row->site = (char *)from->site;
    row->result = (Rec__TestResult)from->result->result;
    row->agent = (char *)from->result->agent;
    row->desk_node = (char *)from->result->node;
    row->took_us = from->result->took_us;
    row->age_ms = age_us / 1000;
    row->stale = is_stale;
}

static void on_row(void *context, const struct results_row *row)
{
    struct telling *self = context;
    self->any = self->any || strcmp(row->tester, self->only) == 0;
}

// A node of an older version places none; one that has told nothing yet has from its start on to do so.
static void add_silent(struct telling *self, const char *name, uint32_t speaks, uint64_t since_us)
{
    struct result result = {.result = speaks < self->reply->node->speaks ? REC__TEST_RESULT__TEST_OLD
                                                                         : REC__TEST_RESULT__TEST_UNSET};
    self->only = name;
    self->any = false;
    results_each(selftest_results(self->reply->node), on_row, self);
    if (!self->any)
        add(self, &(struct results_row){.tester = name, .site = "", .result = &result, .at_us = since_us});
}

static void add_known(void *context, const struct results_row *row)
{
    add(context, row);
}

void answer_selftest(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    uint64_t interval_ms = node->directory == NULL ? 0 : node->directory->settings.selftest_interval_ms;
    struct telling *self = check_alloc(sizeof *self);
    *self = (struct telling){
        .reply = reply, .only_failing = query->only_failing, .stale_us = STALE_AFTER_INTERVALS * interval_ms * 1000};
    results_each(selftest_results(node), add_known, self);
    if (selftest_is_on(node) && node->directory != NULL) {
        add_silent(self, node->config->self.name, node->speaks, node->started_us);
        for (uint32_t i = 0; i < peers_count(node->peers); i++) {
            const struct peer *peer = peers_at(node->peers, i);
            if (peer->up)
                add_silent(self, peer->card.name, peer->speaks, node->started_us);
        }
    }
    say(self, true);
    free(self);
}
