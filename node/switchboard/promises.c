// Which calls are owed a call-back, and when it is this node's turn to make it.
//
//   open ──owed without a break, and our turn──▶ a call-back is made ──it is gone, or cancelled──▶ open
//     │                                               │
//     └── ended otherwise, answered anew ──▶ settled ◀┴── had an outcome, or the caller is on the line
//
// What a promise is worth is read from the records each time it is looked at; only since when it is owed is remembered,
// by a clock that runs only while this node's loop does.
#include "node/switchboard/promises.h"

#include "cluster/base/text.h"

#include <stdlib.h>
#include <string.h>

// ---- life

struct callbacks *callbacks_create(void)
{
    return check_alloc(sizeof(struct callbacks));
}

struct promise **promises_list_of(struct callbacks *self, const struct promise *promise)
{
    return promise->emergency ? &self->emergencies : &self->others;
}

static void leave_number(struct callbacks *self, struct promise *promise)
{
    struct numbered *numbered = promise->numbered;
    if (numbered == NULL)
        return;
    DL_DELETE2(numbered->first, promise, number_previous, number_next);
    promise->numbered = NULL;
    if (numbered->first != NULL)
        return;
    HASH_DEL(self->by_number, numbered);
    free(numbered->number);
    free(numbered);
}

void promise_drop(struct callbacks *self, struct promise *promise)
{
    leave_number(self, promise);
    DL_DELETE(*promises_list_of(self, promise), promise);
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
        promise_drop(self, self->by_call);
    free(self);
}

struct promise *promise_find(const struct board *self, const char *id)
{
    size_t bytes = strcspn(id, "~");
    struct promise *promise;
    HASH_FIND(hh, self->callbacks->by_call, id, bytes, promise);
    return promise;
}

bool promise_keeps(const struct board *self, const struct call *call)
{
    const struct promise *promise = promise_find(self, call->id);
    const char *number = strchr(call->id, '~');
    return promise != NULL && number != NULL && promise->mine == strtoul(number + 1, NULL, 10);
}

static struct promise *find_or_add(struct board *self, const char *id)
{
    struct promise *promise = promise_find(self, id);
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
    DL_PREPEND2(numbered->first, promise, number_previous, number_next);
}

static void set_emergency(struct board *self, struct promise *promise, const char *queue)
{
    uint32_t index = self->directory == NULL ? DIRECTORY_NONE : directory_find_queue(self->directory, queue);
    bool emergency = index != DIRECTORY_NONE && self->directory->queues[index].emergency;
    if (emergency == promise->emergency)
        return;
    DL_DELETE(*promises_list_of(self->callbacks, promise), promise);
    promise->emergency = emergency;
    DL_PREPEND(*promises_list_of(self->callbacks, promise), promise);
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
    bool apart = call != NULL && (!board_owner_up(self, call->owner) || call_is_left_behind(call) ||
                                  (call->gateway != NULL && call->gateway->silent));
    if (ended ? body->end == REC__END_REASON__CALLED_BACK : apart)
        open_promise(self, id, body);
    else
        look_soon(promise_find(self, id));
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
            look_soon(promise_find(self, call->id));
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
    struct promise *promise = promise_find(self, id);
    if (promise != NULL && !text_is_call_back(id))
        promise_drop(self->callbacks, promise);
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
    uint32_t index = board_node_index(self, node);  // perhaps before it is up
    self->nodes[index].swept = true;
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
        struct finding finding = promise_look(self, promise);
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
