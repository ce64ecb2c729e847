// Invites: how a waiting call gets the agent who becomes free anywhere in the cluster, in the time of one round trip.
// The desk's node (M) asks the call's owner (N), one agent a call, and holds the agent for two round trips at most.
#include "node/switchboard/board.h"

#include "cluster/base/text.h"

#include <string.h>

#define HOLD_SLACK_MS 100      // beside two round trips
#define HOLD_MAX_MS 1000       // however slow the link
#define DECLINED_PASS_MS 1000  // an owner that declined is not asked again for that long
#define CALL_LOOKS_MAX 16      // at desks, nearest first, for one that may ask for the call

void invite_pass(struct board *self, uint32_t agent, const char *call, uint64_t ms)
{
    struct here *here = self->desks[agent].here;
    struct passed *passed = &here->passed[here->passed_next++ % DESK_PASSED_MAX];
    text_copy(passed->call, sizeof passed->call, call);
    passed->until_us = self->now.mono_us + ms * 1000;
}

uint32_t invite_declined_ms(const struct board *self, uint32_t agent, const char *call)
{
    const struct here *here = self->desks[agent].here;
    for (uint32_t i = 0; i < DESK_PASSED_MAX; i++)
        if (here->passed[i].until_us > self->now.mono_us && strcmp(here->passed[i].call, call) == 0)
            return (uint32_t)((here->passed[i].until_us - self->now.mono_us + 999) / 1000);
    return 0;
}

void invite_release(struct board *self, uint32_t agent)
{
    struct here *here = self->desks[agent].here;
    if (here == NULL || here->hold[0] == '\0')
        return;
    struct call *call = board_find_call(self, here->hold);
    if (call != NULL && call->invited_agent == agent + 1)
        call->invited_agent = 0;
    here->hold[0] = '\0';
    board_refresh_desk(self, agent);
}

void invite_call_ended(struct board *self, const struct call *call)
{
    if (call->invited_agent == 0)
        return;
    uint32_t agent = call->invited_agent - 1;
    struct here *here = self->desks[agent].here;
    if (here == NULL || strcmp(here->hold, call->id) != 0)
        return;
    invite_release(self, agent);
    invite_desk(self, agent);
}

// An owner answers an Invite with its best call for that agent, or with none: what was said holds for all of its calls,
// not only for the one that was asked for. Otherwise an owner with many waiting calls that this agent has let ring is
// asked for one after the other, and without end where it is this node itself.
static struct answered *answer_of(struct board *self, uint32_t agent, uint32_t node)
{
    struct here *here = self->desks[agent].here;
    struct answered *answered = NULL;
    for (uint32_t i = 0; i < DESK_ANSWERED_MAX; i++)
        if (here->answered[i].until_us > self->now.mono_us && here->answered[i].node == node)
            answered = &here->answered[i];
    if (answered == NULL)
        answered = &here->answered[here->answered_next++ % DESK_ANSWERED_MAX];
    *answered = (struct answered){.node = node, .until_us = self->now.mono_us + (uint64_t)DECLINED_PASS_MS * 1000};
    return answered;
}

static bool is_passed_over(const struct board *self, const struct here *here, const struct call *call)
{
    for (uint32_t i = 0; i < DESK_ANSWERED_MAX; i++) {
        const struct answered *answered = &here->answered[i];
        if (answered->until_us <= self->now.mono_us || answered->node != call->owner.node)
            continue;
        struct waiting_entry best = {
            .priority = answered->priority, .queued_ms = answered->queued_ms, .id = (char *)answered->call};
        if (answered->nothing || waiting_goes_before(&call->waiting, &best))
            return true;
    }
    return false;
}

struct looking {
    struct board *board;
    uint32_t agent;
    const char *except;  // a call; NULL: none
};

static bool not_for_us(void *context, const struct waiting_entry *entry)
{
    const struct looking *looking = context;
    struct board *self = looking->board;
    const struct call *call = call_of_entry(entry);
    const struct here *here = self->desks[looking->agent].here;
    if (!call_may_ring_at(self, call, looking->agent) || call_is_left_behind(call) ||
        (looking->except != NULL && strcmp(call->id, looking->except) == 0))
        return true;
    if (call->invited_agent != 0 && call->invited_agent != looking->agent + 1)
        return true;
    return is_passed_over(self, here, call) || invite_declined_ms(self, looking->agent, call->id) > 0;
}

