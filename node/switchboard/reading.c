#include "node/switchboard/reading.h"

#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIALS_MAX 16  // a caller may be lost and dial again so often

static bool is_dead(const struct board *self, struct now now, struct party owner)
{
    if (board_owner_up(self, owner))
        return false;
    uint64_t adopt_ms = self->directory == NULL ? 0 : self->directory->settings.adopt_after_ms;
    return now.mono_us - self->nodes[owner.node].changed_us >= adopt_ms * 1000;
}

void reading_agent(const struct board *self, struct now now, uint32_t agent, struct reading_agent *ret_agent)
{
    const struct desk *desk = &self->desks[agent];
    bool off = desk->attach == 0 || desk->state == REC__AGENT_STATE__OFFLINE || is_dead(self, now, desk->owner);
    *ret_agent = (struct reading_agent){.state = off ? REC__AGENT_STATE__OFFLINE : desk->state,
                                        .reason = desk->reason,
                                        .call = off ? "" : desk->call,
                                        .node = off ? "" : self->nodes[desk->owner.node].name,
                                        .since_ms = desk->since_ms,
                                        .login = attach_login(desk->attach)};
}

bool reading_desk(const struct board *self, uint32_t agent, uint64_t login, struct reading_desk *ret_desk)
{
    const struct desk *desk = &self->desks[agent];
    if (desk->here == NULL || attach_login(desk->attach) != login)
        return false;
    *ret_desk = (struct reading_desk){desk->here->session, desk->attach};
    return true;
}

bool reading_admits(const struct board *self, const Cli__Submit *submit, const char **ret_reason)
{
    return call_is_admitted(self, submit, ret_reason);
}

