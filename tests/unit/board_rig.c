#include "tests/unit/board_rig.h"

#include "cluster/base/text.h"
#include "cluster/store/disk_memory.h"
#include "node/switchboard/reading.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct parcel {  // under way to a node: a talk or a copied record
    struct parcel *prev, *next;
    int from, to;
    bool is_record;
    uint8_t kind;
    char id[CALL_ID_MAX_BYTES + 1];
    size_t bytes;
    uint8_t data[];
};

struct heard {
    struct heard *prev, *next;
    int node;
    uint64_t session;
    Cli__ToClient *message;
};

struct rig_node {
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
    struct board *board;
    struct directory *directory;
    struct effects effects;
    uint64_t wants_us, boot;
    uint32_t speaks;
    char name[16];
    bool up;
};

struct rig {
    struct now now;
    struct rig_node nodes[RIG_NODES];
    struct parcel *parcels;
    struct heard *heard;
    struct atlas *atlas;
    Rec__Call *call;
    Rec__Wrap *wrap;
    char call_back[CALL_ID_MAX_BYTES + 1];
    uint64_t attach[16];  // by session, for words
    uint32_t unspoken, gateways_speak;
    bool held;
    char number[32];   // of the callers
    char orphan[256];  // said last and not asked for
};

static void step(struct rig *self, int node, struct event *event);

// ---- the directory

static Rec__Site sites[] = {{.id = (char *)"equator", .country = (char *)"KE", .lat_udeg = 0},
                            {.id = (char *)"north", .country = (char *)"NO", .lat_udeg = 60000000},
                            {.id = (char *)"south", .country = (char *)"AQ", .lat_udeg = -60000000}};

