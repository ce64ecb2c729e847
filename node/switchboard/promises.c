// Which calls are owed a call-back, and when it is this node's turn to make it.
//
//   open ──owed without a break, and our turn──▶ a call-back is made ──it is gone, or cancelled──▶ open
//     │                                               │
//     └── ended otherwise, answered anew ──▶ settled ◀┴── had an outcome, or the caller is on the line
//
// What a promise is worth is read from the records each time it is looked at; only since when it is owed is remembered,
// by a clock that runs only while this node's loop does.
#include "node/switchboard/callbacks.h"

#include "cluster/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_STEP_MAX_MS (2 * SWITCHBOARD_TICK_MS)  // more between two ticks: the loop stood still
#define SETTLED_LOOK_MS 60000
#define OPEN_LOOK_MS 1000
#define NUMBER_GAP_MAX 4  // call-backs that are not here yet, below one that is

struct numbered {  // the promises to callers with one number
    UT_hash_handle hh;
    char *number;
    struct promise *first;
};

struct callbacks {
    struct promise *by_call;
    struct numbered *by_number;
    struct promise *emergencies, *others;  // lists, next to be looked at first
    uint64_t clock_ms;                     // how long the loop ran
    uint64_t ticked_us;
    bool has_majority;
    uint64_t majority_ms;  // since when
    bool all_anew;         // who is in reach has changed: all are looked at
};

// ---- life

struct callbacks *callbacks_create(void)
{
    return check_alloc(sizeof(struct callbacks));
}

static struct promise **list_of(struct callbacks *self, const struct promise *promise)
{
    return promise->emergency ? &self->emergencies : &self->others;
}

static void leave_number(struct callbacks *self, struct promise *promise)
{
    struct numbered *numbered = promise->numbered;
    if (numbered == NULL)
        return;
    struct promise **place = &numbered->first;
    while (*place != promise)
        place = &(*place)->number_next;
    *place = promise->number_next;
    promise->numbered = NULL;
    if (numbered->first != NULL)
        return;
    HASH_DEL(self->by_number, numbered);
    free(numbered->number);
    free(numbered);
}

static void drop(struct callbacks *self, struct promise *promise)
{
    leave_number(self, promise);
    DL_DELETE(*list_of(self, promise), promise);
    HASH_DEL(self->by_call, promise);
    free(promise->redial);
    free(promise->call);
    free(promise);
}

void callbacks_free(struct callbacks *self)
{
    if (self == NULL)
        return;
    while (self->by_call != NULL)
        drop(self, self->by_call);
    free(self);
}

// The promise to the caller of this call, or of the call that this call-back stands for.
static struct promise *find(const struct board *self, const char *id)
{
    size_t bytes = strcspn(id, "~");
    struct promise *promise;
    HASH_FIND(hh, self->callbacks->by_call, id, bytes, promise);
    return promise;
}

static struct promise *find_or_add(struct board *self, const char *id)
{
    struct promise *promise = find(self, id);
    if (promise != NULL)
        return promise;
    if (HASH_COUNT(self->callbacks->by_call) >= PROMISES_MAX) {
        self->counters.promises_dropped++;
        return NULL;
    }
    size_t bytes = strcspn(id, "~");
    promise = check_alloc(sizeof *promise);
    promise->call = check_alloc(bytes + 1);
    memcpy(promise->call, id, bytes);
    promise->known_ms = self->callbacks->clock_ms;
    HASH_ADD_KEYPTR(hh, self->callbacks->by_call, promise->call, bytes, promise);
    DL_APPEND(self->callbacks->others, promise);
    return promise;
}

static void set_number(struct board *self, struct promise *promise, const char *number)
{
    struct callbacks *callbacks = self->callbacks;
    struct numbered *numbered;
    if (promise->numbered != NULL || number[0] == '\0')
        return;
    HASH_FIND_STR(callbacks->by_number, number, numbered);
    if (numbered == NULL) {
        numbered = check_alloc(sizeof *numbered);
        numbered->number = check_strdup(number);
        HASH_ADD_KEYPTR(hh, callbacks->by_number, numbered->number, strlen(numbered->number), numbered);
    }
    promise->numbered = numbered;
    promise->number_next = numbered->first;
    numbered->first = promise;
}

