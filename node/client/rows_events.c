// Events as rows for applications.
#include "node/client/query.h"
#include "node/client/texts.h"

#include <stdlib.h>

#define BODY_BUDGET_BYTES ((size_t)2 * 1024 * 1024)

static bool fill_call(struct arena *arena, ProtobufCBinaryData body, struct hotline_row *row)
{
    static Rec__Caller nobody = REC__CALLER__INIT;
    const Rec__Call *call = rec__call__unpack(arena_allocator_more(arena, BODY_BUDGET_BYTES), body.len, body.data);
    if (call == NULL)
        return false;
    const Rec__Caller *caller = call->caller == NULL ? &nobody : call->caller;
    row->event.kind = "call";
    row->event.state = call_state_text(call->state);
    row->event.reason = end_text(call->end);
    row->event.gateway = call->gateway;
    row->event.from = caller->number;
    row->event.place = place_of(caller->place);
    row->event.queue = call->queue;
    row->event.detail = call->detail;
    row->event.agent = call->agent;
    row->event.offers = call->offers;
    row->event.queued_ms = call->queued_ms;
    row->event.ringing_ms = call->ringing_ms;
    row->event.connected_ms = call->connected_ms;
    row->event.ended_ms = call->ended_ms;
    return true;
}

static bool fill_agent(struct arena *arena, ProtobufCBinaryData body, struct hotline_row *row)
{
    const Rec__Desk *desk = rec__desk__unpack(arena_allocator_more(arena, BODY_BUDGET_BYTES), body.len, body.data);
    if (desk == NULL)
        return false;
    row->event.kind = "agent";
    row->event.state = agent_state_text(desk->state);
    row->event.reason = desk->reason;
    row->event.call = desk->call;
    row->event.since_ms = desk->since_ms;
    return true;
}

static bool fill_wrap(struct arena *arena, ProtobufCBinaryData body, struct hotline_row *row)
{
    const Rec__Wrap *wrap = rec__wrap__unpack(arena_allocator_more(arena, BODY_BUDGET_BYTES), body.len, body.data);
    if (wrap == NULL || wrap->disposition[0] == '\0')
        return false;  // nothing is said yet
    row->event.kind = "wrap_up";
    row->event.agent = wrap->agent;
    row->event.disposition = wrap->disposition;
    row->event.since_ms = wrap->at_ms;
    return true;
}

static bool advance(struct cursor *cursor, const Cli__FeedPlace *place)
{
    return cursor_is_owner(place->owner) && cursor_advance(cursor, place->owner, place->boot, place->seq, place->since);
}

static bool give_event(struct arena *arena, const Cli__EventRow *from, struct cursor *cursor,
                       hotline_row_callback *on_row, void *user)
{
    struct hotline_row row = {.type = HOTLINE_ROW_EVENT};
    row.event.state = row.event.reason = row.event.call = "";
    row.event.gateway = row.event.from = row.event.queue = row.event.detail = row.event.agent = "";
    row.event.disposition = "";
    row.event.place = place_of(NULL);
    const Cli__FeedPlace *step = from->mended != NULL ? from->mended : from->at;
    if (from->at == NULL || !text_is_name(from->at->owner, NAME_MAX_BYTES) || !advance(cursor, step))
        return false;
    bool known = from->kind == REC__KIND__CALL         ? fill_call(arena, from->body, &row)
                 : from->kind == REC__KIND__DESK       ? fill_agent(arena, from->body, &row)
                 : from->kind == REC__KIND__WRAP_UP_OF ? fill_wrap(arena, from->body, &row)
                                                       : false;
    if (!known)
        return true;  // of a newer protocol, or no event: the cursor goes on
    char *text = cursor_write(cursor);
    row.event.id = from->id;
    row.event.cursor = text;
    row.event.owner = from->at->owner;
    row.event.boot = from->at->boot;
    row.event.seq = from->at->seq;
    row.event.told_owner = step->owner;
    row.event.told_boot = step->boot;
    row.event.told_seq = step->seq;
    row.event.late = from->mended != NULL;
    row.event.attach = from->attach;
    on_row(user, &row);
    free(text);
    return true;
}

// What the node says goes before: it leaves out feeds that nobody needs any more.
static bool take_over(struct cursor *cursor, const Cli__Events *events)
{
    struct cursor upto = {0};
    bool sound = true;
    for (size_t i = 0; i < events->n_upto && sound; i++)
        sound = advance(&upto, events->upto[i]);
    if (sound)
        cursor_copy(cursor, &upto);
    cursor_close(&upto);
    return sound;
}

bool rows_give_events(struct arena *arena, const Cli__Events *events, bool last, struct cursor *cursor,
                      hotline_row_callback *on_row, void *user)
{
    if (on_row == NULL)
        return true;
    for (size_t i = 0; i < events->n_rows; i++)
        if (!give_event(arena, events->rows[i], cursor, on_row, user))
            return false;
    if (!last)
        return true;
    if (!take_over(cursor, events))
        return false;
    char *text = cursor_write(cursor);
    struct hotline_row row = {.type = HOTLINE_ROW_CURSOR};
    row.cursor.cursor = text;
    row.cursor.more = events->more;
    on_row(user, &row);
    free(text);
    return true;
}
