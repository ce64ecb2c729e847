// Test calls: this node places them at its own client endpoint, takes them in as it takes in calls, asks the desks of a
// site by way of their nodes, and tells the other nodes what came of it. node/selftest decides; here the messages are
// put together. Of the switchboard nothing but what it reads is used: a test call can hold up no call and no agent.
#include "node/node_private.h"
#include "node/selftest/answering.h"
#include "node/selftest/placing.h"
#include "node/selftest/results.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"
#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS_SINCE 2            // this protocol: clients and nodes of an older one know no test calls
#define INTERVAL_DEFAULT_MS 60000  // without a directory
#define TIMEOUT_DEFAULT_MS 5000
#define OWN_MESSAGE_BUDGET_BYTES ((size_t)256 * 1024)

struct selftest {
    struct placing *placing;
    struct answering *answering;
    struct results *results;
    struct bytes out;
    struct arena arena;
};

bool selftest_is_on(const struct node *self)
{
    return self->world->type->send_own != NULL && self->speaks >= SELFTEST_PEERS_SINCE &&
           (self->directory == NULL || !self->directory->settings.selftest_off);
}

struct results *selftest_results(const struct node *self)
{
    return self->selftest->results;
}

// ---- placing

static uint32_t find_emergency(const struct directory *directory)
{
    for (uint32_t i = 0; i < directory->queue_count; i++)
        if (directory->queues[i].emergency)
            return i;
    return 0;
}

// A call from where the site is, in the first queue that is an emergency's.
static bool on_send(void *context, uint64_t test, const char *site)
{
    struct node *node = context;
    char id[CALL_NAME_MAX_BYTES + 1];
    const struct directory *directory = node->directory;
    uint32_t index = directory == NULL ? DIRECTORY_NONE : directory_find_site(directory, site);
    snprintf(id, sizeof id, "%s:%" PRIu64, node->config->self.name, test);
    Cli__Submit submit = CLI__SUBMIT__INIT;
    submit.call = id;
    if (directory != NULL && directory->queue_count > 0)
        submit.queue = (char *)directory->queues[find_emergency(directory)].id;
    submit.at = index != DIRECTORY_NONE;
    if (submit.at) {
        submit.lat_udeg = directory->sites[index].lat_udeg;
        submit.lon_udeg = directory->sites[index].lon_udeg;
    }
    Cli__TestCall call = CLI__TEST_CALL__INIT;
    call.test = test;
    call.site = (char *)site;
    call.submit = &submit;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.protocol = CLIENTS_SINCE;
    message.body_case = CLI__TO_NODE__BODY_TEST_CALL;
    message.test_call = &call;
    struct bytes *out = &node->selftest->out;
    size_t bytes = cli__to_node__get_packed_size(&message);
    bytes_clear(out);
    cli__to_node__pack(&message, bytes_grow(out, bytes));
    return node->world->type->send_own(node->world, (struct span){out->data, bytes});
}

// Said when it begins to fail, fails otherwise, or fails no longer; not each time.
static void say_change(struct node *self, const char *site, const struct result *result)
{
    const struct result *before = results_find(self->selftest->results, self->config->self.name, site);
    bool failed = before != NULL && result_is_failure(before->result), fails = result_is_failure(result->result);
    const ProtobufCEnumValue *named =
        protobuf_c_enum_descriptor_get_value(&rec__test_result__descriptor, (int)result->result);
    const char *place = site[0] == '\0' ? "-" : site, *why = named == NULL ? "" : named->name;
    if (fails && (!failed || before->result != result->result || strcmp(before->agent, result->agent) != 0))
        node_say(self, "selftest_failed", "site=%s why=%s agent=%s at=%s", place, why, result->agent, result->node);
    else if (failed && !fails)
        node_say(self, "selftest_over", "site=%s now=%s", place, why);
}

static void on_found(void *context, const char *site, const struct result *result)
{
    struct node *node = context;
    node->counters.test_calls_passed += result->result == REC__TEST_RESULT__TEST_PASSED;
    node->counters.test_calls_failed += result_is_failure(result->result);
    say_change(node, site, result);
    results_put(node->selftest->results, node->config->self.name, site, result, node->now.mono_us);
    selftest_tell(node, site, result);
}

static void own_refused(struct node *self, const Cli__Refused *refused)
{
    placing_refused(self->selftest->placing, self->now.mono_us, strtoull(refused->what, NULL, 10), refused->reason);
}

static void own_news(struct node *self, const Cli__TestNews *news)
{
    struct result result = {.result = (uint32_t)news->result};
    text_copy(result.agent, sizeof result.agent, news->agent);
    text_copy(result.node, sizeof result.node, news->node);
    placing_news(self->selftest->placing, self->now.mono_us, news->test, &result);
}