static void set_emergency(struct board *self, struct promise *promise, const char *queue)
{
    uint32_t index = self->directory == NULL ? DIRECTORY_NONE : directory_find_queue(self->directory, queue);
    bool emergency = index != DIRECTORY_NONE && self->directory->queues[index].emergency;
    if (emergency == promise->emergency)
        return;
    DL_DELETE(*list_of(self->callbacks, promise), promise);
    promise->emergency = emergency;
    DL_PREPEND(*list_of(self->callbacks, promise), promise);
}

// ---- what happens

static void look_soon(struct promise *promise)
{
    if (promise != NULL)
        promise->look_ms = 0;
}

// A call that may be owed; what is known of its caller.
static struct promise *open_promise(struct board *self, const char *id, const Rec__Call *body)
{
    struct promise *promise = find_or_add(self, id);
    if (promise == NULL)
        return NULL;
    look_soon(promise);
    set_emergency(self, promise, body->queue);
    if (body->caller != NULL)
        set_number(self, promise, body->caller->number);
    return promise;
}

static void note_redial(struct board *self, const char *id, const Rec__Call *body)
{
    struct promise *promise = find_or_add(self, body->redials);
    if (promise == NULL)
        return;
    look_soon(promise);
    if (promise->redial != NULL && strcmp(promise->redial, id) == 0)
        return;
    free(promise->redial);
    promise->redial = check_strdup(id);
}

static void note_call_back(struct board *self, const char *id, const Rec__Call *body)
{
    struct promise *promise = open_promise(self, id, body);
    uint64_t number = strtoull(strchr(id, '~') + 1, NULL, 10);
    if (promise == NULL || number > CALLBACKS_A_CALL_MAX)
        return;
    if (number > promise->largest)
        promise->largest = (uint32_t)number;
    if (body->call_back != NULL && body->call_back->tries > promise->tries)
        promise->tries = body->call_back->tries;
}

void promise_of_call(struct board *self, const char *id, const Rec__Call *body)
{
    if (body->call_back != NULL && text_is_call_back(id)) {
        note_call_back(self, id, body);
        return;
    }
    if (body->redials[0] != '\0' && !text_is_call_back(body->redials))
        note_redial(self, id, body);
    const struct call *call = board_find_call(self, id);
    bool ended = body->state == REC__CALL_STATE__ENDED;
    bool apart = call != NULL && (!board_owner_up(self, call->owner) || call_reads_as_over(self, call) ||
                                  (call->gateway != NULL && call->gateway->silent));
    if (ended ? body->end == REC__END_REASON__CALLED_BACK : apart)
        open_promise(self, id, body);
    else
        look_soon(find(self, id));
}

// Known as it stands in the store: not a call that this step changes.
static void open_stored(struct board *self, const struct call *call)
{
    if (call->is_call_back || call->state == REC__CALL_STATE__CONNECTED || call->drafted)
        return;
    const Rec__Call *body = board_stored_call(self, call->id, NULL);
    if (body != NULL)
        open_promise(self, call->id, body);
}

void promise_of_gateway(struct board *self, const struct gateway *gateway)
{
    for (const struct call *call = gateway->calls; call != NULL; call = call->gateway_next)
        if (gateway->silent || call->attach < gateway->attach)
            open_stored(self, call);
        else
            look_soon(find(self, call->id));
}

void promise_of_node(struct board *self, uint32_t node)
{
    for (const struct call *call = self->calls; call != NULL; call = call->hh.next)
        if (call->owner.node == node && !call->mine)
            open_stored(self, call);
    self->callbacks->all_anew = true;
}

void promise_look_again(struct board *self)
{
    self->callbacks->all_anew = true;
}

void promise_forget(struct board *self, const char *id)
{
    struct promise *promise = find(self, id);
    if (promise != NULL && !text_is_call_back(id))
        drop(self->callbacks, promise);
}

void promise_desk_speaks(struct board *self, const char *call)
{
    struct promise *promise = text_is_call_back(call) ? find_or_add(self, call) : NULL;
    if (promise != NULL && !promise->reached) {
        promise->reached = true;
        look_soon(promise);
    }
}

