#include "chaos/live/report.h"

#include "cluster/base/check.h"
#include "cluster/base/text.h"

#include <stdlib.h>
#include <string.h>

#define HASH_FUNCTION HASH_FNV  // the default one falls through its switch
#include <uthash.h>

struct report_call {
    char id[CALL_ID_MAX_BYTES + 1];
    uint64_t submitted_us;
    uint64_t silent_us;  // rings nowhere since; 0: rings, or never did
    uint32_t client;     // its gateway
    uint32_t desks;      // it rings at
    bool has_rung, is_answered;
    UT_hash_handle hh;
};

struct report_client {
    uint32_t number;
    char node[NAME_MAX_BYTES + 1];     // attached to
    char call[CALL_ID_MAX_BYTES + 1];  // rings here
    uint64_t vanished_us, detached_us;
    UT_hash_handle hh;
};

struct report_node {
    char name[NAME_MAX_BYTES + 1];
    uint64_t lost_us;  // died or stopped; 0: runs
    UT_hash_handle hh;
};

// ---- samples

void samples_add(struct samples *self, uint64_t us)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 256;
        self->list = check_realloc(self->list, self->capacity * sizeof *self->list);
    }
    self->list[self->count++] = us;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

uint64_t samples_at(struct samples *self, uint32_t permille)
{
    if (self->count == 0)
        return 0;
    qsort(self->list, self->count, sizeof *self->list, compare);
    uint64_t rank = ((uint64_t)self->count * permille + 999) / 1000;
    return self->list[rank > 0 ? rank - 1 : 0];
}

void samples_close(struct samples *self)
{
    free(self->list);
    *self = (struct samples){.count = 0};
}

// ---- who is who

static struct report_call *call_of(struct report *self, const char *id)
{
    struct report_call *call = NULL;
    if (id != NULL)
        HASH_FIND_STR(self->calls, id, call);
    return call;
}

static struct report_client *client_of(struct report *self, uint32_t number)
{
    struct report_client *client;
    HASH_FIND(hh, self->clients, &number, sizeof number, client);
    if (client == NULL) {
        client = check_alloc(sizeof *client);
        client->number = number;
        HASH_ADD(hh, self->clients, number, sizeof number, client);
    }
    return client;
}

static struct report_node *node_of(struct report *self, const char *name)
{
    struct report_node *node;
    HASH_FIND_STR(self->nodes, name, node);
    if (node == NULL) {
        node = check_alloc(sizeof *node);
        text_copy(node->name, sizeof node->name, name);
        HASH_ADD_STR(self->nodes, name, node);
    }
    return node;
}

// ---- what happened

static void submitted(struct report *self, const struct history_event *event)
{
    struct report_call *call = call_of(self, event->call);
    if (call != NULL)
        return;
    call = check_alloc(sizeof *call);
    text_copy(call->id, sizeof call->id, event->call);
    call->submitted_us = event->us;
    call->client = event->client;
    HASH_ADD_STR(self->calls, id, call);
}

// A try of a call-back is named after its call.
static void rings_back(struct report *self, const struct history_event *event)
{
    char id[CALL_ID_MAX_BYTES + 1];
    text_copy(id, sizeof id, event->call);
    char *try = strchr(id, '~');
    if (try == NULL)
        return;
    *try = '\0';
    const struct report_call *call = call_of(self, id);
    const struct report_client *gateway = call != NULL ? client_of(self, call->client) : NULL;
    if (gateway != NULL && gateway->vanished_us != 0)
        samples_add(&self->call_back, event->us - gateway->vanished_us);
}

static void rings(struct report *self, const struct history_event *event)
{
    struct report_client *desk = client_of(self, event->client);
    struct report_call *call = call_of(self, event->call);
    rings_back(self, event);
    if (call == NULL || strcmp(desk->call, event->call) == 0)
        return;
    text_copy(desk->call, sizeof desk->call, event->call);
    if (!call->has_rung)
        samples_add(&self->first_ring, event->us - call->submitted_us);
    else if (call->silent_us != 0)
        samples_add(&self->ring_gap, event->us - call->silent_us);
    call->has_rung = true;
    call->silent_us = 0;
    call->desks++;
}

// `by_itself`: nobody answered.
static void rings_no_more(struct report *self, const struct history_event *event, bool by_itself)
{
    struct report_client *desk = client_of(self, event->client);
    struct report_call *call = call_of(self, desk->call);
    desk->call[0] = '\0';
    if (call == NULL)
        return;
    call->desks--;
    call->is_answered |= event->word == HISTORY_ACCEPTS;
    call->silent_us = by_itself && call->desks == 0 && !call->is_answered ? event->us : 0;
}

static void over(struct report *self, const struct history_event *event)
{
    struct report_call *call = call_of(self, event->call);
    if (call != NULL) {
        call->is_answered = true;
        call->silent_us = 0;
    }
}

static void detached(struct report *self, const struct history_event *event)
{
    struct report_client *client = client_of(self, event->client);
    if (client->detached_us == 0)
        client->detached_us = event->us;
}

static void attached(struct report *self, const struct history_event *event)
{
    struct report_client *client = client_of(self, event->client);
    const struct report_node *before = client->node[0] != '\0' ? node_of(self, client->node) : NULL;
    if (before != NULL && before->lost_us != 0)
        samples_add(&self->fail_over, event->us - before->lost_us);
    else if (before != NULL && client->detached_us != 0)
        samples_add(&self->fail_over, event->us - client->detached_us);
    client->detached_us = 0;
    text_copy(client->node, sizeof client->node, event->node != NULL ? event->node : "");
}

void report_hear(struct report *self, const struct history_event *event)
{
    switch ((int)event->word) {  // of a few
    case HISTORY_NODE_DIED:
    case HISTORY_NODE_STALLED:
        node_of(self, event->node)->lost_us = event->us;
        break;
    case HISTORY_NODE_STARTED:
    case HISTORY_NODE_RESUMED:
        node_of(self, event->node)->lost_us = 0;
        break;
    case HISTORY_SUBMITTED:
        submitted(self, event);
        break;
    case HISTORY_RINGS:
        rings(self, event);
        break;
    case HISTORY_WITHDRAWN:
        rings_no_more(self, event, true);
        break;
    case HISTORY_ACCEPTS:
    case HISTORY_DECLINES:
        rings_no_more(self, event, false);
        break;
    case HISTORY_VANISHED:
        client_of(self, event->client)->vanished_us = event->us;
        rings_no_more(self, event, true);
        break;
    case HISTORY_JOINED:
    case HISTORY_HUNG_UP:
    case HISTORY_LEG_ENDED:
        over(self, event);
        break;
    case HISTORY_DETACHED:
        detached(self, event);
        break;
    case HISTORY_ATTACHED:
        attached(self, event);
        break;
    default:
        break;
    }
}

// ---- life

#define FREE_ALL(table, type)                                                                                          \
    do {                                                                                                               \
        struct type *item, *next;                                                                                      \
        HASH_ITER(hh, table, item, next)                                                                               \
        {                                                                                                              \
            HASH_DEL(table, item);                                                                                     \
            free(item);                                                                                                \
        }                                                                                                              \
    } while (0)

void report_close(struct report *self)
{
    FREE_ALL(self->calls, report_call);
    FREE_ALL(self->clients, report_client);
    FREE_ALL(self->nodes, report_node);
    samples_close(&self->first_ring);
    samples_close(&self->ring_gap);
    samples_close(&self->fail_over);
    samples_close(&self->call_back);
}
