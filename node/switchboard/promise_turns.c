// Whose turn it is to make a call-back, and when; the tick that looks through the promises.
#include "node/switchboard/promises.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <string.h>

#define CLOCK_STEP_MAX_MS (2 * SWITCHBOARD_TICK_MS)  // more between two ticks: the loop stood still
#define SETTLED_LOOK_MS 60000
#define OPEN_LOOK_MS 1000

// ---- who is in reach

static uint32_t nodes_in_all(const struct board *self)
{
    return self->directory->node_count > 0 ? self->directory->node_count : self->node_count;
}

static bool is_majority(const struct board *self, bool swept)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->node_count; i++) {
        const struct board_node *node = &self->nodes[i];
        count += (i == 0 || (swept ? node->swept : node->up_boot != 0)) && board_is_of_directory(self, node);
    }
    return 2 * count > nodes_in_all(self);
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
// One that can store nothing goes last.
static uint32_t rank_of(const struct board *self, const char *call, struct party owner)
{
    uint64_t own = weight(self->node, call);
    uint32_t rank = 0;
    if (owner.node == 0 && board_owner_up(self, owner) && !self->stores_nothing)
        return 0;
    for (uint32_t i = 1; i < self->node_count; i++) {
        const struct board_node *node = &self->nodes[i];
        if (node->up_boot == 0 || !board_knows_call_backs(self, i) || !board_is_of_directory(self, node))
            continue;
        uint64_t theirs = weight(node->name, call);
        bool before = self->stores_nothing || theirs > own || (theirs == own && strcmp(node->name, self->node) > 0);
        rank += before || (owner.node == i && board_owner_up(self, owner));
    }
    return rank;
}

// ---- our turn

enum turn { TURN_NOT_YET, TURN_FIRST, TURN_LATER, TURN_ALONE };

static enum turn turn_of(const struct board *self, const struct promise *promise, const struct finding *finding)
{
    if (!board_knows_call_backs(self, 0) || (self->is_restored && RULE(restored_waits)))
        return TURN_NOT_YET;
    const struct callbacks *callbacks = self->callbacks;
    const struct directory_settings *settings = &self->directory->settings;
    uint64_t owed_ms = callbacks->clock_ms - promise->since_ms, after_ms = settings->adopt_after_ms;
    bool at_once = finding->worth == WORTH_OWED_AT_ONCE;
    struct party nobody = {0};
    uint32_t rank = RULE(adopt_in_turn) ? rank_of(self, promise->call, at_once ? finding->owner : nobody) : 0;
    // A majority counts from when it was found: copies of what happened meanwhile come first, then turn by turn. The
    // half keeps a turn from falling on that of a node which saw it all the time.
    uint64_t from_ms = callbacks->majority_ms + (at_once && callbacks->majority_ms > 0 ? after_ms + after_ms / 2 : 0);
    from_ms = promise->since_ms > from_ms ? promise->since_ms : from_ms;
    bool majority = !RULE(adopt_by_majority) || (callbacks->has_majority && is_majority(self, true));
    if (majority && callbacks->clock_ms >= from_ms + (rank + !at_once) * after_ms)
        return rank == 0 ? TURN_FIRST : TURN_LATER;
    if (!is_majority(self, true) && callbacks->clock_ms < settings->adopt_alone_after_ms)
        return TURN_NOT_YET;
    return owed_ms >= settings->adopt_alone_after_ms + rank * after_ms ? TURN_ALONE : TURN_NOT_YET;
}

// What was known when it was made.
static void tell_made(struct board *self, const struct promise *promise, const struct finding *finding)
{
    bool heard = finding->by_silence && promise_hears_of(self, finding->owner);
    struct made made = {.call = promise->call,
                        .number = promise->mine,
                        .owed_ms = self->callbacks->clock_ms - promise->since_ms,
                        .nodes = nodes_in_all(self),
                        .heard = heard ? self->nodes[finding->owner.node].name : "",
                        .other = finding->kept    ? "kept"
                                 : finding->lives ? "lives"
                                                  : ""};
    say_made(self, &made);
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
    if (self->tells_decisions)
        tell_made(self, promise, finding);
    return true;
}

// Returns whether a call-back was made.
static bool look_at(struct board *self, struct promise *promise)
{
    struct callbacks *callbacks = self->callbacks;
    uint64_t now_ms = callbacks->clock_ms;
    struct finding finding = promise_look(self, promise);
    bool is_owed = finding.worth >= WORTH_OWED, made = false;
    bool is_settled = finding.worth == WORTH_NOTHING || finding.worth == WORTH_SETTLED;
    if (!is_owed || !promise->is_owed)
        promise->since_ms = now_ms;
    promise->is_owed = is_owed;
    promise->settled_ms = !is_settled ? 0 : promise->settled_ms == 0 ? now_ms + 1 : promise->settled_ms;
    promise->look_ms = now_ms + (is_settled && promise->mine == 0 ? SETTLED_LOOK_MS : OPEN_LOOK_MS);
    if (promise->mine != 0)
        callback_look(self, promise, finding.redialled, finding.needless, finding.rival);
    if (is_owed && promise->mine == 0)
        made = make(self, promise, &finding);
    if (is_settled && promise->mine == 0 && now_ms > promise->settled_ms + PROMISE_MEMORY_MS)
        promise_drop(callbacks, promise);
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
    if (!RULE(lost_are_called_back))
        return;
    uint32_t looks = PROMISES_LOOKS_A_TICK, makes = PROMISES_MADE_A_TICK;
    run_clock(self);
    if (callbacks->all_anew)
        for (struct promise *promise = callbacks->by_call; promise != NULL; promise = promise->hh.next)
            promise->look_ms = 0;
    callbacks->all_anew = false;
    look_through(self, &callbacks->emergencies, &looks, &makes);
    look_through(self, &callbacks->others, &looks, &makes);
}
