#include "chaos/sim/observers.h"

#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "chaos/sim/lost.h"

#include <stdlib.h>
#include <string.h>

#define ANSWERS_US (1500 * SIM_MS_US)
#define KEPT_AT_ONCE 32  // questions to a node; a client takes no more than 64

static struct sim *sim_of(const struct observer *self)
{
    return self->edge.sim;
}

static void begin(struct observer *self)
{
    char nodes[EDGE_NODES_BYTES];
    if (edge_runs(&self->edge))
        return;
    sim_endpoint(sim_of(self), self->node, nodes, sizeof nodes);
    edge_begin(&self->edge, 0);
    struct hotline_query_options options = {.nodes = nodes, .user = self};
    enum hotline_result result;
    edge_started(&self->edge, client_query_create(&self->edge.wire, &options, &result));
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct observer *self = user;
    if (answer->result != HOTLINE_ANSWER_DONE)
        sim_remark(sim_of(self), "node %u did not answer an observer", self->node);
}

static void ask(struct observer *self, enum hotline_question what, const char *call, uint32_t timeout_ms,
                hotline_row_callback *on_row, hotline_done_callback *on_answer)
{
    struct hotline_question_args args = {.call = call};
    check(hotline_ask(self->edge.client, what, &args, timeout_ms, on_row, on_answer) == HOTLINE_OK);
}

// ---- the directory

static void apply(void *subject, uint64_t life);

static void apply_done(void *user, const struct hotline_answer *answer)
{
    struct observer *self = user;
    sim_remark(sim_of(self), "apply %s %s", answer->result == HOTLINE_ANSWER_DONE ? "done" : "not done",
               answer->reason != NULL ? answer->reason : "");
    bool is_written = answer->result == HOTLINE_ANSWER_DONE ||
                      (answer->reason != NULL && strcmp(answer->reason, "directory_changed") == 0);
    if (!is_written)
        agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + 100 * SIM_MS_US, apply, self, self->edge.host.life);
}

static void apply(void *subject, uint64_t life)
{
    struct observer *self = subject;
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    const struct bytes *directory = &sim_of(self)->directory;
    hotline_apply(self->edge.client, directory->data, directory->count, 0, 0, true, 2000, NULL, apply_done);
    edge_settle(&self->edge);
}

void observers_apply(struct sim *sim)
{
    struct observer *self = sim->observers[0];
    begin(self);
    apply(self, self->edge.host.life);
}

// ---- is everything there?

static void on_look_row(void *user, const struct hotline_row *row)
{
    struct observer *self = user;
    if (row->type == HOTLINE_ROW_NODE)
        self->ups += strcmp(row->node.state, "down") != 0;
    else if (row->type == HOTLINE_ROW_STATUS && strcmp(row->status.name, "directory") == 0)
        self->has_directory = strcmp(row->status.text, "none") != 0;
}

void observers_look(struct sim *sim)
{
    observers_connect(sim);
    for (uint32_t i = 0; i < sim->node_count; i++) {
        struct observer *self = sim->observers[i];
        self->ups = 0;
        self->has_directory = false;
        ask(self, HOTLINE_NODES, NULL, 1000, on_look_row, on_done);
        ask(self, HOTLINE_STATUS, NULL, 1000, on_look_row, on_done);
        edge_settle(&self->edge);
    }
}

bool observers_see_all(const struct sim *sim)
{
    bool all = true;
    for (uint32_t i = 0; i < sim->node_count; i++)
        all = all && sim->observers[i]->ups >= sim->node_count && sim->observers[i]->has_directory;
    return all;
}

// ---- the end

void observers_connect(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->node_count; i++)
        begin(sim->observers[i]);
}

static void on_open_row(void *user, const struct hotline_row *row)
{
    struct observer *self = user;
    if (row->type == HOTLINE_ROW_CALL)
        self->open += strcmp(row->call.state, "ended") != 0;
    else if (row->type == HOTLINE_ROW_STATUS && strcmp(row->status.name, "promises_open") == 0)
        self->open += row->status.number;
}

