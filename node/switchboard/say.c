// Messages out: what the switchboard says to clients and to other owners, packed into effects.
#include "node/switchboard/board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct effect *say_effect(struct board *self, enum effect_type type)
{
    struct effects *effects = self->effects;
    if (effects->count == effects->capacity) {
        effects->capacity = effects->capacity ? effects->capacity * 2 : 64;
        effects->list = check_realloc(effects->list, effects->capacity * sizeof *effects->list);
    }
    struct effect *effect = &effects->list[effects->count++];
    *effect = (struct effect){.type = type, .offset = effects->bytes.count};
    return effect;
}

static void say_as(struct board *self, enum effect_type type, uint64_t session, Cli__ToClient *message)
{
    if (session == 0)
        return;
    struct effect *effect = say_effect(self, type);
    effect->session = session;
    effect->count = cli__to_client__get_packed_size(message);
    cli__to_client__pack(message, bytes_grow(&self->effects->bytes, effect->count));
}

void say_to_session(struct board *self, uint64_t session, Cli__ToClient *message)
{
    say_as(self, EFFECT_CLIENT, session, message);
}

// Reasons that lie in what this node knows or has room for; the others lie in what the client said.
static bool may_differ_elsewhere(const char *reason)
{
    static const char *const reasons[] = {"no_directory",   "overload",         "unknown_agent", "unknown_queue",
                                          "unknown_digits", "unknown_language", "unknown_skill", "unknown_site"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

void say_refused(struct board *self, uint64_t session, const char *reason, const char *what, uint64_t attach,
                 const char *format, ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    Cli__Refused refused = CLI__REFUSED__INIT;
    refused.reason = (char *)reason;
    refused.detail = detail;
    refused.what = (char *)what;
    refused.attach = attach;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &refused;
    say_as(self, may_differ_elsewhere(reason) ? EFFECT_REFUSE : EFFECT_CLIENT, session, &message);
}

void say_call_news(struct board *self, struct call *call, Cli__CallNews *news)
{
    if (call->gateway == NULL || !call->gateway->here || call->gateway->session == 0)
        return;
    news->attach = call->gateway->attach;
    news->call = call->id;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
    message.call_news = news;
    say_to_session(self, call->gateway->session, &message);
}

void say_ended(struct board *self, uint64_t session, uint64_t attach, const char *call, const Rec__Call *body)
{
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.attach = attach;
    news.call = (char *)call;
    news.what = CLI__CALL_NEWS__WHAT__ENDED;
    news.end = body->end;
    news.detail = body->detail;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
    message.call_news = &news;
    say_to_session(self, session, &message);
}

void say_stale(struct board *self, uint64_t session, const char *name, uint64_t attach, uint64_t largest)
{
    Cli__Refused refused = CLI__REFUSED__INIT;
    refused.reason = (char *)"stale_attach";
    refused.detail = (char *)"a larger attach of this name is known";
    refused.what = (char *)name;
    refused.attach = attach;
    refused.largest = largest;
    self->counters.attaches_stale++;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &refused;
    say_to_session(self, session, &message);
}

void say_superseded(struct board *self, uint64_t session, Rec__Kind kind, const char *name, uint64_t attach,
                    uint64_t by, const char *node)
{
    if (session == 0)
        return;
    Cli__Superseded superseded = CLI__SUPERSEDED__INIT;
    superseded.attach = attach;
    superseded.by = by;
    superseded.node = (char *)node;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_SUPERSEDED;
    message.superseded = &superseded;
    say_to_session(self, session, &message);
    struct effect *effect = say_effect(self, EFFECT_UNBIND);
    effect->session = session;
    effect->kind = (uint8_t)kind;
    effect->name = board_text(self, name);
}

static void say_news(struct board *self, uint32_t agent, Cli__DeskNews *news)
{
    const struct desk *desk = &self->desks[agent];
    if (desk->here == NULL)
        return;
    news->attach = desk->attach;
    news->state = desk->state;
    news->reason = (char *)desk->reason;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
    message.desk_news = news;
    say_to_session(self, desk->here->session, &message);
}

void say_desk_news(struct board *self, uint32_t agent, const char *call, bool connected, bool ended)
{
    Cli__DeskNews news = CLI__DESK_NEWS__INIT;
    news.call = (char *)call;
    news.connected = connected;
    news.ended = ended;
    say_news(self, agent, &news);
}

void say_desk_asks(struct board *self, uint32_t agent, const char *call, uint32_t n)
{
    Cli__DeskNews news = CLI__DESK_NEWS__INIT;
    news.call = (char *)call;
    news.asks = true;
    news.n = n;
    say_news(self, agent, &news);
}

void say_desk_withdrawn(struct board *self, uint32_t agent, const char *call, uint32_t n, const char *reason)
{
    const struct desk *desk = &self->desks[agent];
    if (desk->here == NULL)
        return;
    Cli__Withdrawn withdrawn = CLI__WITHDRAWN__INIT;
    withdrawn.attach = desk->attach;
    withdrawn.call = (char *)call;
    withdrawn.n = n;
    withdrawn.reason = (char *)reason;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_WITHDRAWN;
    message.withdrawn = &withdrawn;
    say_to_session(self, desk->here->session, &message);
}

static bool is_of_a_call_back(const Peer__Talk *talk)
{
    if (talk->body_case == PEER__TALK__BODY_OFFER)
        return talk->offer->call_back != NULL;
    return talk->body_case == PEER__TALK__BODY_ANSWER &&
           (talk->answer->answer == PEER__ANSWER__REACHED || talk->answer->answer == PEER__ANSWER__NOT_REACHED);
}

void say_to_node(struct board *self, uint32_t node, Peer__Talk *talk)
{
    struct effect *effect = say_effect(self, EFFECT_NODE);
    effect->name = self->nodes[node].name;
    effect->protocol = is_of_a_call_back(talk) ? SWITCHBOARD_CALL_BACKS_SINCE : 0;
    effect->count = peer__talk__get_packed_size(talk);
    peer__talk__pack(talk, bytes_grow(&self->effects->bytes, effect->count));
}

// M's own record goes along with a refusal, so that the call's owner learns what it did not know.
static Rec__Record *desk_record(const struct board *self, const char *agent, Rec__Record *record, Rec__Version *version)
{
    const struct record *stored = store_find(self->store, REC__KIND__DESK, agent);
    if (stored == NULL)
        return NULL;
    rec__record__init(record);
    rec__version__init(version);
    version->attach = stored->version.attach;
    version->owner = (char *)stored->version.owner;
    version->boot = stored->version.boot;
    version->seq = stored->version.seq;
    record->kind = REC__KIND__DESK;
    record->id = (char *)agent;
    record->version = version;
    record->born_ms = stored->born_ms;
    record->body = (ProtobufCBinaryData){stored->body.bytes, (uint8_t *)stored->body.data};
    return record;
}

void say_offer_answer(struct board *self, uint32_t agent, const struct rung *rung, Peer__Answer answer,
                      const char *reason)
{
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = (char *)rung->call;
    name.call_attach = rung->call_attach;
    name.agent = (char *)self->directory->agents[agent].id;
    name.agent_login = attach_login(self->desks[agent].attach);
    name.n = rung->n;
    Peer__OfferAnswer words = PEER__OFFER_ANSWER__INIT;
    words.name = &name;
    words.answer = answer;
    words.desk_attach = self->desks[agent].attach;
    words.reason = (char *)reason;
    words.text = (char *)rung->text;
    words.holds_ms = rung->declined_ms;
    Rec__Record record;
    Rec__Version version;
    if (answer == PEER__ANSWER__REFUSES)
        words.desk = desk_record(self, name.agent, &record, &version);
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_ANSWER;
    talk.answer = &words;
    say_to_node(self, rung->node, &talk);
}

Peer__OfferName say_offer_name(const struct board *self, const struct call *call, const struct offer *offer)
{
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = call->id;
    name.call_attach = call->attach;
    name.agent = (char *)self->directory->agents[offer->agent].id;
    name.agent_login = offer->agent_login;
    name.n = offer->n;
    return name;
}

void say_withdraw(struct board *self, const struct call *call, const struct offer *offer, const char *reason)
{
    if (offer->agent == DIRECTORY_NONE)
        return;
    Peer__OfferName name = say_offer_name(self, call, offer);
    Peer__Withdraw words = PEER__WITHDRAW__INIT;
    words.name = &name;
    words.reason = (char *)reason;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_WITHDRAW;
    talk.withdraw = &words;
    say_to_node(self, offer->node, &talk);
}

static void PRINTF_LIKE(2, 3) put_text(struct bytes *to, const char *format, ...)
{
    char text[2 * CALL_ID_MAX_BYTES + 64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bytes_append(to, text, strlen(text));
}

void say_orphan(struct board *self, const char *what, const char *kind, const char *id)
{
    struct effect *effect = say_effect(self, EFFECT_ORPHAN);
    struct bytes *to = &self->effects->bytes;
    put_text(to, "what=%s %s=%s", what, kind, id);
    bytes_append(to, "", 1);
    effect->count = to->count - effect->offset;
}

// As a history's words want it (chaos/history): call.decided ...
void say_decided(struct board *self, uint32_t agent, const Peer__Offer *offer)
{
    struct effect *effect = say_effect(self, EFFECT_DECIDED);
    effect->name = "decided";
    struct bytes *to = &self->effects->bytes;
    put_text(to, "call=%s agent=%s priority=%u queued_ms=%llu", offer->name->call, self->directory->agents[agent].id,
             offer->priority, (unsigned long long)offer->queued_ms);
    const char *divider = " list=";
    uint32_t count = 0;
    for (const struct call *call = self->calls; call != NULL && count < SWITCHBOARD_DECISION_CALLS_MAX;
         call = call->hh.next) {
        if (strcmp(call->id, offer->name->call) == 0 || !invite_may_offer(self, agent, call))
            continue;
        put_text(to, "%s%s:%u:%llu", divider, call->id, call->waiting.priority,
                 (unsigned long long)call->waiting.queued_ms);
        divider = ",";
        count++;
    }
    bytes_append(to, "", 1);
    effect->count = to->count - effect->offset;
}

// ... and call_back.made.
void say_made(struct board *self, const struct made *made)
{
    struct effect *effect = say_effect(self, EFFECT_DECIDED);
    effect->name = "made";
    struct bytes *to = &self->effects->bytes;
    put_text(to, "call=%s~%u number=%llu records=%u", made->call, made->number, (unsigned long long)made->owed_ms,
             made->nodes);
    const char *divider = " list=";
    for (uint32_t i = 1, count = 0; i < self->node_count && count < SWITCHBOARD_MADE_NODES_MAX; i++) {
        if (self->nodes[i].up_boot == 0 || !board_is_of_directory(self, &self->nodes[i]))
            continue;
        put_text(to, "%s%s", divider, self->nodes[i].name);
        divider = ",";
        count++;
    }
    if (made->heard[0] != '\0')
        put_text(to, " party=%s", made->heard);
    if (made->other[0] != '\0')
        put_text(to, " reason=%s", made->other);
    bytes_append(to, "", 1);
    effect->count = to->count - effect->offset;
}
