// Which choices there are in a state, what each does, and how it is told.
#include "chaos/model/inside.h"

#include <stdio.h>
#include <string.h>

struct list {
    struct choice *choices;
    uint32_t count;
};

static void add(struct list *to, enum choice_kind kind, uint32_t a, uint32_t b, uint32_t c)
{
    check(to->count < CHOICES_MAX);
    to->choices[to->count++] = (struct choice){(uint8_t)kind, (uint8_t)a, (uint8_t)b, (uint8_t)c};
}

// ---- the network

static bool is_deliverable(const struct state *now, const struct parcel *parcel)
{
    return now->running[parcel->to] &&
           (parcel->kind == PARCEL_GONE || now->heard[parcel->to][parcel->from] == parcel->from_start);
}

static void add_parcels(const struct model *self, struct list *to)
{
    const struct state *now = &self->now;
    for (uint32_t i = 0; i < now->bag_count; i++) {
        const struct parcel *parcel = &now->bag[i];
        bool seen = false;
        for (uint32_t k = 0; k < i && !seen; k++)
            seen = memcmp(&now->bag[k], parcel, sizeof *parcel) == 0;
        if (seen || !is_deliverable(now, parcel))
            continue;
        add(to, CHOICE_DELIVER, i, 0, 0);
        if (parcel->kind != PARCEL_TALK)
            continue;
        if (now->left[LOSSES] > 0)
            add(to, CHOICE_LOSE, i, 0, 0);
        if (now->left[REPEATS] > 0)
            add(to, CHOICE_REPEAT, i, 0, 0);
    }
}

static bool hear_each_other(const struct state *now, uint32_t a, uint32_t b)
{
    return now->running[a] && now->running[b] && now->heard[a][b] == now->starts[b] &&
           now->heard[b][a] == now->starts[a];
}

static void add_copies(const struct model *self, struct list *to)
{
    const struct state *now = &self->now;
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        for (uint32_t record = 0; record < RECORDS_MAX; record++)
            for (uint32_t from = 0; from < self->scenario->nodes; from++) {
                if (from == node || !hear_each_other(now, node, from) ||
                    copy_compare(self, copy_held(self, from, record), copy_held(self, node, record)) <= 0)
                    continue;
                bool seen = false;  // from another, who comes first
                for (uint32_t k = 0; k < from && !seen; k++)
                    seen = k != node && hear_each_other(now, node, k) &&
                           copy_compare(self, copy_held(self, k, record), copy_held(self, from, record)) == 0;
                if (seen)
                    continue;
                add(to, CHOICE_COPY, node, record, from);
                if (now->left[LATE_COPIES] > 0)
                    add(to, CHOICE_LATE, node, record, from);
            }
}

static bool is_to_notice(const struct state *now, uint32_t node, uint32_t other)
{
    return other != node && now->running[node] &&
           now->heard[node][other] != (now->running[other] ? now->starts[other] : 0);
}

static void add_nodes(const struct model *self, struct list *to)
{
    const struct state *now = &self->now;
    for (uint32_t node = 0; node < self->scenario->nodes; node++) {
        if (!now->running[node]) {
            add(to, CHOICE_START, node, 0, 0);
            continue;
        }
        const struct local *local = turns_local(self, node);
        for (uint32_t i = 0; i < DEADLINES_MAX && local->deadlines[i] != 0 && now->left[DEADLINES] > 0; i++)
            add(to, CHOICE_WAKE, node, i, 0);
        for (uint32_t other = 0; other < self->scenario->nodes; other++)
            if (is_to_notice(now, node, other))
                add(to, CHOICE_NOTICE, node, other, 0);
        if (now->left[CRASHES] == 0 || (self->scenario->spared_nodes & 1u << node) != 0)
            continue;
        add(to, CHOICE_CRASH, node, 0, 0);
        if (memcmp(local->durable, local->held, sizeof local->held) != 0 ||
            memcmp(now->durable_seq[node], now->seq[node], sizeof now->seq[node]) != 0)
            add(to, CHOICE_CRASH, node, 1, 0);
    }
}

// ---- people

static uint32_t nodes_of(const struct scenario *scenario, uint32_t client)
{
    bool is_desk = client < DESKS_MAX;
    if (scenario->stays)
        return 1u << (is_desk ? scenario->desk_at[client] : scenario->gateway_at[client - DESKS_MAX]);
    return is_desk ? scenario->desk_nodes[client] : scenario->gateway_nodes[client - DESKS_MAX];
}

static bool is_client(const struct scenario *scenario, uint32_t client)
{
    return client < DESKS_MAX ? client < scenario->desks : client - DESKS_MAX < scenario->gateways;
}

static bool may_attach(const struct model *self, uint32_t client, uint32_t node)
{
    return self->now.clients[client].node == NOBODY && self->now.running[node] &&
           (nodes_of(self->scenario, client) & 1u << node) != 0;
}

