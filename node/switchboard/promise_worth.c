// What a promise is worth now: read from the records each time, never remembered.
#include "node/switchboard/promises.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_GAP_MAX 4  // call-backs that are not here yet, below one that is

// Nobody that we hear hears it.
static bool is_gone(const struct board *self, struct party owner)
{
    const struct board_node *node = &self->nodes[owner.node];
    bool heard = RULE(adopt_only_unheard) && node->heard_boot == owner.boot && owner.boot != 0 &&
                 self->callbacks->clock_ms - node->heard_ms < PROMISE_HEARSAY_MS && node->heard_ms > 0;
    return !board_owner_up(self, owner) && !heard;
}

static struct party owner_of(struct board *self, const struct record *record)
{
    return (struct party){board_node_index(self, record->version.owner), record->version.boot};
}

bool promise_is_kept_by(const Rec__Call *back)
{
    return back->state == REC__CALL_STATE__CONNECTED ||
           (back->state == REC__CALL_STATE__ENDED &&
            (back->end == REC__END_REASON__ANSWERED || back->end == REC__END_REASON__EXPIRED));
}

static bool desk_has(const struct board *self, const char *call)
{
    for (uint32_t i = 0; i < self->directory->agent_count; i++) {
        const struct desk *desk = &self->desks[i];
        if (desk->state == REC__AGENT_STATE__ON_CALL && strcmp(desk->call, call) == 0 &&
            board_owner_up(self, desk->owner))
            return true;
    }
    return false;
}

static const Rec__Call *call_back_number(struct board *self, const char *call, uint32_t number,
                                         const struct record **ret_record)
{
    char id[CALL_ID_MAX_BYTES + 16];
    snprintf(id, sizeof id, "%s~%u", call, number);
    return board_stored_call(self, id, ret_record);
}

// By its call-backs: what they keep, and whether one that is not ours lives.
static enum worth worth_of_call_backs(struct board *self, struct promise *promise)
{
    enum worth worth = WORTH_OWED;
    for (uint32_t number = 1, gap = 0; number <= promise->largest || gap < NUMBER_GAP_MAX; number++) {
        const struct record *record;
        const Rec__Call *back = call_back_number(self, promise->call, number, &record);
        gap = back == NULL ? gap + 1 : 0;
        if (back == NULL)
            continue;
        promise->largest = number > promise->largest ? number : promise->largest;
        if (RULE(kept_is_kept) && promise_is_kept_by(back))
            return WORTH_SETTLED;
        if (back->state == REC__CALL_STATE__ENDED)
            continue;
        if (!RULE(one_call_back))
            continue;
        if (!is_gone(self, owner_of(self, record)) || desk_has(self, record->id))
            worth = WORTH_WATCHED;  // desk_has: its maker is gone, but the agent is at it
    }
    return promise->reached ? WORTH_SETTLED : worth;
}

// By the newest version of the call itself.
static void look_at_call(struct board *self, const struct promise *promise, struct finding *finding)
{
    const struct call *call = board_find_call(self, promise->call);
    const Rec__Call *lost = finding->lost = board_stored_call(self, promise->call, &finding->record);
    finding->worth = WORTH_NOTHING;
    if (lost == NULL)
        return;  // a call-back of it, or its caller's next call, came first, and it may never come
    finding->worth = WORTH_WATCHED;
    finding->owner = owner_of(self, finding->record);
    bool spoken = lost->state == REC__CALL_STATE__CONNECTED, at_once = false;
    if (lost->state == REC__CALL_STATE__ENDED && lost->end == REC__END_REASON__EXPIRED && promise->largest > 0) {
        // Written by an owner who died with the gateway, perhaps: nobody was told of the last resort. What was made
        // holds.
    } else if (lost->state == REC__CALL_STATE__ENDED) {
        at_once = lost->end == REC__END_REASON__CALLED_BACK;
        finding->needless = at_once ? NULL : "its call has ended otherwise";
    } else if (call != NULL && call_reads_as_over(self, call)) {
        at_once = !spoken && attach_login(call->attach) < attach_login(call->gateway->attach);
        finding->needless = at_once ? NULL : "its call has ended otherwise";
    } else if (board_owner_up(self, finding->owner)) {
        bool held = call == NULL || call->gateway == NULL || !call->gateway->silent;
        finding->needless = held ? "its gateway has the call" : NULL;
        if (!held)
            return;
    } else if (spoken) {
        finding->needless = "its caller has spoken with an agent";
    } else if (!is_gone(self, finding->owner)) {
        return;
    }
    finding->worth = finding->needless != NULL ? WORTH_NOTHING : at_once ? WORTH_OWED_AT_ONCE : WORTH_OWED;
}

// Its caller dials again: that call keeps the promise while it lives, and ends it when it is answered.
static void look_at_redial(struct board *self, const struct promise *promise, struct finding *finding)
{
    const struct record *record;
    const Rec__Call *redial = promise->redial == NULL ? NULL : board_stored_call(self, promise->redial, &record);
    if (redial == NULL)
        return;
    bool answered = redial->state == REC__CALL_STATE__CONNECTED ||
                    (redial->state == REC__CALL_STATE__ENDED && redial->end == REC__END_REASON__ANSWERED);
    if (answered) {
        finding->worth = WORTH_NOTHING;
        finding->needless = "its caller dialled again and was answered";
        return;
    }
    const struct call *call = board_find_call(self, promise->redial);
    finding->redialled = call != NULL && redial->state != REC__CALL_STATE__ENDED && board_owner_up(self, call->owner) &&
                         !call_is_left_behind(call) && (call->gateway == NULL || !call->gateway->silent);
    if (finding->redialled)
        finding->worth = WORTH_WATCHED;
}

// A call that was itself dialled anew for a lost one, whose promise was open then: the call-backs of that are for the
// same caller, and one that had an outcome had it after this call began.
static enum worth worth_of_first(struct board *self, const struct finding *finding)
{
    const char *redials = finding->lost == NULL ? "" : finding->lost->redials;
    const struct promise *first = redials[0] == '\0' || text_is_call_back(redials) ? NULL : promise_find(self, redials);
    if (first == NULL)
        return WORTH_OWED;
    if (first->settled_ms == 0)
        return WORTH_WATCHED;
    for (uint32_t number = 1; number <= first->largest; number++) {
        const Rec__Call *back = call_back_number(self, first->call, number, NULL);
        if (back != NULL && promise_is_kept_by(back))
            return WORTH_SETTLED;
    }
    return first->reached ? WORTH_SETTLED : WORTH_OWED;
}

struct finding promise_look(struct board *self, struct promise *promise)
{
    struct finding finding = {0};
    look_at_call(self, promise, &finding);
    if (finding.worth != WORTH_NOTHING)
        look_at_redial(self, promise, &finding);
    if (finding.worth == WORTH_NOTHING)
        return finding;
    enum worth kept = worth_of_call_backs(self, promise);
    if (kept == WORTH_OWED && finding.worth >= WORTH_OWED)
        kept = worth_of_first(self, &finding);
    if (kept == WORTH_SETTLED || kept == WORTH_WATCHED)
        finding.worth = kept;
    else if (finding.worth == WORTH_OWED_AT_ONCE && promise->largest > 0)
        finding.worth = WORTH_OWED;  // the one that was made at once is gone
    return finding;
}