struct call *invite_best(struct board *self, uint32_t agent, const char *except)
{
    struct looking looking = {self, agent, except};
    struct waiting_entry *entry = waiting_best(self->waiting, &self->agents[agent], not_for_us, &looking);
    return call_of_entry(entry);
}

bool invite_may_offer(struct board *self, uint32_t agent, const struct call *call)
{
    struct looking looking = {self, agent, NULL};
    return call->state == REC__CALL_STATE__WAITING && !call->diverted && board_owner_up(self, call->owner) &&
           !not_for_us(&looking, &call->waiting);
}

void invite_answered(struct board *self, uint32_t agent, uint32_t node, const Peer__Offer *offer)
{
    struct here *here = self->desks[agent].here;
    struct answered *answered = answer_of(self, agent, node);
    answered->priority = offer->priority;
    answered->queued_ms = offer->queued_ms;
    text_copy(answered->call, sizeof answered->call, offer->name->call);
    const struct call *held = here->hold[0] == '\0' ? NULL : board_find_call(self, here->hold);
    if (held != NULL && held->owner.node == node && strcmp(held->id, offer->name->call) != 0)
        invite_release(self, agent);
}

void invite_again(struct board *self, uint32_t agent, uint32_t node)
{
    struct here *here = self->desks[agent].here;
    bool had_nothing = false;
    for (uint32_t i = 0; i < DESK_ANSWERED_MAX; i++) {
        struct answered *answered = &here->answered[i];
        if (answered->node != node || !answered->nothing || answered->until_us <= self->now.mono_us)
            continue;
        answered->until_us = 0;
        had_nothing = true;
    }
    if (had_nothing)
        invite_desk(self, agent);
}

void invite_desk(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    if (desk->here == NULL || desk->state != REC__AGENT_STATE__AVAILABLE || desk->here->hold[0] != '\0')
        return;
    struct call *call = invite_best(self, agent, NULL);
    if (call == NULL)
        return;
    text_copy(desk->here->hold, sizeof desk->here->hold, call->id);
    uint64_t hold_us = 2 * (uint64_t)board_rtt_us(self, call->owner.node) + (uint64_t)HOLD_SLACK_MS * 1000;
    uint64_t hold_max_us = (uint64_t)HOLD_MAX_MS * 1000;
    desk->here->hold_until_us = self->now.mono_us + (hold_us < hold_max_us ? hold_us : hold_max_us);
    call->invited_agent = agent + 1;
    board_refresh_desk(self, agent);
    desk_settle(self, agent);
    Peer__Invite words = PEER__INVITE__INIT;
    words.call = call->id;
    words.call_attach = call->attach;
    words.agent = (char *)self->directory->agents[agent].id;
    words.agent_login = attach_login(desk->attach);
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_INVITE;
    talk.invite = &words;
    say_to_node(self, call->owner.node, &talk);
    self->counters.invites++;
}

void invite_for_call(struct board *self, const struct call *call)
{
    uint32_t looked_at[CALL_LOOKS_MAX], count = 0;
    struct route_pick pick;
    if (self->directory == NULL || call->waiting.group == 0)
        return;
    while (call->invited_agent == 0 && count < CALL_LOOKS_MAX &&
           route_nearest(self->own, call->waiting.from, &call->waiting.need, looked_at, count, &pick, 1) == 1) {
        looked_at[count++] = pick.agent;
        if (invite_may_offer(self, pick.agent, call))
            invite_desk(self, pick.agent);
    }
}

// ---- at the owner

// A refusal of the node that invites now counts no longer; what the person said does.
static bool was_tried_by_person(const struct board *self, const struct call *call, uint32_t agent)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->tried_count; i++) {
        const struct tried *tried = &call->duty->tried[i];
        if (tried->agent == agent && !tried->by_node && offer_was_tried(self, tried))
            return true;
    }
    return false;
}

struct serving {
    struct board *board;
    uint32_t agent;
};

static bool not_for_agent(void *context, const struct waiting_entry *entry)
{
    const struct serving *serving = context;
    const struct call *call = call_of_entry(entry);
    return !call->mine || !call_may_ring_at(serving->board, call, serving->agent) ||
           was_tried_by_person(serving->board, call, serving->agent);
}