// A name that nobody wrote a record or a heartbeat under is not added for hearsay.
static struct board_node *known_node(struct board *self, const char *name)
{
    for (uint32_t i = 0; i < self->node_count; i++)
        if (strcmp(self->nodes[i].name, name) == 0)
            return &self->nodes[i];
    return NULL;
}

void promise_heard(struct board *self, const char *node, uint64_t boot)
{
    struct board_node *heard = known_node(self, node);
    if (heard == NULL)
        return;
    heard->heard_boot = boot;
    heard->heard_ms = self->callbacks->clock_ms;
    self->callbacks->all_anew = true;
}

void promise_swept(struct board *self, const char *node)
{
    struct board_node *swept = known_node(self, node);
    if (swept != NULL)
        swept->swept = true;
}

// ---- who is in reach

// Nobody that we hear hears it.
static bool is_gone(const struct board *self, struct party owner)
{
    const struct board_node *node = &self->nodes[owner.node];
    bool heard = node->heard_boot == owner.boot && owner.boot != 0 &&
                 self->callbacks->clock_ms - node->heard_ms < PROMISE_HEARSAY_MS && node->heard_ms > 0;
    return !board_owner_up(self, owner) && !heard;
}

static bool is_of_directory(const struct board *self, const struct board_node *node)
{
    return self->directory->node_count == 0 || directory_find_node(self->directory, node->name) != DIRECTORY_NONE;
}

static bool is_majority(const struct board *self, bool swept)
{
    uint32_t total = self->directory->node_count > 0 ? self->directory->node_count : self->node_count, count = 0;
    for (uint32_t i = 0; i < self->node_count; i++) {
        const struct board_node *node = &self->nodes[i];
        count += (i == 0 || (swept ? node->swept : node->up_boot != 0)) && is_of_directory(self, node);
    }
    return 2 * count > total;
}