// What this node says to its own test calls.
void node_own_message(struct node *self, struct span message)
{
    struct selftest *selftest = self->selftest;
    self->now = world_now(self->world);
    const Cli__ToClient *words = cli__to_client__unpack(arena_allocator(&selftest->arena, OWN_MESSAGE_BUDGET_BYTES),
                                                        message.bytes, message.data);
    if (words == NULL)
        return;
    if (words->body_case == CLI__TO_CLIENT__BODY_TEST_NEWS)
        own_news(self, words->test_news);
    else if (words->body_case == CLI__TO_CLIENT__BODY_REFUSED)
        own_refused(self, words->refused);
    else if (words->body_case == CLI__TO_CLIENT__BODY_CALL_NEWS)
        placing_accepted(selftest->placing, self->now.mono_us, words->call_news->copies, node_copies_wanted(self));
}

// ---- taking in

static void refuse(struct node *self, uint64_t session, uint64_t test, const char *reason)
{
    char what[24];
    snprintf(what, sizeof what, "%" PRIu64, test);
    sessions_refuse(self->sessions, session, reason, "a call would be refused", what, NULL, NULL, 0);
}

// One record a node, written anew: it goes to the disk and to the peers as a call's does.
static void store_one(struct node *self, uint64_t session, uint64_t test)
{
    const char *name = self->config->self.name;
    const struct record *before = store_find(self->store, REC__KIND__TEST_CALL, name);
    uint64_t attach = before != NULL && before->version.attach >= test ? before->version.attach + 1 : test;
    Rec__TestCall body = REC__TEST_CALL__INIT;
    uint8_t packed[16];
    body.test = test;
    size_t bytes = rec__test_call__pack(&body, packed);
    if (store_put(self->store, REC__KIND__TEST_CALL, name, attach, self->now.wall_ms, (struct span){packed, bytes}) ==
        NULL)
        refuse(self, session, test, "not_stored");
    else
        acceptance_add(self->acceptance, self->now, session, REC__KIND__TEST_CALL, name, attach);
}

void selftest_call(struct node *self, uint64_t session, const Cli__TestCall *call)
{
    static const Cli__Submit nothing = CLI__SUBMIT__INIT;
    const char *reason = drain_reason(self);
    if (reason[0] == '\0')
        reading_admits(self->board, call->submit == NULL ? &nothing : call->submit, &reason);
    if (reason[0] != '\0') {
        refuse(self, session, call->test, reason);
        return;
    }
    if (call->site[0] == '\0') {
        store_one(self, session, call->test);
        return;
    }
    uint32_t site = directory_find_site(self->directory, call->site);
    if (site == DIRECTORY_NONE)
        refuse(self, session, call->test, "unknown_site");
    else if (!answering_begin(self->selftest->answering, self->now, session, call->test, site))
        refuse(self, session, call->test, "overload");
    node_talk_to_self(self);
}

static bool on_knows_tests(void *context, const char *name)
{
    const struct node *node = context;
    int32_t peer = peers_find(node->peers, name);
    uint32_t speaks = peer >= 0 ? peers_at(node->peers, (uint32_t)peer)->speaks : node->speaks;
    return speaks >= SELFTEST_PEERS_SINCE;
}

static void on_ask(void *context, const char *name, uint64_t test, const char *agent, uint64_t login)
{
    Peer__TestOffer offer = PEER__TEST_OFFER__INIT;
    offer.test = test;
    offer.agent = (char *)agent;
    offer.agent_login = login;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_TEST_OFFER;
    talk.test_offer = &offer;
    node_talk(context, name, &talk, SELFTEST_PEERS_SINCE);
}

static void on_settled(void *context, uint64_t session, uint64_t test, const struct result *result)
{
    struct node *node = context;
    Cli__TestNews news = CLI__TEST_NEWS__INIT;
    news.test = test;
    news.result = (Rec__TestResult)result->result;
    news.agent = (char *)result->agent;
    news.node = (char *)result->node;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_TEST_NEWS;
    message.test_news = &news;
    sessions_say(node->sessions, session, &message);
}

// ---- at the desk's node

static void answer(struct node *self, const char *name, uint64_t test, const char *agent, Peer__TestAnswer__What what)
{
    Peer__TestAnswer words = PEER__TEST_ANSWER__INIT;
    words.test = test;
    words.agent = (char *)agent;
    words.what = what;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_TEST_ANSWER;
    talk.test_answer = &words;
    node_talk(self, name, &talk, SELFTEST_PEERS_SINCE);
}

