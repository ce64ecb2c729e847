// Answers to questions: rows in parts, each part one message.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT_PART_BYTES ((size_t)48 * 1024)
#define NODES_PART_LINKS 512

void answers_say(const struct reply *reply, Cli__Answer *answer, bool last)
{
    answer->query = reply->query;
    answer->last = last;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
    message.answer = answer;
    sessions_say(reply->node->sessions, reply->session, &message);
}

static void refuse(const struct reply *reply, const char *reason, const char *detail, const Cli__NextNode *elsewhere)
{
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)reply->query);
    sessions_refuse(reply->node->sessions, reply->session, reason, detail, what, elsewhere, NULL, 0);
}

void answers_refuse(const struct reply *reply, const char *reason, const char *detail)
{
    Cli__NextNode next;
    bool has_next = node_next_nodes(reply->node, &next, 1) > 0;
    refuse(reply, reason, detail, has_next ? &next : NULL);
}

bool answers_is_for_other(const struct reply *reply, const char *name)
{
    Cli__NextNode other;
    if (strcmp(name, reply->node->config->self.name) == 0)
        return false;
    if (node_card_of(reply->node, name, &other))
        refuse(reply, "other_node", "only the node itself can be asked that", &other);
    else
        refuse(reply, "unknown_node", "there is no such node", NULL);
    return true;
}

bool answers_lack_directory(struct node *node, const struct reply *reply)
{
    if (node->directory == NULL)
        answers_refuse(reply, "no_directory", "this node has no directory yet: apply one");
    return node->directory == NULL;
}

// ---- nodes

struct nodes_answer {
    Cli__NodeRow rows[PEERS_MAX + 1], *pointers[PEERS_MAX + 1];
    Cli__LinkRow links[PEERS_MAX + 1][PEERS_MAX], *link_pointers[PEERS_MAX + 1][PEERS_MAX];
};

static Cli__LinkRow *add_link(struct nodes_answer *answer, Cli__NodeRow *row, const char *to)
{
    uint32_t of = (uint32_t)(row - answer->rows);
    row->links = answer->link_pointers[of];
    Cli__LinkRow *link = row->links[row->n_links] = &answer->links[of][row->n_links];
    row->n_links++;
    cli__link_row__init(link);
    link->to = (char *)to;
    return link;
}

static void add_own_links(const struct node *node, struct nodes_answer *answer, Cli__NodeRow *row)
{
    for (uint32_t to = 0; to < peers_count(node->peers); to++) {
        const struct peer *peer = peers_at(node->peers, to);
        if (peer->let_go)
            continue;
        Cli__LinkRow *link = add_link(answer, row, peer->card.name);
        link->up = peer->up && peer->via < 0;
        link->rtt_us = link->up ? peer->rtt_us : 0;
        link->lag = feed_lag(node->feed, to);
    }
}

static void add_links_of(const struct node *node, struct nodes_answer *answer, Cli__NodeRow *row, uint32_t from)
{
    if (!peers_at(node->peers, from)->heard)
        return;
    for (int32_t to = -1; to < (int32_t)peers_count(node->peers); to++) {
        if (to == (int32_t)from || (to >= 0 && peers_at(node->peers, (uint32_t)to)->let_go))
            continue;
        struct peers_seen seen = {.linked = false};
        bool sees = peers_sees(node->peers, from, to, &seen);
        Cli__LinkRow *link =
            add_link(answer, row, to < 0 ? node->config->self.name : peers_at(node->peers, (uint32_t)to)->card.name);
        link->up = seen.linked;
        link->rtt_us = seen.linked ? seen.rtt_us : 0;
        link->lag = sees ? feed_lag_of(node->feed, from, to) : 0;
    }
}

static void fill_peer(const struct node *node, struct nodes_answer *answer, Cli__NodeRow *row, uint32_t index)
{
    const struct peer *peer = peers_at(node->peers, index);
    row->state = (char *)(peer->up ? "up" : "down");
    row->boot = peer->boot;
    row->version = (char *)peer->program;
    row->protocol = peer->speaks;
    row->draining = peer->draining;
    row->restored = peer->restored;
    row->via = (char *)peers_via(node->peers, index);
    row->rtt_us = peer->rtt_us;
    row->skew_ms = peer->skew_ms;
    row->lag = feed_lag(node->feed, index);
    add_links_of(node, answer, row, index);
}

static void fill_self(const struct node *node, struct nodes_answer *answer, Cli__NodeRow *row)
{
    row->state = (char *)"self";
    row->boot = node->boot;
    row->version = (char *)HOTLINE_VERSION;
    row->protocol = node->speaks;
    row->draining = drain_is_on(node);
    row->restored = restored_waits(node);
    add_own_links(node, answer, row);
}