static void add_clients(const struct model *self, struct list *to)
{
    const struct state *now = &self->now;
    for (uint32_t client = 0; client < CLIENTS_MAX; client++) {
        const struct client *me = &now->clients[client];
        if (!is_client(self->scenario, client))
            continue;
        if (me->inbox_count > 0)
            add(to, CHOICE_HEAR, client, 0, 0);
        if (me->node != NOBODY && now->left[REATTACHES] > 0)
            add(to, CHOICE_BREAK, client, 0, 0);
        for (uint32_t node = 0; node < self->scenario->nodes; node++)
            if (may_attach(self, client, node))
                add(to, CHOICE_ATTACH, client, node, 0);
        for (uint32_t node = 0; node < self->scenario->nodes && now->left[FORGOTTEN_CLIENTS] > 0; node++)
            if (now->running[node] && me->attach > FIRST_LOGIN << 20 && me->node != NOBODY &&
                (nodes_of(self->scenario, client) & 1u << node) != 0)
                add(to, CHOICE_FORGOTTEN, client, node, 0);
    }
}

static void add_people(const struct model *self, struct list *to)
{
    const struct state *now = &self->now;
    bool may_speak = now->left[WORDS] > 0;
    for (uint32_t desk = 0; desk < self->scenario->desks; desk++) {
        uint32_t state = now->desks[desk].state;
        if (state == DESK_RINGING)
            add(to, CHOICE_ACCEPT, desk, 0, 0);
        if (state == DESK_RINGING && may_speak)
            add(to, CHOICE_DECLINE, desk, 0, 0);
        if (state == DESK_ON_CALL && may_speak)
            add(to, CHOICE_END, desk, 0, 0);
        if (state == DESK_ACCEPTED && may_speak)
            add(to, CHOICE_NO_CALL, desk, 0, 0);
        if (state == DESK_WRAP_UP || state == DESK_NOT_READY)
            add(to, CHOICE_READY, desk, 0, 0);
    }
    for (uint32_t call = 0; call < self->scenario->calls; call++) {
        uint32_t state = now->legs[call].state;
        if (state == LEG_NONE && now->clients[DESKS_MAX + call].node != NOBODY)
            add(to, CHOICE_SUBMIT, call, 0, 0);
        if (state == LEG_CONNECTING)
            add(to, CHOICE_JOIN, call, 0, 0);
        if (state == LEG_CONNECTING && may_speak)
            add(to, CHOICE_JOIN_FAILS, call, 0, 0);
        if (state != LEG_NONE && state != LEG_HUNG_UP && state != LEG_OVER && may_speak)
            add(to, CHOICE_HANG_UP, call, 0, 0);
    }
}

uint32_t model_choices(const struct model *self, struct choice ret_choices[CHOICES_MAX])
{
    struct list list = {ret_choices, 0};
    add_clients(self, &list);
    add_people(self, &list);
    add_parcels(self, &list);
    add_copies(self, &list);
    add_nodes(self, &list);
    return list.count;
}

// ---- making one

static void deliver(struct model *self, const struct parcel *parcel)
{
    if (parcel->kind == PARCEL_GONE) {
        struct told told = {TOLD_GONE, parcel->from, parcel->content, NO_CONTENT, NO_CONTENT, 0, 0};
        turns_take(self, parcel->to, told, 0);
        return;
    }
    const struct content *content = contents_at(self->contents, parcel->content);
    uint32_t carried = parcel->kind == PARCEL_RECORD ? parcel->content : content->with;
    bool is_news = carried != NO_CONTENT && copy_compare(self, (struct version_held){carried, parcel->seq},
                                                         copy_held(self, parcel->to, content->record)) > 0;
    struct told told = {TOLD_TALK, parcel->from, 0, parcel->content, is_news ? carried : NO_CONTENT, 0, 0};
    if (parcel->kind == PARCEL_RECORD)
        told = (struct told){TOLD_RECORD, 0, 0, carried, NO_CONTENT, 0, 0};
    if (parcel->kind == PARCEL_TALK || is_news)
        turns_take(self, parcel->to, told, parcel->seq);
}

// A peer comes up or goes down; what a start that is over said, and is still under way, is heard no more.
static void notice(struct model *self, uint32_t node, uint32_t other)
{
    struct state *now = &self->now;
    uint32_t before = now->heard[node][other];
    uint32_t start = before == 0 ? now->starts[other] : before;
    now->heard[node][other] = before == 0 ? start : 0;
    for (uint32_t i = now->bag_count; i-- > 0 && before != 0;)
        if (now->bag[i].kind != PARCEL_GONE && now->bag[i].to == node && now->bag[i].from == other &&
            now->bag[i].from_start <= before)
            bag_remove(self, i);
    struct told told = {before == 0 ? TOLD_PEER_UP : TOLD_PEER_DOWN, other, start, NO_CONTENT, NO_CONTENT, 0, 0};
    turns_take(self, node, told, 0);
}

void choice_pass(struct model *self, uint32_t node, uint64_t us)
{
    turns_take(self, node, (struct told){TOLD_DEADLINE, 0, us, NO_CONTENT, NO_CONTENT, 0, 0}, 0);
}