static void offered(struct node *self, const char *from, const Peer__TestOffer *offer)
{
    uint32_t agent = self->directory == NULL ? DIRECTORY_NONE : directory_find_agent(self->directory, offer->agent);
    struct reading_desk desk;
    if (agent == DIRECTORY_NONE || !reading_desk(self->board, agent, offer->agent_login, &desk)) {
        answer(self, from, offer->test, offer->agent, PEER__TEST_ANSWER__WHAT__NOT_HERE);
        return;
    }
    if (sessions_protocol(self->sessions, desk.session) < CLIENTS_SINCE) {
        answer(self, from, offer->test, offer->agent, PEER__TEST_ANSWER__WHAT__OLD);
        return;
    }
    Cli__TestOffered words = CLI__TEST_OFFERED__INIT;
    words.attach = desk.attach;
    words.test = offer->test;
    words.node = (char *)from;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_TEST_OFFERED;
    message.test_offered = &words;
    sessions_say(self->sessions, desk.session, &message);
    answer(self, from, offer->test, offer->agent, PEER__TEST_ANSWER__WHAT__ASKED);
}

void selftest_answered(struct node *self, const char *agent, const Cli__TestAnswered *answered)
{
    answer(self, answered->node, answered->test, agent, PEER__TEST_ANSWER__WHAT__ANSWERED);
    node_talk_to_self(self);
}

// ---- life

bool selftest_talk(struct node *self, const char *from, const Peer__Talk *talk)
{
    if (talk->body_case == PEER__TALK__BODY_TEST_OFFER)
        offered(self, from, talk->test_offer);
    else if (talk->body_case == PEER__TALK__BODY_TEST_ANSWER)
        answering_heard(self->selftest->answering, self->now, from, talk->test_answer);
    else if (talk->body_case == PEER__TALK__BODY_TEST_TELL)
        selftest_told(self, from, talk->test_tell);
    else
        return false;
    return true;
}

void selftest_create(struct node *self)
{
    struct placing_events placing = {.context = self, .send = on_send, .found = on_found};
    struct answering_events answering = {
        .context = self, .knows_tests = on_knows_tests, .ask = on_ask, .settled = on_settled};
    self->selftest = check_alloc(sizeof *self->selftest);
    self->selftest->placing = placing_create(&placing);
    self->selftest->answering = answering_create(self->board, &answering);
    self->selftest->results = results_create();
    selftest_directory(self);
}

void selftest_free(struct node *self)
{
    if (self->selftest == NULL)
        return;
    placing_free(self->selftest->placing);
    answering_free(self->selftest->answering);
    results_free(self->selftest->results);
    bytes_close(&self->selftest->out);
    arena_close(&self->selftest->arena);
    free(self->selftest);
}

static bool is_kept(void *context, const char *tester, const char *site)
{
    const struct node *node = context;
    const struct directory *directory = node->directory;
    bool knows_tester = strcmp(tester, node->config->self.name) == 0 || directory->node_count == 0 ||
                        directory_find_node(directory, tester) != DIRECTORY_NONE;
    return !directory->settings.selftest_off && knows_tester &&
           (site[0] == '\0' || directory_find_site(directory, site) != DIRECTORY_NONE);
}

void selftest_directory(struct node *self)
{
    const struct directory *directory = self->directory;
    if (self->selftest == NULL)
        return;
    uint32_t count = directory == NULL ? 0 : directory->site_count;
    const char **sites = check_alloc((count + 1) * sizeof *sites);
    for (uint32_t i = 0; i < count; i++)
        sites[i] = directory->sites[i].id;
    struct placing_settings settings = {.interval_ms = INTERVAL_DEFAULT_MS,
                                        .timeout_ms = TIMEOUT_DEFAULT_MS,
                                        .timeout_of_storing_ms = TIMEOUT_DEFAULT_MS};
    if (directory != NULL) {
        settings.interval_ms = directory->settings.selftest_interval_ms;
        settings.timeout_ms = directory->settings.selftest_timeout_ms;
        settings.timeout_of_storing_ms = settings.timeout_ms + directory->settings.durability_wait_ms;
        results_filter(self->selftest->results, is_kept, self);
    }
    if (!selftest_is_on(self))
        settings.interval_ms = 0;
    placing_begin(self->selftest->placing, &settings, sites, count);
    answering_set_directory(self->selftest->answering, directory);
    free(sites);
}

void selftest_tick(struct node *self)
{
    placing_tick(self->selftest->placing, self->now.mono_us, self->now.wall_ms);
    answering_tick(self->selftest->answering, self->now);
    node_talk_to_self(self);
}
