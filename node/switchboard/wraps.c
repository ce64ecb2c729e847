// How a conversation went, as its agent says in wrap-up: a record of its own, for the call's is its owner's alone, and
// that owner may be gone. The desk says it again whenever it attaches, so a node that dies takes nothing with it.
// That a call-back's caller was reached stands there, too, as soon as the desk says so: the desk's record is soon about
// its next call, and who calls back then may never have seen the one in between.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/text.h"

#include <string.h>

static const Rec__Wrap *stored(struct board *self, const char *call)
{
    const struct record *record = store_find(self->store, REC__KIND__WRAP_UP_OF, call);
    return record == NULL ? NULL
                          : rec__wrap__unpack(arena_allocator_more(&self->arena, STORE_RECORD_MAX_BYTES),
                                              record->body.bytes, record->body.data);
}

static bool is_written(const Rec__Wrap *wrap, const char *agent, const char *disposition)
{
    return wrap != NULL && strcmp(wrap->agent, agent) == 0 && strcmp(wrap->disposition, disposition) == 0;
}

static void put(struct board *self, const char *call, uint64_t attach, uint64_t born_ms, const Rec__Wrap *wrap)
{
    struct effect *effect = say_effect(self, EFFECT_PUT);
    effect->kind = REC__KIND__WRAP_UP_OF;
    effect->name = board_text(self, call);
    effect->attach = attach;
    effect->born_ms = born_ms;
    effect->count = rec__wrap__get_packed_size(wrap);
    rec__wrap__pack(wrap, bytes_grow(&self->effects->bytes, effect->count));
}

static void say_written(struct board *self, uint32_t agent, const char *call)
{
    Cli__DeskNews news = CLI__DESK_NEWS__INIT;
    news.attach = self->desks[agent].attach;
    news.state = self->desks[agent].state;
    news.reason = self->desks[agent].reason;
    news.call = (char *)call;
    news.disposed = true;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
    message.desk_news = &news;
    say_to_session(self, self->desks[agent].here->session, &message);
}

// The copy names her; or it names nobody, and its owner died before it could tell whom. A call-back's owner may live on
// and never know whom: it gave the desk up for out of reach, and the caller was reached all the same.
static bool may_have_spoken(struct board *self, const Rec__Call *call, const struct record *record, const char *agent)
{
    struct party owner = {board_node_index(self, record->version.owner), record->version.boot};
    bool untold = text_is_call_back(record->id) || !board_owner_up(self, owner);
    return strcmp(call->agent, agent) == 0 || (call->agent[0] == '\0' && untold);
}

void wrap_say(struct board *self, uint32_t agent, const Cli__DeskWord *word)
{
    const char *id = self->directory->agents[agent].id;
    const struct record *record = NULL;
    const Rec__Call *call = text_is_call_id(word->call) ? board_stored_call(self, word->call, &record) : NULL;
    if (call == NULL || !may_have_spoken(self, call, record, id) ||
        !text_is_printable(word->reason, WRAP_DISPOSITION_MAX_BYTES)) {
        self->counters.words_refused++;
        say_refused(self, self->desks[agent].here->session, "not_your_call", word->call, self->desks[agent].attach,
                    "there is no call %.128s here that %.64s has spoken", word->call, id);
        return;
    }
    const Rec__Wrap *old = stored(self, word->call);
    if (!is_written(old, id, word->reason)) {
        Rec__Wrap wrap = REC__WRAP__INIT;
        wrap.reached = old != NULL && old->reached;
        wrap.agent = (char *)id;
        wrap.disposition = word->reason;
        wrap.at_ms = self->now.wall_ms;
        put(self, word->call, self->desks[agent].attach, record->born_ms, &wrap);
    }
    say_written(self, agent, word->call);
}

// The call-back; or, where its maker died before it could tell of it, the call that it is for.
static const struct record *known_of(struct board *self, const char *call_back)
{
    const struct record *record = store_find(self->store, REC__KIND__CALL, call_back);
    if (record != NULL)
        return record;
    char *call = board_text(self, call_back);
    call[strcspn(call, "~")] = '\0';
    return store_find(self->store, REC__KIND__CALL, call);
}

void wrap_reached(struct board *self, uint32_t agent, const char *call)
{
    promise_desk_speaks(self, call);
    const Rec__Wrap *old = stored(self, call);
    if (old != NULL && old->reached)
        return;
    const struct record *record = known_of(self, call);
    Rec__Wrap wrap = REC__WRAP__INIT;
    wrap.agent = (char *)self->directory->agents[agent].id;
    wrap.at_ms = self->now.wall_ms;
    if (old != NULL)
        wrap = *old;
    wrap.reached = true;
    put(self, call, self->desks[agent].attach, record == NULL ? self->now.wall_ms : record->born_ms, &wrap);
}

void wrap_reached_before(struct board *self, uint32_t agent, const char *call)
{
    const struct record *record = NULL;
    if (!text_is_call_id(call) || !text_is_call_back(call) || known_of(self, call) == NULL)
        return;
    const Rec__Call *body = board_stored_call(self, call, &record);
    if (body == NULL || may_have_spoken(self, body, record, self->directory->agents[agent].id))
        wrap_reached(self, agent, call);
}

bool wrap_is_reached(struct board *self, const char *call)
{
    const Rec__Wrap *wrap = stored(self, call);
    return wrap != NULL && wrap->reached;
}