static struct directory *make_directory(void)
{
    static char *zh[] = {(char *)"zh"}, *both[] = {(char *)"sw", (char *)"zh"};
    static const struct {
        const char *id, *site;
        bool sw;
    } people[] = {{"e1", "equator", false},
                  {"e2", "equator", true},
                  {"n1", "north", false},
                  {"n2", "north", false},
                  {"s1", "south", true}};
    Rec__Directory message = REC__DIRECTORY__INIT;
    Rec__Site *site_list[3], site_copies[3];
    Rec__Agent *agent_list[5], agents[5];
    Rec__Queue *queue_list[3], queues[3];
    for (int i = 0; i < 3; i++) {
        rec__site__init(&site_copies[i]);
        site_copies[i].id = sites[i].id;
        site_copies[i].name = sites[i].id;
        site_copies[i].country = sites[i].country;
        site_copies[i].lat_udeg = sites[i].lat_udeg;
        site_copies[i].contact = (char *)"sip:site@hotline.example";
        site_list[i] = &site_copies[i];
        rec__queue__init(&queues[i]);
        queue_list[i] = &queues[i];
    }
    for (int i = 0; i < 5; i++) {
        rec__agent__init(&agents[i]);
        agents[i].id = agents[i].name = (char *)people[i].id;
        agents[i].site = (char *)people[i].site;
        agents[i].languages = people[i].sw ? both : zh;
        agents[i].n_languages = people[i].sw ? 2 : 1;
        agent_list[i] = &agents[i];
    }
    static const char *const names[] = {"consular", "emergency", "quick"};
    static const uint32_t priorities[] = {5, 9, 1}, widths[] = {1, 3, 1}, limits[] = {600000, 600000, 2000};
    for (int i = 0; i < 3; i++) {
        queues[i].id = queues[i].name = (char *)names[i];
        queues[i].priority = priorities[i];
        queues[i].ring_ms = 10000;
        queues[i].ring_width = widths[i];
        queues[i].wait_limit_ms = limits[i];
        queues[i].target_percent = 90;
        queues[i].target_ms = 15000;
        queues[i].last_resort_contact = (char *)"sip:duty@hotline.example";
        queues[i].emergency = i == 1;
    }
    message.primary = (char *)"node0";
    message.sites = site_list, message.n_sites = 3;
    message.agents = agent_list, message.n_agents = 5;
    message.queues = queue_list, message.n_queues = 3;
    struct problems problems;
    problems_init(&problems);
    struct directory *directory = directory_create(&message, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        check_failed(problems.lines[i], __FILE__, __LINE__, __func__);
    return directory;
}

// ---- life

struct rig *rig_create(void)
{
    return rig_create_speaking((const uint32_t[RIG_NODES]){2, 2, 2});
}

struct rig *rig_create_speaking(const uint32_t speaks[RIG_NODES])
{
    struct rig *self = check_alloc(sizeof *self);
    struct problem problem;
    self->now = (struct now){.mono_us = 1000000, .wall_ms = 1700000000000};
    self->gateways_speak = SWITCHBOARD_LETS_GO_SINCE;
    self->atlas = atlas_create("/usr/share/zoneinfo/zone.tab", HOTLINE_PREFIXES, &problem);
    check(self->atlas != NULL);
    for (int i = 0; i < RIG_NODES; i++) {
        struct rig_node *node = &self->nodes[i];
        text_copy(node->name, sizeof node->name, "node0");
        node->name[4] = (char)('0' + i);
        node->up = true;
        node->boot = 100 + (uint64_t)i;
        node->speaks = speaks[i];
        node->medium = disk_memory_create();
        node->disk = disk_memory_open(node->medium);
        struct store_options store = {.node = node->name, .boot = node->boot, .records_max = 10000};
        node->store = store_create(&store);
        check(store_open(node->store, node->disk, &problem));
        struct board_options board = {.node = node->name,
                                      .boot = node->boot,
                                      .speaks = node->speaks,
                                      .site = "",
                                      .store = node->store,
                                      .atlas = self->atlas};
        node->board = board_create(&board);
        node->directory = make_directory();
        struct event event = {.type = EVENT_DIRECTORY, .directory = node->directory};
        step(self, i, &event);
    }
    for (int i = 0; i < RIG_NODES; i++)
        for (int k = 0; k < RIG_NODES; k++) {
            struct event event = {.type = EVENT_PEER_UP,
                                  .name = self->nodes[k].name,
                                  .boot = self->nodes[k].boot,
                                  .rtt_us = 1000,
                                  .speaks = self->nodes[k].speaks};
            struct event swept = {.type = EVENT_SWEPT, .name = self->nodes[k].name};
            if (i == k)
                continue;
            step(self, i, &event);
            step(self, i, &swept);
        }
    return self;
}

void rig_forget(struct rig *self)
{
    struct heard *heard, *next;
    DL_FOREACH_SAFE(self->heard, heard, next)
    {
        cli__to_client__free_unpacked(heard->message, NULL);
        DL_DELETE(self->heard, heard);
        free(heard);
    }
}

void rig_take_orphan(struct rig *self, char *ret_words, size_t room)
{
    text_copy(ret_words, room, self->orphan);
    self->orphan[0] = '\0';
}

const struct directory *rig_directory(const struct rig *self, int node)
{
    return self->nodes[node].directory;
}

struct now rig_now(const struct rig *self)
{
    return self->now;
}

struct board *rig_board(struct rig *self, int node)
{
    return self->nodes[node].board;
}

void rig_free(struct rig *self)
{
    if (self->orphan[0] != 0)  // in no test, unless it takes it
        check_failed(self->orphan, __FILE__, __LINE__, __func__);
    rig_forget(self);
    struct parcel *parcel, *next;
    DL_FOREACH_SAFE(self->parcels, parcel, next)
    {
        DL_DELETE(self->parcels, parcel);
        free(parcel);
    }
    for (int i = 0; i < RIG_NODES; i++) {
        struct rig_node *node = &self->nodes[i];
        board_free(node->board);
        store_free(node->store);
        directory_free(node->directory);
        node->disk->type->close(node->disk);
        disk_memory_free(node->medium);
        effects_close(&node->effects);
    }
    if (self->call != NULL)
        rec__call__free_unpacked(self->call, NULL);
    if (self->wrap != NULL)
        rec__wrap__free_unpacked(self->wrap, NULL);
    atlas_free(self->atlas);
    free(self);
}

int rig_setup(void **state)
{
    *state = rig_create();
    rig_pass(*state, 31000);  // adopt_after_ms is 30000
    return 0;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

// ---- carrying out effects

static void send_parcel(struct rig *self, int from, int to, bool is_record, uint8_t kind, const char *id,
                        struct span bytes)
{
    struct parcel *parcel = check_alloc(sizeof *parcel + bytes.bytes);
    *parcel = (struct parcel){.from = from, .to = to, .is_record = is_record, .kind = kind, .bytes = bytes.bytes};
    text_copy(parcel->id, sizeof parcel->id, id);
    memcpy(parcel->data, bytes.data, bytes.bytes);
    DL_APPEND(self->parcels, parcel);
}

static int node_by_name(const char *name)
{
    return name[4] - '0';
}

static void hear(struct rig *self, int node, uint64_t session, struct span bytes)
{
    struct heard *heard = check_alloc(sizeof *heard);
    heard->node = node;
    heard->session = session;
    heard->message = cli__to_client__unpack(NULL, bytes.bytes, bytes.data);
    check(heard->message != NULL);
    DL_PREPEND(self->heard, heard);
}

static void say(struct rig *self, int from, int to, uint32_t protocol, struct span bytes)
{
    if (protocol <= self->nodes[from].speaks && protocol <= self->nodes[to].speaks)
        send_parcel(self, from, to, false, 0, "", bytes);
    else
        self->unspoken++;
}

static void step(struct rig *self, int index, struct event *event)
{
    struct rig_node *node = &self->nodes[index];
    node->wants_us = switchboard_step(node->board, self->now, event, &node->effects);
    for (uint32_t i = 0; i < node->effects.count; i++) {
        struct effect *effect = &node->effects.list[i];
        struct span bytes = effect_bytes(&node->effects, effect);
        if (effect->type == EFFECT_CLIENT || effect->type == EFFECT_REFUSE)
            hear(self, index, effect->session, bytes);
        else if (effect->type == EFFECT_NODE)
            say(self, index, node_by_name(effect->name), effect->protocol, bytes);
        else if (effect->type == EFFECT_ORPHAN)
            text_copy(self->orphan, sizeof self->orphan, bytes.data);
        else if (effect->type == EFFECT_PUT) {
            check(store_put(node->store, effect->kind, effect->name, effect->attach, effect->born_ms, bytes) != NULL);
            for (int other = 0; other < RIG_NODES; other++)
                if (other != index)
                    send_parcel(self, index, other, true, effect->kind, effect->name, (struct span){"", 0});
        }
    }
}

// A copy is what its owner has now, as a feed would ship it.
static void copy_over(struct rig *self, const struct parcel *parcel)
{
    const struct record *theirs = store_find(self->nodes[parcel->from].store, parcel->kind, parcel->id), *taken;
    struct rig_node *node = &self->nodes[parcel->to];
    if (store_take(node->store, theirs, &taken) != STORE_TAKEN)
        return;
    // Records come in the owner's order, as a feed brings them.
    store_advance_cursor(node->store, taken->version.owner, taken->version.boot, taken->version.seq);
    struct event event = {.type = EVENT_RECORD, .record = taken};
    step(self, parcel->to, &event);
}

static void deliver(struct rig *self, const struct parcel *parcel)
{
    if (!self->nodes[parcel->from].up || !self->nodes[parcel->to].up) {
        if (parcel->from != parcel->to)
            return;
    }
    if (parcel->is_record) {
        copy_over(self, parcel);
        return;
    }
    Peer__Talk *talk = peer__talk__unpack(NULL, parcel->bytes, parcel->data);
    check(talk != NULL);
    struct event event = {.type = EVENT_TALK, .name = self->nodes[parcel->from].name, .talk = talk};
    step(self, parcel->to, &event);
    peer__talk__free_unpacked(talk, NULL);
}

void rig_settle(struct rig *self)
{
    for (int i = 0; self->parcels != NULL && !self->held; i++) {
        check(i < 100000);
        struct parcel *parcel = self->parcels;
        DL_DELETE(self->parcels, parcel);
        deliver(self, parcel);
        free(parcel);
    }
}

void rig_deliver_record(struct rig *self, int to)
{
    struct parcel *parcel = self->parcels;
    while (parcel != NULL && (!parcel->is_record || parcel->to != to))
        parcel = parcel->next;
    check(parcel != NULL);
    DL_DELETE(self->parcels, parcel);
    deliver(self, parcel);
    free(parcel);
}

void rig_hold(struct rig *self, bool hold)
{
    self->held = hold;
    rig_settle(self);
}

void rig_pass(struct rig *self, uint64_t ms)
{
    uint64_t until_us = self->now.mono_us + ms * 1000;
    rig_settle(self);
    for (;;) {
        uint64_t next_us = until_us;
        for (int i = 0; i < RIG_NODES; i++)
            if (self->nodes[i].up && self->nodes[i].wants_us < next_us)
                next_us = self->nodes[i].wants_us > self->now.mono_us ? self->nodes[i].wants_us : self->now.mono_us;
        self->now.wall_ms += (next_us - self->now.mono_us) / 1000;
        self->now.mono_us = next_us;
        for (int i = 0; i < RIG_NODES; i++)
            if (self->nodes[i].up && self->nodes[i].wants_us <= next_us) {
                struct event event = {.type = EVENT_DEADLINE};
                step(self, i, &event);
            }
        rig_settle(self);
        if (next_us == until_us)
            return;
    }
}

uint32_t rig_unspoken(const struct rig *self)
{
    return self->unspoken;
}

void rig_cut(struct rig *self, int index, bool up)
{
    self->nodes[index].up = up;
    for (int i = 0; i < RIG_NODES; i++) {
        struct event event = {.type = up ? EVENT_PEER_UP : EVENT_PEER_DOWN,
                              .name = self->nodes[index].name,
                              .boot = self->nodes[index].boot,
                              .rtt_us = 1000,
                              .speaks = self->nodes[index].speaks};
        struct event back = event;
        back.name = self->nodes[i].name;
        back.boot = self->nodes[i].boot;
        back.speaks = self->nodes[i].speaks;
        if (i == index || !self->nodes[i].up)
            continue;
        step(self, i, &event);
        if (up)
            step(self, index, &back);
    }
    rig_settle(self);
}

void rig_hearsay(struct rig *self, int node, int hears)
{
    struct event event = {.type = EVENT_HEARD, .name = self->nodes[hears].name, .boot = self->nodes[hears].boot};
    step(self, node, &event);
    rig_settle(self);
}

void rig_talk(struct rig *self, int from, int to, const Peer__Talk *talk)
{
    struct event event = {.type = EVENT_TALK, .name = self->nodes[from].name, .talk = talk};
    step(self, to, &event);
    rig_settle(self);
}

void rig_offer(struct rig *self, int from, int to, Peer__OfferName *name)
{
    Peer__Offer offer = PEER__OFFER__INIT;
    offer.name = name;
    offer.ring_ms = 10000;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_OFFER;
    talk.offer = &offer;
    rig_talk(self, from, to, &talk);
}

// ---- clients

uint64_t rig_attach(uint64_t login, uint64_t attempt)
{
    return login << 20 | attempt;
}

static void attach_desk(struct rig *self, int node, uint64_t session, Cli__AttachDesk *words)
{
    self->attach[session] = words->attach;
    struct event event = {.type = EVENT_DESK_ATTACH, .session = session, .attach_desk = words};
    step(self, node, &event);
    rig_settle(self);
}

void rig_desk_resumes(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach,
                      Rec__AgentState state, const char *call, uint32_t n)
{
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)agent;
    words.attach = attach;
    words.state = state;
    words.call = (char *)call;
    words.call_attach = 1;
    words.n = n;
    words.accepted = words.reached = state == REC__AGENT_STATE__ON_CALL;
    attach_desk(self, node, session, &words);
}

void rig_desk_reached_before(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach,
                             const char *call)
{
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)agent;
    words.attach = attach;
    words.state = REC__AGENT_STATE__AVAILABLE;
    words.reached_call = (char *)call;
    attach_desk(self, node, session, &words);
}

