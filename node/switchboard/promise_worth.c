// What a promise is worth now: read from the records each time, never remembered.
#include "node/switchboard/promises.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_GAP_MAX 4  // call-backs that are not here yet, below one that is

bool promise_hears_of(const struct board *self, struct party owner)
{
    const struct board_node *node = &self->nodes[owner.node];
    return node->heard_boot == owner.boot && owner.boot != 0 && node->heard_ms > 0 &&
           self->callbacks->clock_ms - node->heard_ms < PROMISE_HEARSAY_MS;
}

// Nobody that we hear hears it.
static bool is_gone(const struct board *self, struct party owner)
{
    return !board_owner_up(self, owner) && !(RULE(adopt_only_unheard) && promise_hears_of(self, owner));
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

// By the word of a desk at another node than its maker's, perhaps, which alone writes the call-back's record.
static bool is_reached(struct board *self, const char *call, uint32_t number)
{
    char id[CALL_ID_MAX_BYTES + 16];
    snprintf(id, sizeof id, "%s~%u", call, number);
    return RULE(kept_is_kept) && wrap_is_reached(self, id);
}

static bool is_taken(const Rec__Call *back)
{
    return back->agent[0] != '\0';
}

// Its call-backs: whether one had an outcome, whether one lives, and why ours, if one is, gives way to another: two
// that were made apart go on until their makers meet. The lesser number stays, or one that an agent is at.
static void look_at_call_backs(struct board *self, struct promise *promise, struct finding *finding)
{
    for (uint32_t number = 1, gap = 0; number <= promise->largest || gap < NUMBER_GAP_MAX; number++) {
        const struct record *record;
        const Rec__Call *back = call_back_number(self, promise->call, number, &record);
        gap = back == NULL ? gap + 1 : 0;
        promise->reached = promise->reached || is_reached(self, promise->call, number);
        if (back == NULL)
            continue;
        promise->largest = number > promise->largest ? number : promise->largest;
        bool ended = back->state == REC__CALL_STATE__ENDED, kept = promise_is_kept_by(back);
        // When its maker is gone, the agent may be at it.
        bool lives = !ended && (!is_gone(self, owner_of(self, record)) || desk_has(self, record->id));
        finding->kept = finding->kept || kept;
        finding->lives = finding->lives || lives;
        if (number == promise->mine)
            continue;
        if (kept)
            finding->needless = "another call-back had an outcome";
        else if (lives && (number < promise->mine || is_taken(back)))
            finding->rival = "another call-back goes before it";
    }
}

static enum worth worth_of_call_backs(const struct promise *promise, const struct finding *finding)
{
    if (promise->reached || (RULE(kept_is_kept) && finding->kept))
        return WORTH_SETTLED;
    return RULE(one_call_back) && finding->lives ? WORTH_WATCHED : WORTH_OWED;
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
    if (lost->state == REC__CALL_STATE__ENDED) {
        // By an owner that was cut off, perhaps: its gateway went on elsewhere, and the caller hung up there.
        at_once = lost->end == REC__END_REASON__CALLED_BACK &&
                  !gateway_let_go(self, lost->gateway, finding->record->version.attach);
        finding->needless = at_once ? NULL : "its call has ended otherwise";
    } else if (call != NULL && call_reads_as_over(self, call)) {
        // In turn, if it is not known here whether it ended: what its gateway listed then may still come.
        enum unlisted became = gateway_unlisted(self, call->gateway, call->attach);
        if (became == UNLISTED_UNTOLD && !spoken && !is_gone(self, gateway_lister(self, call->gateway, call->attach)))
            return;
        at_once = !spoken && became == UNLISTED_LOST;
        finding->needless = spoken || became == UNLISTED_ENDED ? "its call has ended otherwise" : NULL;
    } else if (board_owner_up(self, finding->owner)) {
        bool held = call == NULL || call->gateway == NULL || !call->gateway->silent;
        finding->needless = held ? "its gateway has the call" : NULL;
        if (!held)
            return;
    } else if (spoken) {
        finding->needless = "its caller has spoken with an agent";
    } else if (!is_gone(self, finding->owner)) {
        return;
    } else {
        finding->by_silence = true;
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
    look_at_call_backs(self, promise, &finding);
    enum worth kept = worth_of_call_backs(promise, &finding);
    if (kept == WORTH_OWED && finding.worth >= WORTH_OWED)
        kept = worth_of_first(self, &finding);
    if (kept == WORTH_SETTLED || kept == WORTH_WATCHED)
        finding.worth = kept;
    else if (finding.worth == WORTH_OWED_AT_ONCE && promise->largest > 0)
        finding.worth = WORTH_OWED;  // the one that was made at once is gone
    return finding;
}
