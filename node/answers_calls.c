// Calls, and the story of one.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_PER_PART 100
#define CALL_BUDGET_BYTES ((size_t)256 * 1024)

static Rec__Call *stored_call(struct node *node, const char *id, const struct record **ret_record)
{
    const struct record *record = store_find(node->store, REC__KIND__CALL, id);
    if (record == NULL)
        return NULL;
    *ret_record = record;
    return rec__call__unpack(arena_allocator_more(&node->arena, CALL_BUDGET_BYTES), record->body.bytes,
                             record->body.data);
}

void answers_mask(char *number)
{
    size_t length = strlen(number), shown = length >= 9 ? 4 : 0;
    for (size_t i = shown; i + (shown > 0 ? 2 : 0) < length; i++)
        number[i] = '*';
}

static void fill_call(struct node *node, const struct reading_call *reading, bool show_number, Cli__CallRow *row)
{
    const struct record *record;
    Rec__Call *body = stored_call(node, reading->id, &record);
    cli__call_row__init(row);
    row->call = (char *)reading->id;
    row->node = (char *)reading->node;
    row->state = (Rec__CallState)reading->state;
    row->end = (Rec__EndReason)reading->end;
    if (body == NULL)
        return;
    row->queue = body->queue;
    row->agent = body->agent;
    row->call_back = body->call_back;
    if (body->caller != NULL) {
        if (!show_number)
            answers_mask(body->caller->number);
        row->from = body->caller->number;
        row->place = body->caller->place;
    }
    uint64_t until_ms = body->connected_ms > 0 ? body->connected_ms : node->now.wall_ms;
    row->waited_ms = until_ms > body->queued_ms ? until_ms - body->queued_ms : 0;
}

void answer_calls(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    struct reading_call *readings;
    uint32_t total = reading_calls(node->board, node->now, &readings), done = 0;
    if (query->limit > 0 && query->limit < total)
        total = query->limit;
    Cli__CallRow rows[ROWS_PER_PART], *pointers[ROWS_PER_PART];
    do {
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.calls = pointers;
        arena_allocator(&node->arena, 0);
        for (; done < total && answer.n_calls < ROWS_PER_PART; done++) {
            fill_call(node, &readings[done], query->show_numbers, &rows[answer.n_calls]);
            pointers[answer.n_calls] = &rows[answer.n_calls];
            answer.n_calls++;
        }
        answers_say(reply, &answer, done == total);
    } while (done < total);
    free(readings);
}

void answer_explain(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    const struct record *record;
    arena_allocator(&node->arena, 0);
    Rec__Call *body = stored_call(node, query->call, &record);
    if (body == NULL) {
        char detail[256];
        snprintf(detail, sizeof detail, "there is no call %.128s", query->call);
        answers_refuse(reply, "unknown_call", detail);
        return;
    }
    if (body->caller != NULL && !query->show_numbers)
        answers_mask(body->caller->number);
    Cli__Explain explain = CLI__EXPLAIN__INIT;
    Rec__Version version = REC__VERSION__INIT;
    version.attach = record->version.attach;
    version.owner = (char *)record->version.owner;
    version.boot = record->version.boot;
    version.seq = record->version.seq;
    explain.call = query->call;
    explain.story = body;
    explain.version = &version;
    explain.born_ms = record->born_ms;
    const struct record *wrap = store_find(node->store, REC__KIND__WRAP_UP_OF, query->call);
    if (wrap != NULL)
        explain.wrap =
            rec__wrap__unpack(arena_allocator_more(&node->arena, CALL_BUDGET_BYTES), wrap->body.bytes, wrap->body.data);
    uint32_t agent = node->directory == NULL ? DIRECTORY_NONE : directory_find_agent(node->directory, body->agent);
    if (agent != DIRECTORY_NONE)
        explain.site = (char *)node->directory->sites[node->directory->agents[agent].site].id;
    if (peers_is_self(node->peers, version.owner, version.boot))
        explain.copies = (store_stored(node->store, version.owner, version.boot) >= version.seq) +
                         feed_copies(node->feed, version.seq);
    char call_back[CALL_ID_MAX_BYTES + 1] = "";
    explain.call_back = call_back;
    reading_call_back(node->board, query->call, call_back, sizeof call_back);
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.explain = &explain;
    answers_say(reply, &answer, true);
}