void rig_desk(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach)
{
    rig_desk_resumes(self, node, session, agent, attach, REC__AGENT_STATE__AVAILABLE, "", 0);
}

static void say_desk_word(struct rig *self, int node, uint64_t session, const char *agent, Cli__DeskWord words)
{
    const Cli__ToClient *offered = rig_heard(self, node, session, CLI__TO_CLIENT__BODY_OFFERED);
    words.attach = self->attach[session];
    if (words.call[0] == '\0' && offered != NULL)
        words.call = offered->offered->call;
    struct event event = {.type = EVENT_DESK_WORD, .session = session, .name = agent, .desk_word = &words};
    step(self, node, &event);
    rig_settle(self);
}

void rig_desk_word(struct rig *self, int node, uint64_t session, const char *agent, Cli__DeskWord__Word word)
{
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.word = word;
    say_desk_word(self, node, session, agent, words);
}

void rig_no_call(struct rig *self, int node, uint64_t session, const char *agent, const char *call, uint32_t n)
{
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.word = CLI__DESK_WORD__WORD__NO_CALL;
    words.call = (char *)call;
    words.n = n;
    say_desk_word(self, node, session, agent, words);
}

void rig_not_reached(struct rig *self, int node, uint64_t session, const char *agent, const char *reason,
                     const char *text)
{
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.word = CLI__DESK_WORD__WORD__NOT_REACHED;
    words.reason = (char *)reason;
    words.text = (char *)text;
    say_desk_word(self, node, session, agent, words);
}