static void on_open_done(void *user, const struct hotline_answer *answer)
{
    struct observer *self = user;
    self->answers = answer->result == HOTLINE_ANSWER_DONE;
}

void observers_count_open(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->node_count; i++) {
        struct observer *self = sim->observers[i];
        self->open = 0;
        self->answers = false;
        ask(self, HOTLINE_STATUS, NULL, 900, on_open_row, on_done);
        ask(self, HOTLINE_CALLS, NULL, 900, on_open_row, on_open_done);
        edge_settle(&self->edge);
    }
}

uint64_t observers_open(const struct sim *sim)
{
    uint64_t open = 0, answers = 0;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        const struct observer *self = sim->observers[i];
        answers += self->answers;
        open = self->answers && self->open > open ? self->open : open;
    }
    return answers == 0 ? 1 : open;
}

// ---- what became of lost calls

// Of the call itself, or of its last call-back, which then speaks for it.
static const char *kept_as(const struct hotline_row *row)
{
    bool is_call_back = row->explain.call_back[0] != '\0', ended = strcmp(row->explain.state, "ended") == 0;
    if (is_call_back && strcmp(row->explain.reason, "answered") == 0)
        return "called_back_done";
    if (is_call_back && strcmp(row->explain.reason, "expired") == 0)
        return "called_back_expired";
    if (is_call_back && ended)
        return row->explain.reason;
    if (is_call_back)
        return row->explain.state;
    if (!ended || strcmp(row->explain.reason, "called_back") == 0)
        return "owed";
    return row->explain.reason;
}

static struct lost *find_lost(struct sim *sim, const char *call)
{
    struct lost *lost = sim->lost;
    while (lost != NULL && strcmp(lost->id, call) != 0)
        lost = lost->next;
    return lost;
}

static void on_kept_row(void *user, const struct hotline_row *row)
{
    struct observer *self = user;
    if (row->type != HOTLINE_ROW_EXPLAIN)
        return;
    const char *by = row->explain.called_back_by;
    if (by[0] != '\0') {
        struct lost *asked = find_lost(sim_of(self), row->explain.call);
        if (asked != NULL && strncmp(by, asked->id, strlen(asked->id)) != 0)
            text_copy(asked->kept_by, sizeof asked->kept_by, by);
        ask(self, HOTLINE_EXPLAIN, by, 1000, on_kept_row, on_done);
        return;
    }
    const char *call = row->explain.call_back[0] != '\0' ? row->explain.call_back : row->explain.call;
    sim_tell(sim_of(self), (struct history_event){.word = HISTORY_KEPT, .call = call, .reason = kept_as(row)});
    for (const struct lost *lost = sim_of(self)->lost; lost != NULL; lost = lost->next)
        if (strcmp(lost->kept_by, row->explain.call) == 0)
            sim_tell(sim_of(self),
                     (struct history_event){.word = HISTORY_KEPT, .call = lost->id, .reason = kept_as(row)});
}

uint32_t observers_tell_kept(struct sim *sim)
{
    uint32_t turn = 0, count = 0, asked[SIM_NODES_MAX] = {0};
    for (struct lost *lost = sim->lost; lost != NULL; lost = lost->next)
        for (uint32_t tries = 0; tries < sim->node_count && !lost->is_asked_for; tries++) {
            uint32_t node = turn++ % sim->node_count;
            if (!sim->observers[node]->answers || asked[node] == KEPT_AT_ONCE)
                continue;
            ask(sim->observers[node], HOTLINE_EXPLAIN, lost->id, 1000, on_kept_row, on_done);
            lost->is_asked_for = true;
            asked[node]++;
            count++;
        }
    for (uint32_t i = 0; i < sim->node_count; i++)
        edge_settle(&sim->observers[i]->edge);
    return count;
}