static void start(struct model *self, uint32_t node)
{
    self->now.running[node] = 1;
    self->now.starts[node]++;
    turns_take(self, node, (struct told){TOLD_START, self->now.starts[node], 0, NO_CONTENT, NO_CONTENT, 0, 0}, 0);
}

static void crash(struct model *self, uint32_t node, bool loses_last)
{
    struct state *now = &self->now;
    turns_take(self, node, (struct told){TOLD_CRASH, loses_last, 0, NO_CONTENT, NO_CONTENT, 0, 0}, 0);
    now->running[node] = 0;
    memset(now->heard[node], 0, sizeof now->heard[node]);
    for (uint32_t i = now->bag_count; i-- > 0;)
        if (now->bag[i].to == node)
            bag_remove(self, i);
    for (uint32_t client = 0; client < CLIENTS_MAX; client++)
        if (now->clients[client].node == node)
            client_break(self, client, false);
}

static void be_prompt(struct model *self)
{
    const struct scenario *scenario = self->scenario;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t node = 0; node < scenario->nodes; node++)
            for (uint32_t other = 0; other < scenario->nodes && (scenario->prompt_peers & 1u << node) != 0; other++)
                if (is_to_notice(&self->now, node, other)) {
                    notice(self, node, other);
                    more = true;
                }
        for (uint32_t node = 0; node < scenario->nodes; node++)
            if (self->now.running[node] && (scenario->prompt_nodes & 1u << node) != 0)
                more = copy_spread_one(self, node) || more;
        for (uint32_t client = 0; client < CLIENTS_MAX; client++)
            if (self->now.clients[client].inbox_count > 0 && (scenario->prompt_clients & 1u << client) != 0) {
                client_hear(self, client);
                more = true;
            }
        for (uint32_t client = 0; client < CLIENTS_MAX; client++)
            for (uint32_t node = 0; node < scenario->nodes && (scenario->prompt_attaches & 1u << client) != 0; node++)
                if (may_attach(self, client, node)) {
                    client_attach(self, client, node, false);
                    more = true;
                }
    }
}

void choice_make(struct model *self, struct choice choice)
{
    struct state *now = &self->now;
    struct parcel parcel = {0};
    if (choice.kind == CHOICE_DELIVER || choice.kind == CHOICE_LOSE || choice.kind == CHOICE_REPEAT)
        parcel = now->bag[choice.a];
    switch ((enum choice_kind)choice.kind) {
    case CHOICE_HEAR:
        client_hear(self, choice.a);
        break;
    case CHOICE_DELIVER:
        bag_remove(self, choice.a);
        deliver(self, &parcel);
        break;
    case CHOICE_LOSE:
        now->left[LOSSES]--;
        bag_remove(self, choice.a);
        break;
    case CHOICE_REPEAT:
        now->left[REPEATS]--;
        deliver(self, &parcel);
        break;
    case CHOICE_COPY:
        copy_take(self, choice.a, choice.b, choice.c);
        break;
    case CHOICE_LATE:
        now->left[LATE_COPIES]--;
        copy_leave(self, choice.a, choice.b, choice.c);
        break;
    case CHOICE_WAKE:
        now->left[DEADLINES]--;
        choice_pass(self, choice.a, turns_local(self, choice.a)->deadlines[choice.b]);
        break;
    case CHOICE_NOTICE:
        notice(self, choice.a, choice.b);
        break;
    case CHOICE_CRASH:
        now->left[CRASHES]--;
        crash(self, choice.a, choice.b != 0);
        break;
    case CHOICE_START:
        start(self, choice.a);
        break;
    case CHOICE_BREAK:
        now->left[REATTACHES]--;
        client_break(self, choice.a, true);
        break;
    case CHOICE_ATTACH:
        client_attach(self, choice.a, choice.b, false);
        break;
    case CHOICE_FORGOTTEN:
        now->left[FORGOTTEN_CLIENTS]--;
        client_attach_forgotten(self, choice.a, choice.b);
        break;
    case CHOICE_DECLINE:
    case CHOICE_END:
    case CHOICE_NO_CALL:
        now->left[WORDS]--;
        desk_client_choose(self, choice.a, (enum choice_kind)choice.kind);
        break;
    case CHOICE_ACCEPT:
    case CHOICE_READY:
        desk_client_choose(self, choice.a, (enum choice_kind)choice.kind);
        break;
    case CHOICE_JOIN_FAILS:
    case CHOICE_HANG_UP:
        now->left[WORDS]--;
        gateway_client_choose(self, choice.a, (enum choice_kind)choice.kind);
        break;
    case CHOICE_SUBMIT:
    case CHOICE_JOIN:
        gateway_client_choose(self, choice.a, (enum choice_kind)choice.kind);
        break;
    }
    if (!self->is_healing)
        be_prompt(self);
    rules_check(self);
}

void model_choose(struct model *self, struct choice choice)
{
    self->violation[0] = '\0';
    self->is_trapping = true;
    if (setjmp(self->trap) == 0) {
        choice_make(self, choice);
        copy_settle(self);
    }
    self->is_trapping = false;
}