static void decline(struct board *self, const char *from, const Peer__Invite *invite, const char *reason)
{
    Peer__InviteDeclined words = PEER__INVITE_DECLINED__INIT;
    words.call = invite->call;
    words.call_attach = invite->call_attach;
    words.agent = invite->agent;
    words.agent_login = invite->agent_login;
    words.reason = (char *)reason;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_INVITE_DECLINED;
    talk.invite_declined = &words;
    say_to_node(self, board_node_index(self, from), &talk);
    self->counters.invites_declined++;
}

// The call the agent is offered for the Invite: the one asked for, or what goes first here; NULL: nothing waits.
static struct call *call_to_serve(struct board *self, const Peer__Invite *invite, uint32_t agent)
{
    struct call *call = board_find_call(self, invite->call);
    if (call != NULL && call->mine && call->state == REC__CALL_STATE__WAITING && !call->diverted &&
        call_may_ring_at(self, call, agent) && !was_tried_by_person(self, call, agent) &&
        route_eligible(&self->agents[agent], &call->waiting.need))
        return call;
    struct serving serving = {self, agent};
    return call_of_entry(waiting_best(self->waiting, &self->agents[agent], not_for_agent, &serving));
}

// The desk's node knows best where the agent is and that it is free.
static void believe_desk(struct board *self, const char *from, const Peer__Invite *invite, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    uint64_t known = attach_login(desk->attach);
    if (known > invite->agent_login || (desk->here != NULL && known == invite->agent_login))
        return;
    desk_supersede(self, agent, invite->agent_login << 20, from, "");  // an older login of hers, still here
    desk->owner.node = board_node_index(self, from);
    desk->attach = invite->agent_login << 20 > desk->attach ? invite->agent_login << 20 : desk->attach;
    if (known < invite->agent_login)
        offer_desk_copied(self, agent);  // the new login ends what the older one did
}

// An offer of ours and the Invite have crossed: it is the answer, unless what waits goes before it. Then the call that
// was offered yields, and rings on elsewhere.
static bool answer_by_open_offer(struct board *self, struct call *call, uint32_t agent, struct call **ret_yielded)
{
    struct call *offered = self->desks[agent].offered;
    struct offer *offer = offered == NULL || !offered->mine ? NULL : offer_find(offered, agent);
    if (offer == NULL)
        return false;
    if (call == NULL || offer->rings || !waiting_has_earlier_turn(&call->waiting, &offered->waiting)) {
        offer_say_again(self, offered, offer, true);
        return true;
    }
    struct offer yielding = *offer;
    say_withdraw(self, offered, &yielding, "another_call_first");
    offer_close(self, offered, agent, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "another call first");
    *ret_yielded = offered;
    return false;
}

void invite_received(struct board *self, const char *from, const Peer__Invite *invite)
{
    uint32_t agent = directory_find_agent(self->directory, invite->agent);
    if (agent == DIRECTORY_NONE) {
        decline(self, from, invite, "unknown_agent");
        return;
    }
    believe_desk(self, from, invite, agent);
    struct call *call = call_to_serve(self, invite, agent), *yielded = NULL;
    if (answer_by_open_offer(self, call, agent, &yielded))
        return;
    uint32_t eligible = call == NULL ? 0 : route_count_eligible(self->route, &call->waiting.need);
    if (call != NULL && offer_make(self, call, agent, 1, eligible > 0 ? eligible : 1, true)) {
        call_move(self, call, REC__CALL_STATE__CALL_RINGING);
        call_set_timer(self, call);
    } else {
        decline(self, from, invite, "nothing_waits");
    }
    if (yielded != NULL)
        call_ring(self, yielded);
}

void invite_declined(struct board *self, const char *from, const Peer__InviteDeclined *declined)
{
    uint32_t agent = directory_find_agent(self->directory, declined->agent);
    if (agent == DIRECTORY_NONE || self->desks[agent].here == NULL ||
        strcmp(self->desks[agent].here->hold, declined->call) != 0) {
        self->counters.talk_ignored++;
        return;
    }
    invite_release(self, agent);
    answer_of(self, agent, board_node_index(self, from))->nothing = true;
    invite_desk(self, agent);
    desk_settle(self, agent);
    const struct call *call = board_find_call(self, declined->call);
    if (call != NULL)
        invite_for_call(self, call);  // it is not for that agent, which says nothing of the others here
}