void rig_disposes(struct rig *self, int node, uint64_t session, const char *agent, const char *call,
                  const char *disposition)
{
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.word = CLI__DESK_WORD__WORD__DISPOSITION;
    words.call = (char *)call;
    words.reason = (char *)disposition;
    say_desk_word(self, node, session, agent, words);
}

void rig_gone(struct rig *self, int node, uint64_t session, const char *name, bool desk, bool leaving)
{
    struct event event = {
        .type = desk ? EVENT_DESK_GONE : EVENT_GATEWAY_GONE, .session = session, .name = name, .leaving = leaving};
    step(self, node, &event);
    rig_settle(self);
}

void rig_gateways_speak(struct rig *self, uint32_t protocol)
{
    self->gateways_speak = protocol;
}

static void attach_gateway(struct rig *self, int node, uint64_t session, Cli__AttachGateway *words)
{
    self->attach[session] = words->attach;
    struct event event = {
        .type = EVENT_GATEWAY_ATTACH, .session = session, .speaks = self->gateways_speak, .attach_gateway = words};
    step(self, node, &event);
    rig_settle(self);
}

void rig_gateway_holds(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                       Cli__HeldCall *held)
{
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    words.gateway = (char *)gateway;
    words.attach = attach;
    words.calls = &held;
    words.n_calls = held != NULL;
    attach_gateway(self, node, session, &words);
}