// Rendezvous: for every call each node has a weight of its own, the same on every node that computes it.
static uint64_t weight(const char *node, const char *call)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (const char *c = node; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;  // in no name: divides the two
    for (const char *c = call; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
    return hash ^ hash >> 33;
}

// How many live nodes go before this one. The owner of an end that says called_back knows it first, and is the first.
static uint32_t rank_of(const struct board *self, const char *call, struct party owner)
{
    uint64_t own = weight(self->node, call);
    uint32_t rank = 0;
    if (owner.node == 0 && board_owner_up(self, owner))
        return 0;
    for (uint32_t i = 1; i < self->node_count; i++) {
        const struct board_node *node = &self->nodes[i];
        if (node->up_boot == 0 || !is_of_directory(self, node))
            continue;
        uint64_t theirs = weight(node->name, call);
        bool before = theirs > own || (theirs == own && strcmp(node->name, self->node) > 0);
        rank += before || (owner.node == i && board_owner_up(self, owner));
    }
    return rank;
}

// ---- what a promise is worth now

enum worth {
    WORTH_NOTHING,  // ended otherwise, or its owner is up with its gateway: no call-back of it may be left
    WORTH_SETTLED,  // a call-back had an outcome, or speaks
    WORTH_WATCHED,  // kept by somebody: by its owner, by a call-back, by the caller's next call
    WORTH_OWED,
    WORTH_OWED_AT_ONCE,
};

struct finding {
    enum worth worth;
    const char *needless;  // why a call-back is cancelled; NULL: it is not
    bool redialled;        // its caller waits in another call
    const struct record *record;
    const Rec__Call *lost;
    struct party owner;
};

static struct party owner_of(struct board *self, const struct record *record)
{
    return (struct party){board_node_index(self, record->version.owner), record->version.boot};
}

static bool settles(const Rec__Call *back)
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
        if (settles(back))
            return WORTH_SETTLED;
        if (back->state == REC__CALL_STATE__ENDED)
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
    finding->worth = WORTH_WATCHED;
    if (lost == NULL)
        return;  // a call-back of it came first
    finding->owner = owner_of(self, finding->record);
    bool spoken = lost->state == REC__CALL_STATE__CONNECTED, at_once = false;
    if (lost->state == REC__CALL_STATE__ENDED) {
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
                         !call_reads_as_over(self, call) && (call->gateway == NULL || !call->gateway->silent);
    if (finding->redialled)
        finding->worth = WORTH_WATCHED;
}

// A call that was itself dialled anew for a lost one is covered by the call-backs of that.
static bool is_covered(struct board *self, const struct finding *finding)
{
    if (finding->lost == NULL || finding->lost->redials[0] == '\0' || text_is_call_back(finding->lost->redials))
        return false;
    const struct promise *first = find(self, finding->lost->redials);
    if (first == NULL)
        return false;
    if (first->settled_ms == 0)
        return true;
    for (uint32_t number = 1; number <= first->largest; number++) {
        const Rec__Call *back = call_back_number(self, first->call, number, NULL);
        uint64_t settled_ms = back == NULL ? 0 : back->connected_ms > 0 ? back->connected_ms : back->ended_ms;
        if (back != NULL && settles(back) && settled_ms >= finding->record->born_ms)
            return true;
    }
    return false;
}

static struct finding look(struct board *self, struct promise *promise)
{
    struct finding finding = {0};
    look_at_call(self, promise, &finding);
    if (finding.worth != WORTH_NOTHING)
        look_at_redial(self, promise, &finding);
    if (finding.worth == WORTH_NOTHING)
        return finding;
    enum worth by_call_backs = worth_of_call_backs(self, promise);
    if (by_call_backs == WORTH_SETTLED || by_call_backs == WORTH_WATCHED)
        finding.worth = by_call_backs;
    else if (finding.worth >= WORTH_OWED && is_covered(self, &finding))
        finding.worth = WORTH_WATCHED;
    else if (finding.worth == WORTH_OWED_AT_ONCE && promise->largest > 0)
        finding.worth = WORTH_OWED;  // the one that was made at once is gone
    return finding;
}

// ---- our turn

enum turn { TURN_NOT_YET, TURN_FIRST, TURN_LATER, TURN_ALONE };

static enum turn turn_of(const struct board *self, const struct promise *promise, const struct finding *finding)
{
    const struct callbacks *callbacks = self->callbacks;
    const struct directory_settings *settings = &self->directory->settings;
    uint64_t owed_ms = callbacks->clock_ms - promise->since_ms, after_ms = settings->adopt_after_ms;
    bool at_once = finding->worth == WORTH_OWED_AT_ONCE;
    struct party nobody = {0};
    uint32_t rank = rank_of(self, promise->call, at_once ? finding->owner : nobody);
    // A majority counts from when it was found: copies of what happened meanwhile come first, then turn by turn.
    uint64_t from_ms = callbacks->majority_ms + (at_once && callbacks->majority_ms > 0 ? after_ms : 0);
    from_ms = promise->since_ms > from_ms ? promise->since_ms : from_ms;
    bool majority = callbacks->has_majority && is_majority(self, true);
    if (majority && callbacks->clock_ms >= from_ms + (rank + !at_once) * after_ms)
        return rank == 0 ? TURN_FIRST : TURN_LATER;
    if (!is_majority(self, true) && callbacks->clock_ms < settings->adopt_alone_after_ms)
        return TURN_NOT_YET;
    return owed_ms >= settings->adopt_alone_after_ms + rank * after_ms ? TURN_ALONE : TURN_NOT_YET;
}

static bool make(struct board *self, struct promise *promise, const struct finding *finding)
{
    enum turn turn = turn_of(self, promise, finding);
    if (turn == TURN_NOT_YET)
        return false;
    if (self->call_count >= self->calls_max || promise->largest >= CALLBACKS_A_CALL_MAX) {
        self->counters.callbacks_put_off++;
        return false;
    }
    self->counters.callbacks_made_later += turn == TURN_LATER;
    self->counters.callbacks_made_alone += turn == TURN_ALONE;
    callback_make(self, promise, finding->record, finding->lost);
    return true;
}

// Returns whether a call-back was made.
static bool look_at(struct board *self, struct promise *promise)
{
    struct callbacks *callbacks = self->callbacks;
    uint64_t now_ms = callbacks->clock_ms;
    struct finding finding = look(self, promise);
    bool is_owed = finding.worth >= WORTH_OWED, made = false;
    bool is_settled = finding.worth == WORTH_NOTHING || finding.worth == WORTH_SETTLED;
    if (!is_owed || !promise->is_owed)
        promise->since_ms = now_ms;
    promise->is_owed = is_owed;
    promise->settled_ms = !is_settled ? 0 : promise->settled_ms == 0 ? now_ms + 1 : promise->settled_ms;
    promise->look_ms = now_ms + (is_settled && promise->mine == 0 ? SETTLED_LOOK_MS : OPEN_LOOK_MS);
    if (promise->mine != 0)
        callback_look(self, promise, finding.redialled, finding.needless);
    if (is_owed && promise->mine == 0)
        made = make(self, promise, &finding);
    if (is_settled && promise->mine == 0 && now_ms > promise->settled_ms + PROMISE_MEMORY_MS)
        drop(callbacks, promise);
    return made;
}

// ---- the tick

static void run_clock(struct board *self)
{
    struct callbacks *callbacks = self->callbacks;
    uint64_t step_ms = callbacks->ticked_us == 0 ? 0 : (self->now.mono_us - callbacks->ticked_us) / 1000;
    callbacks->ticked_us = self->now.mono_us;
    callbacks->clock_ms += step_ms < CLOCK_STEP_MAX_MS ? step_ms : CLOCK_STEP_MAX_MS;
    bool has_majority = is_majority(self, false);
    if (has_majority && !callbacks->has_majority)
        callbacks->majority_ms = callbacks->clock_ms;
    callbacks->has_majority = has_majority;
}

// From the head of the list, each once, to its tail.
static void look_through(struct board *self, struct promise **list, uint32_t *looks, uint32_t *makes)
{
    struct callbacks *callbacks = self->callbacks;
    struct promise *last = *list == NULL ? NULL : (*list)->prev;
    for (struct promise *promise = *list; promise != NULL && *looks > 0 && *makes > 0; promise = *list) {
        bool is_last = promise == last;
        DL_DELETE(*list, promise);
        DL_APPEND(*list, promise);
        if (promise->look_ms <= callbacks->clock_ms) {
            --*looks;
            *makes -= look_at(self, promise);
        }
        if (is_last)
            return;
    }
}

void promises_tick(struct board *self)
{
    struct callbacks *callbacks = self->callbacks;
    uint32_t looks = PROMISES_LOOKS_A_TICK, makes = PROMISES_MADE_A_TICK;
    run_clock(self);
    if (callbacks->all_anew)
        for (struct promise *promise = callbacks->by_call; promise != NULL; promise = promise->hh.next)
            look_soon(promise);
    callbacks->all_anew = false;
    look_through(self, &callbacks->emergencies, &looks, &makes);
    look_through(self, &callbacks->others, &looks, &makes);
}

// ---- a caller who dials again

const char *promise_redialled(struct board *self, const char *call, const char *number, uint64_t *ret_queued_ms)
{
    struct numbered *numbered;
    if (number[0] == '\0')
        return NULL;
    HASH_FIND_STR(self->callbacks->by_number, number, numbered);
    struct promise *promise = numbered == NULL ? NULL : numbered->first;
    for (uint32_t i = 0; promise != NULL && i < PROMISES_LOOKS_A_TICK; i++, promise = promise->number_next) {
        if (strcmp(promise->call, call) == 0 || self->callbacks->clock_ms - promise->known_ms > PROMISE_REDIAL_MS)
            continue;
        struct finding finding = look(self, promise);
        bool is_open = finding.worth != WORTH_NOTHING && finding.worth != WORTH_SETTLED && finding.lost != NULL;
        if (!is_open || finding.redialled || finding.lost->redials[0] != '\0')
            continue;
        *ret_queued_ms = finding.lost->queued_ms;
        self->counters.redials++;
        return promise->call;
    }
    return NULL;
}

uint32_t promises_open(const struct board *self)
{
    uint32_t open = 0;
    for (const struct promise *promise = self->callbacks->by_call; promise != NULL; promise = promise->hh.next)
        open += promise->settled_ms == 0;
    return open;
}
