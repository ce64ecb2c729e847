// What a gateway lists when it attaches is what there is: what became of the calls that it does not list.
#include "node/switchboard/board.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#define GATEWAY_SETTLE_MS 1000  // until what a gateway does not list elsewhere is taken to have ended

bool gateway_is_swept(const struct board *self, const struct gateway *gateway)
{
    return gateway->here ||
           store_cursor(self->store, self->nodes[gateway->owner.node].name, gateway->owner.boot) >= gateway->seq;
}

// What it lists is here, as far as its node could tell us: calls that changed again come behind the attachment.
static bool gateway_is_settled(const struct board *self, const struct gateway *gateway)
{
    return gateway->here || gateway->told ||
           (gateway_is_swept(self, gateway) && board_owner_up(self, gateway->owner) &&
            self->now.mono_us >= gateway->copied_us + (uint64_t)GATEWAY_SETTLE_MS * 1000);
}

void gateway_end_in_order(struct board *self, struct call *call, const char *detail)
{
    bool spoken = call->state == REC__CALL_STATE__CONNECTED;
    if (call->diverted)
        call_end_diverted(self, call);
    else
        call_end(self, call, spoken ? REC__END_REASON__ANSWERED : REC__END_REASON__ABANDONED, detail);
}

void gateway_end_lost(struct board *self, struct call *call, const char *detail)
{
    bool spoken = call->state == REC__CALL_STATE__CONNECTED;
    call_end(self, call, spoken ? REC__END_REASON__LOST : REC__END_REASON__CALLED_BACK, detail);
}

static bool is_older(uint64_t attach, uint64_t than)
{
    return attach_login(attach) == attach_login(than) && attach < than;
}

// At its last attachment, which by its own word lists what was left of the login before, too, when it raised that.
static bool is_listed_last(const struct gateway *gateway, uint64_t attach)
{
    return is_older(attach, gateway->attach) || (gateway->before.boot == 0 && is_older(attach, gateway->before.attach));
}

enum unlisted gateway_unlisted(const struct board *self, const struct gateway *gateway, uint64_t attach)
{
    const struct listed *before = &gateway->before;
    if (is_listed_last(gateway, attach))
        return gateway_is_settled(self, gateway) ? UNLISTED_ENDED : UNLISTED_UNTOLD;
    if (!is_older(attach, before->attach))
        return UNLISTED_LOST;
    bool is_here = store_cursor(self->store, before->node, before->boot) >= before->seq;
    return is_here ? UNLISTED_ENDED : UNLISTED_UNTOLD;
}

struct party gateway_lister(struct board *self, const struct gateway *gateway, uint64_t attach)
{
    const struct listed *before = &gateway->before;
    return is_listed_last(gateway, attach) ? gateway->owner
                                           : (struct party){board_node_index(self, before->node), before->boot};
}

bool gateway_let_go(const struct board *self, const char *name, uint64_t attach)
{
    struct gateway *gateway;
    HASH_FIND_STR(self->gateways, name, gateway);
    return gateway != NULL && gateway_unlisted(self, gateway, attach) == UNLISTED_ENDED &&
           gateway_is_settled(self, gateway);
}

// The attachment that did not list the call is no record any more, so that nobody can read the end from it: the node it
// was at, which alone knows, writes it.
bool gateway_end_beaten(struct board *self, struct call *call)
{
    const struct gateway *gateway = call->gateway;
    if (!RULE(end_unlisted) || gateway == NULL || !is_older(call->attach, gateway->beaten))
        return false;
    call->mine = true;
    call->attach = gateway->beaten;
    call->owner = (struct party){0, self->boot};
    board_change(self, call)->inferred = true;
    gateway_end_in_order(self, call, "no longer held by its gateway");
    desk_call_copied(self, call, board_body(self, call));
    return true;
}

void gateway_end_unlisted(struct board *self, struct gateway *gateway)
{
    for (struct call *call = gateway->calls; RULE(end_unlisted) && call != NULL; call = call->gateway_next) {
        if (call->attach >= gateway->attach || call->state == REC__CALL_STATE__ENDED)
            continue;
        enum unlisted became = gateway_unlisted(self, gateway, call->attach);
        bool in_order = became == UNLISTED_ENDED;
        if (!call->mine) {
            call_dequeue(self, call);  // its owner writes the end; until then it reads as over
            gateway_end_beaten(self, call);
            continue;
        }
        if (became != UNLISTED_LOST && !gateway_is_settled(self, gateway))
            continue;
        // The call's own copy may be behind: it moved up in its new owner's feed when it changed again.
        board_change(self, call)->inferred = in_order;
        if (in_order)
            gateway_end_in_order(self, call, "no longer held by its gateway");
        else
            gateway_end_lost(self, call, "its gateway started anew");
    }
}

void gateway_note_before(struct board *self, struct gateway *gateway)
{
    gateway->before = (struct listed){0};
    if (!gateway_is_settled(self, gateway))
        return;
    struct listed *before = &gateway->before;
    text_copy(before->node, sizeof before->node, self->nodes[gateway->owner.node].name);
    before->attach = gateway->attach;
    before->boot = gateway->owner.boot;
    before->seq = store_cursor(self->store, before->node, before->boot);
}

void gateway_read_before(struct gateway *gateway, const Rec__Gateway *body)
{
    gateway->before = (struct listed){.attach = body != NULL ? body->before : 0};
    if (body == NULL || body->listed == NULL)
        return;
    text_copy(gateway->before.node, sizeof gateway->before.node, body->listed->owner);
    gateway->before.boot = body->listed->boot;
    gateway->before.seq = body->listed->seq;
}

// ---- elsewhere

// It went elsewhere, and its node died before it could tell of the calls it took: they are owed a call-back.
static void end_untold(struct board *self, struct gateway *gateway)
{
    for (struct call *call = gateway->calls; call != NULL; call = call->gateway_next) {
        if (!call->mine || call->attach >= gateway->attach || call->state == REC__CALL_STATE__ENDED)
            continue;
        board_change(self, call)->inferred = true;
        gateway_end_lost(self, call, "its gateway went on to a node that is gone");
    }
}

static bool left_calls_behind(const struct gateway *gateway)
{
    const struct call *call = gateway->calls;
    while (call != NULL && (!call_is_left_behind(call) || call->state == REC__CALL_STATE__ENDED))
        call = call->gateway_next;
    return call != NULL;
}

void gateway_settle_soon(struct board *self, struct gateway *gateway)
{
    if (left_calls_behind(gateway))
        timers_set(&self->timers, &gateway->timer, self->now.mono_us + (uint64_t)GATEWAY_SETTLE_MS * 1000);
}

void gateway_settle(struct board *self, struct gateway *gateway)
{
    uint64_t keep_ms = self->directory == NULL ? 0 : self->directory->settings.reattach_ms;
    uint64_t down_us = self->now.mono_us - self->nodes[gateway->owner.node].changed_us;
    gateway->told = gateway_is_settled(self, gateway);
    if (gateway->told)
        gateway_end_unlisted(self, gateway);
    else if (!board_owner_up(self, gateway->owner) && down_us >= keep_ms * 1000)
        end_untold(self, gateway);
    else
        gateway_settle_soon(self, gateway);
}