void rig_gateway_raised(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                        uint64_t before)
{
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    words.gateway = (char *)gateway;
    words.attach = attach;
    words.before = before;
    attach_gateway(self, node, session, &words);
}

void rig_gateway(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach)
{
    rig_gateway_holds(self, node, session, gateway, attach, NULL);
}

void rig_gateway_resumes(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                         const char *call, const char *queue)
{
    Cli__Submit submit = CLI__SUBMIT__INIT;
    submit.call = (char *)call;
    submit.queue = (char *)queue;
    Cli__HeldCall held = CLI__HELD_CALL__INIT;
    held.submit = &submit;
    rig_gateway_holds(self, node, session, gateway, attach, &held);
}

void rig_gateway_holds_taken(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                             const char *call, Rec__CallState state, uint64_t login)
{
    Cli__Submit submit = CLI__SUBMIT__INIT;
    submit.call = (char *)call;
    submit.queue = (char *)"consular";
    Cli__HeldCall held = CLI__HELD_CALL__INIT;
    held.submit = &submit;
    held.state = state;
    held.agent = (char *)"n1";
    held.agent_login = login;
    held.n = 1;
    rig_gateway_holds(self, node, session, gateway, attach, &held);
}

void rig_submit(struct rig *self, int node, uint64_t session, const char *gateway, const char *call, const char *queue,
                double lat, const char *language)
{
    Cli__Submit words = CLI__SUBMIT__INIT;
    char *languages[] = {(char *)language};
    words.call = (char *)call;
    words.attach = self->attach[session];
    words.queue = (char *)queue;
    words.number = self->number;
    words.at = true;
    words.lat_udeg = (int32_t)(lat * 1000000);
    words.languages = languages;
    words.n_languages = language[0] != '\0';
    struct event event = {.type = EVENT_SUBMIT, .session = session, .name = gateway, .submit = &words};
    step(self, node, &event);
    self->now.wall_ms++;
    rig_settle(self);
}