static void answer_nodes(struct node *node, const struct reply *reply)
{
    struct nodes_answer *nodes = check_alloc(sizeof *nodes);
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.nodes = nodes->pointers;
    size_t links = 0;
    for (uint32_t i = 0; i <= peers_count(node->peers); i++) {
        if (i > 0 && peers_at(node->peers, i - 1)->let_go)
            continue;
        if (links > NODES_PART_LINKS) {
            answers_say(reply, &answer, false);
            links = answer.n_nodes = 0;
        }
        Cli__NodeRow *row = nodes->pointers[answer.n_nodes] = &nodes->rows[answer.n_nodes];
        answer.n_nodes++;
        cli__node_row__init(row);
        const struct peers_card *card = i == 0 ? &node->config->self : &peers_at(node->peers, i - 1)->card;
        row->node = (char *)card->name;
        row->site = (char *)card->site;
        row->client = (char *)card->client;
        row->primary = node->directory != NULL && strcmp(node->directory->primary, card->name) == 0;
        reading_load(node->board, card->name, &row->desks, &row->calls);
        if (i == 0)
            fill_self(node, nodes, row);
        else
            fill_peer(node, nodes, row, i - 1);
        links += row->n_links;
    }
    answers_say(reply, &answer, true);
    free(nodes);
}

// ---- queues, digest, export

static uint32_t permille(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (uint32_t)((uint64_t)part * 1000 / whole);
}

static void answer_queues(struct node *node, const struct reply *reply)
{
    if (answers_lack_directory(node, reply))
        return;
    Cli__QueueRow rows[DIRECTORY_QUEUES_MAX], *pointers[DIRECTORY_QUEUES_MAX];
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.queues = pointers;
    for (uint32_t i = 0; i < node->directory->queue_count; i++) {
        const struct directory_queue *queue = &node->directory->queues[i];
        struct reading_queue reading;
        reading_queue(node->board, node->now, i, &reading);
        Cli__QueueRow *row = pointers[answer.n_queues++] = &rows[i];
        cli__queue_row__init(row);
        uint32_t ended = reading.answered + reading.abandoned + reading.expired;
        row->queue = (char *)queue->id;
        row->priority = queue->priority;
        row->waiting = reading.waiting;
        row->longest_ms = reading.longest_ms;
        row->asa_ms = reading.asa_ms;
        row->answered = reading.answered;
        row->abandoned = reading.abandoned;
        row->expired = reading.expired;
        row->called_back = reading.called_back;
        row->service_level_permille = permille(reading.answered_in_target, ended);
        row->abandonment_permille = permille(reading.abandoned, ended);
        row->ewt_s = reading.ewt_s;
        row->target_percent = queue->target_percent;
        row->target_ms = queue->target_ms;
    }
    answers_say(reply, &answer, true);
}

static void answer_digest(struct node *node, const struct reply *reply)
{
    Cli__Digest digest = CLI__DIGEST__INIT;
    digest.digest = store_digest(node->store);
    digest.records = store_counts(node->store).in_digest;
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.digest = &digest;
    answers_say(reply, &answer, true);
}

static void answer_export(struct node *node, const struct reply *reply)
{
    if (answers_lack_directory(node, reply))
        return;
    struct bytes encoded = {0};
    directory_encode(node->directory, &encoded);
    uint32_t count = (uint32_t)((encoded.count + EXPORT_PART_BYTES - 1) / EXPORT_PART_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = (size_t)i * EXPORT_PART_BYTES;
        size_t left = encoded.count - offset;
        Cli__ExportPart part = CLI__EXPORT_PART__INIT;
        part.index = i;
        part.count = count;
        part.claim = node->directory_version.claim;
        part.revision = node->directory_version.revision;
        part.bytes = (ProtobufCBinaryData){left < EXPORT_PART_BYTES ? left : EXPORT_PART_BYTES, encoded.data + offset};
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.export = &part;
        answers_say(reply, &answer, i + 1 == count);
    }
    bytes_close(&encoded);
}

// Every look at callers' numbers; who follows all events is written down once for its connection.
static void audit_look(struct node *node, uint64_t session, const Cli__Query *query)
{
    bool follows = query->what == CLI__QUERY__WHAT__EVENTS;
    if (!follows || sessions_first_look(node->sessions, session))
        audit_write(node, session, "show-numbers",
                    follows                  ? "events"
                    : query->call[0] != '\0' ? query->call
                                             : "calls",
                    "");
}

void answers_query(struct node *node, uint64_t session, const Cli__Query *query)
{
    struct reply reply = {node, session, query->query};
    if (query->show_numbers)
        audit_look(node, session, query);
    switch (query->what) {
    case CLI__QUERY__WHAT__STATUS:
        answer_status(node, &reply);
        break;
    case CLI__QUERY__WHAT__NODES:
        answer_nodes(node, &reply);
        break;
    case CLI__QUERY__WHAT__AGENTS:
        answer_agents(node, &reply);
        break;
    case CLI__QUERY__WHAT__CALLS:
        answer_calls(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__QUEUES:
        answer_queues(node, &reply);
        break;
    case CLI__QUERY__WHAT__FIND:
        answer_find(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__EXPLAIN:
        answer_explain(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__DIGEST:
        answer_digest(node, &reply);
        break;
    case CLI__QUERY__WHAT__EXPORT:
        answer_export(node, &reply);
        break;
    case CLI__QUERY__WHAT__EVENTS:
        answer_events(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__SELFTEST:
        answer_selftest(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__AUDIT:
        answer_audit(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__DRAIN:
    case CLI__QUERY__WHAT__UNDRAIN:
        drain_query(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__BACKUP:
        answer_backup(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__TRUST_BACKUP:
        restored_trust(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__WHAT_UNSET:
    case _CLI__QUERY__WHAT_IS_INT_SIZE:
        answers_refuse(&reply, "unknown_question", "this node does not know the question");
        break;
    }
}