static void on_wrap_row(void *user, const struct hotline_row *row)
{
    struct observer *self = user;
    char node[32];
    if (row->type != HOTLINE_ROW_EXPLAIN)
        return;
    city_node_name(self->node, node, sizeof node);
    sim_tell(sim_of(self), (struct history_event){.word = HISTORY_DISPOSITION,
                                                  .node = node,
                                                  .call = row->explain.call,
                                                  .reason = row->explain.disposition});
}

void observers_tell_wraps(struct sim *sim)
{
    uint32_t count = sim->wrapped_count < SIM_WRAPPED_MAX ? sim->wrapped_count : SIM_WRAPPED_MAX;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        for (uint32_t k = 0; k < count && sim->observers[i]->answers; k++)
            ask(sim->observers[i], HOTLINE_EXPLAIN, sim->wrapped[k], 900, on_wrap_row, on_done);
        edge_settle(&sim->observers[i]->edge);
    }
}

static void count_relays(struct sim *sim, const struct hotline_row *row)
{
    if (strcmp(row->status.name, "relayed") == 0)
        sim->met.counts[MET_relayed] += row->status.number;
    if (strcmp(row->status.name, "relay_dropped") == 0)
        sim->met.counts[MET_relay_dropped] += row->status.number;
}

static void on_row(void *user, const struct hotline_row *row)
{
    struct observer *self = user;
    struct sim *sim = sim_of(self);
    char node[32];
    city_node_name(self->node, node, sizeof node);
    if (row->type == HOTLINE_ROW_DIGEST) {
        self->digest = row->digest.digest;
        self->records = row->digest.records;
        self->has_digest = true;
    } else if (row->type == HOTLINE_ROW_NODE && strcmp(row->node.state, "self") != 0) {
        sim_tell(sim, (struct history_event){
                          .word = HISTORY_LAG, .node = node, .party = row->node.node, .number = row->node.lag});
    } else if (row->type == HOTLINE_ROW_STATUS) {
        count_relays(sim, row);
        bool is_telling = strcmp(row->status.name, "digests_differ") == 0 || strcmp(row->status.name, "mended") == 0 ||
                          strcmp(row->status.name, "version_clashes") == 0;
        if (strcmp(row->status.name, "orphan_states") == 0)
            sim_tell(sim, (struct history_event){.word = HISTORY_ORPHANS, .node = node, .number = row->status.number});
        if (is_telling && row->status.number > 0)
            sim_remark(sim, "%s %s=%llu", node, row->status.name, (unsigned long long)row->status.number);
    }
}

static void tell_digests(void *subject, uint64_t number)
{
    (void)number;
    struct sim *sim = subject;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        char node[32];
        city_node_name(i, node, sizeof node);
        if (sim->observers[i]->has_digest)
            sim_tell(sim, (struct history_event){.word = HISTORY_DIGEST,
                                                 .node = node,
                                                 .number = sim->observers[i]->digest,
                                                 .records = sim->observers[i]->records});
    }
}

void observers_ask(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->node_count; i++) {
        struct observer *self = sim->observers[i];
        self->has_digest = false;
        ask(self, HOTLINE_DIGEST, NULL, 1000, on_row, on_done);
        ask(self, HOTLINE_NODES, NULL, 1000, on_row, on_done);
        ask(self, HOTLINE_STATUS, NULL, 1000, on_row, on_done);
        edge_settle(&self->edge);
    }
    agenda_at(&sim->agenda, sim_now(sim) + ANSWERS_US, tell_digests, sim, 0);
}

// ---- life

void observers_create(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->node_count; i++) {
        struct observer *self = sim->observers[i] = check_alloc(sizeof *self);
        self->node = i;
        edge_init(&self->edge, sim, city_node_region(i), 900000 + i, KEY_ROLE_ADMIN, CITY_ADMIN);
    }
}

void observers_free(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->node_count; i++) {
        if (sim->observers[i] != NULL && edge_runs(&sim->observers[i]->edge))
            hotline_client_abandon(sim->observers[i]->edge.client);
        free(sim->observers[i]);
    }
}