void rig_number(struct rig *self, const char *number)
{
    text_copy(self->number, sizeof self->number, number);
}

void rig_leg_word(struct rig *self, int node, uint64_t session, const char *gateway, const char *call,
                  Cli__LegWord__Word word)
{
    Cli__LegWord words = CLI__LEG_WORD__INIT;
    words.attach = self->attach[session];
    words.call = (char *)call;
    words.word = word;
    struct event event = {.type = EVENT_LEG_WORD, .session = session, .name = gateway, .leg_word = &words};
    step(self, node, &event);
    rig_settle(self);
}

// ---- what was heard, and what stands

const Cli__ToClient *rig_heard(struct rig *self, int node, uint64_t session, Cli__ToClient__BodyCase kind)
{
    struct heard *heard;
    DL_FOREACH(self->heard, heard)
    {
        if (heard->node == node && heard->session == session && heard->message->body_case == kind)
            return heard->message;
    }
    return NULL;
}

const Cli__CallNews *rig_news(struct rig *self, int node, uint64_t session, Cli__CallNews__What what)
{
    struct heard *heard;
    DL_FOREACH(self->heard, heard)
    {
        if (heard->node == node && heard->session == session &&
            heard->message->body_case == CLI__TO_CLIENT__BODY_CALL_NEWS && heard->message->call_news->what == what)
            return heard->message->call_news;
    }
    return NULL;
}

const Rec__Call *rig_call(struct rig *self, int node, const char *call)
{
    const struct record *record = store_find(self->nodes[node].store, REC__KIND__CALL, call);
    if (self->call != NULL)
        rec__call__free_unpacked(self->call, NULL);
    self->call = record == NULL ? NULL : rec__call__unpack(NULL, record->body.bytes, record->body.data);
    return self->call;
}

const char *rig_disposition(struct rig *self, int node, const char *call)
{
    const struct record *record = store_find(self->nodes[node].store, REC__KIND__WRAP_UP_OF, call);
    if (self->wrap != NULL)
        rec__wrap__free_unpacked(self->wrap, NULL);
    self->wrap = record == NULL ? NULL : rec__wrap__unpack(NULL, record->body.bytes, record->body.data);
    return self->wrap == NULL ? "" : self->wrap->disposition;
}

const char *rig_state(struct rig *self, int node, const char *agent)
{
    static const char *const names[] = {"offline", "available", "ringing", "on_call", "wrap_up", "not_ready"};
    struct rig_node *n = &self->nodes[node];
    struct reading_agent reading;
    reading_agent(n->board, self->now, directory_find_agent(n->directory, agent), &reading);
    return names[reading.state];
}

const char *rig_call_back(struct rig *self, int node, const char *call)
{
    reading_call_back(self->nodes[node].board, call, self->call_back, sizeof self->call_back);
    return self->call_back;
}

uint64_t rig_digest(struct rig *self, int node)
{
    return store_digest(self->nodes[node].store);
}