static int by_age(const void *a, const void *b)
{
    const struct call *x = *(struct call *const *)a, *y = *(struct call *const *)b;
    if (x->waiting.queued_ms != y->waiting.queued_ms)
        return x->waiting.queued_ms < y->waiting.queued_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

uint32_t reading_calls(const struct board *self, struct now now, struct reading_call **ret_calls)
{
    uint32_t count = 0;
    struct call **order = check_alloc(self->call_count * sizeof *order);
    for (struct call *call = self->calls; call != NULL; call = call->hh.next)
        order[count++] = call;
    qsort(order, count, sizeof *order, by_age);
    *ret_calls = check_alloc(count * sizeof **ret_calls);
    for (uint32_t i = 0; i < count; i++) {
        const struct call *call = order[i];
        bool over = call_reads_as_over(self, call) || is_dead(self, now, call->owner);
        uint32_t end = call->state == REC__CALL_STATE__CONNECTED ? REC__END_REASON__LOST : REC__END_REASON__CALLED_BACK;
        if (call->is_call_back)  // its maker is gone: it counts as not made, unless it was spoken
            end = call->state == REC__CALL_STATE__CONNECTED ? REC__END_REASON__ANSWERED : REC__END_REASON__CANCELLED;
        if (call_reads_as_over(self, call) && gateway_unlisted(self, call->gateway, call->attach) == UNLISTED_ENDED)
            end = call->state == REC__CALL_STATE__CONNECTED ? REC__END_REASON__ANSWERED : REC__END_REASON__ABANDONED;
        (*ret_calls)[i] = (struct reading_call){.id = call->id,
                                                .node = self->nodes[call->owner.node].name,
                                                .state = over ? REC__CALL_STATE__ENDED : call->state,
                                                .end = over ? end : REC__END_REASON__NOT_ENDED};
    }
    free(order);
    return count;
}

static bool keeps_promise(const struct record *record)
{
    struct arena arena = {0};
    const Rec__Call *body =
        rec__call__unpack(arena_allocator(&arena, DRAFT_BUDGET_BYTES), record->body.bytes, record->body.data);
    bool keeps = body != NULL && promise_is_kept_by(body);
    arena_close(&arena);
    return keeps;
}

// Of several, made apart from each other, the one that had an outcome.
static void last_call_back(const struct board *self, const char *id, char *ret_id, size_t room)
{
    char name[CALL_ID_MAX_BYTES + 16];
    ret_id[0] = '\0';
    if (strlen(id) > CALL_NAME_MAX_BYTES || text_is_call_back(id))
        return;
    for (uint32_t number = 1; number <= CALLBACKS_A_CALL_MAX; number++) {
        snprintf(name, sizeof name, "%s~%u", id, number);
        const struct record *record = store_find(self->store, REC__KIND__CALL, name);
        if (record == NULL)
            return;
        text_copy(ret_id, room, name);
        if (keeps_promise(record))
            return;
    }
}

// The call with which its caller dialled before, and was lost, too; "": none.
static void call_before(const struct board *self, char id[CALL_ID_MAX_BYTES + 1])
{
    struct arena arena = {0};
    const struct record *record = store_find(self->store, REC__KIND__CALL, id);
    const Rec__Call *body = record == NULL ? NULL
                                           : rec__call__unpack(arena_allocator(&arena, DRAFT_BUDGET_BYTES),
                                                               record->body.bytes, record->body.data);
    text_copy(id, CALL_ID_MAX_BYTES + 1, body == NULL ? "" : body->redials);
    arena_close(&arena);
}

void reading_call_back(const struct board *self, const char *id, char *ret_id, size_t room)
{
    char call[CALL_ID_MAX_BYTES + 1];
    text_copy(call, sizeof call, id);
    last_call_back(self, call, ret_id, room);
    for (int hops = 0; hops < REDIALS_MAX && ret_id[0] == '\0' && call[0] != '\0'; hops++) {
        call_before(self, call);
        last_call_back(self, call, ret_id, room);
    }
}

void reading_queue(const struct board *self, struct now now, uint32_t queue, struct reading_queue *ret_queue)
{
    *ret_queue = (struct reading_queue){0};
    uint64_t oldest_ms = UINT64_MAX;
    for (uint32_t g = 0; g < self->waiting->groups_used; g++) {
        const struct waiting_entry *entry = self->waiting->groups[g].first;
        for (; entry != NULL; entry = waiting_next(entry)) {
            const struct call *call = call_of_entry(entry);
            if (call->queue != queue)
                continue;
            ret_queue->waiting++;
            oldest_ms = entry->queued_ms < oldest_ms ? entry->queued_ms : oldest_ms;
        }
    }
    if (oldest_ms < now.wall_ms)
        ret_queue->longest_ms = now.wall_ms - oldest_ms;
    const char *id = self->directory->queues[queue].id;
    for (uint32_t i = 0; i < self->stats.count; i++) {
        const struct stats_queue *stats = &self->stats.queues[i];
        if (strcmp(stats->id, id) != 0)
            continue;
        struct stats_hour sum = stats_sum(stats, now.wall_ms);
        ret_queue->answered = sum.answered;
        ret_queue->answered_in_target = sum.answered_in_target;
        ret_queue->abandoned = sum.abandoned;
        ret_queue->expired = sum.expired;
        ret_queue->called_back = sum.called_back;
        ret_queue->asa_ms = sum.answered > 0 ? (uint32_t)(sum.answered_wait_ms / sum.answered) : 0;
        ret_queue->ewt_s = stats_ewt_s(stats, ret_queue->waiting + 1);
    }
    struct route_need need = {.skills = self->directory->queues[queue].skills};
    if (ret_queue->waiting == 0 && route_count_eligible(self->route, &need) > 0)
        ret_queue->ewt_s = 0;  // the next caller does not wait
}

uint32_t reading_nearest(struct board *self, struct sphere_point from, const struct route_need *need,
                         struct route_pick *ret_picks, uint32_t max)
{
    return self->route == NULL ? 0 : route_nearest(self->route, from, need, NULL, 0, ret_picks, max);
}

uint32_t reading_counters(const struct board *self, struct reading_counter *ret_counters, uint32_t room)
{
    const struct counters *c = &self->counters;
    const struct reading_counter all[] = {
        {"calls_not_ended", self->call_count},
        {"calls_waiting", self->waiting->count},
        {"agents_available", self->route == NULL ? 0 : route_available(self->route)},
        {"calls_submitted", c->calls_submitted},
        {"calls_refused", c->calls_refused},
        {"offers_made", c->offers_made},
        {"offers_taken", c->offers_taken},
        {"offers_refused", c->offers_refused},
        {"offers_kept_back", c->offers_kept_back},
        {"invites", c->invites},
        {"invites_declined", c->invites_declined},
        {"talk_ignored", c->talk_ignored},
        {"records_ignored", c->records_ignored},
        {"words_refused", c->words_refused},
        {"tried_forgotten", c->tried_forgotten},
        {"promises_open", promises_open(self)},
        {"promises_dropped", c->promises_dropped},
        {"callbacks_made", c->callbacks_made},
        {"callbacks_made_later", c->callbacks_made_later},
        {"callbacks_made_alone", c->callbacks_made_alone},
        {"callbacks_put_off", c->callbacks_put_off},
        {"callbacks_cancelled", c->callbacks_cancelled},
        {"callbacks_reached", c->callbacks_reached},
        {"callbacks_failed", c->callbacks_failed},
        {"callbacks_expired", c->callbacks_expired},
        {"redials", c->redials},
        {"attaches_stale", c->attaches_stale},
    };
    uint32_t count = sizeof all / sizeof *all;
    count = count < room ? count : room;
    memcpy(ret_counters, all, count * sizeof *all);
    return count;
}

void reading_load(const struct board *self, const char *node, uint32_t *ret_desks, uint32_t *ret_calls)
{
    *ret_desks = *ret_calls = 0;
    uint32_t index = 0;
    while (index < self->node_count && strcmp(self->nodes[index].name, node) != 0)
        index++;
    for (uint32_t i = 0; self->directory != NULL && i < self->directory->agent_count; i++) {
        const struct desk *desk = &self->desks[i];
        *ret_desks += desk->attach != 0 && desk->owner.node == index && desk->state != REC__AGENT_STATE__OFFLINE &&
                      board_owner_up(self, desk->owner);
    }
    for (struct call *call = self->calls; call != NULL; call = call->hh.next)
        *ret_calls += call->owner.node == index && board_owner_up(self, call->owner);
}

uint64_t reading_orphans(const struct board *self)
{
    return self->sweep.orphans;
}

const struct figures *reading_figures(const struct board *self)
{
    return &self->figures;
}
