// load: drives real calls through real desks. Desks are agents that are offline; they accept at once and are free
// again at once. Gateways and desks are spread over the nodes given. Without desks, calls are hung up when accepted.
#include "ops/ctl/load.h"

#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TALK_US 20000u
#define READY_WAIT_US 20000000u  // for desks and gateways to attach
#define REFUSALS_SAID_MAX 5
#define SILENCE_US 30000000u  // with calls under way and no news: they are given up

static const struct hotline_call_spec callers[] = {
    {.number = "+249912000000"},
    {.number = "+84912000000"},
    {.number = "+56912000000"},
    {.number = "+8613800000000", .country = "KE"},
    {.number = "", .at = true, .lat = 48.8566, .lon = 2.3522},
    {.number = "+61412000000"},
    {.number = "", .at = true, .lat = 51.1694, .lon = 71.4491},
    {.number = "+12025550100"},
};
#define CALLERS (sizeof callers / sizeof callers[0])

// ---- desks

static void desk_event(void *user, const struct hotline_event *event)
{
    struct load_desk *self = user;
    if (event->type == HOTLINE_REFUSED && !self->ready && !self->gone) {
        output_fail(EXIT_REFUSED, "load: desk %s: %s: %s", self->agent, event->reason, event->detail);
        self->gone = true;
    } else if (event->type == HOTLINE_SUPERSEDED) {
        output_fail(EXIT_REFUSED, "load: somebody signed in as %s: one desk less", self->agent);
        self->gone = true;
    } else if (event->type == HOTLINE_ATTACHED) {
        self->ready = true;  // it signs in available
    } else if (event->type == HOTLINE_DESK_STATE && strcmp(event->state, "wrap_up") == 0) {
        (void)hotline_desk_available(self->client);
    } else if (event->type == HOTLINE_OFFER) {
        (void)hotline_desk_accept(self->client, event->call);
    }
}

static void agent_row(void *to, const struct hotline_row *row)
{
    struct load *self = to;
    if (strcmp(row->agent.state, "offline") != 0)
        return;
    self->offline = check_realloc(self->offline, (self->offline_count + 1) * sizeof *self->offline);
    self->offline[self->offline_count++] = check_strdup(row->agent.agent);
}

// ---- calls

static struct load_call *call_of(struct load *self, const char *id)
{
    size_t prefix = strlen(self->prefix);
    if (!id || strncmp(id, self->prefix, prefix) != 0)
        return NULL;
    unsigned long index = strtoul(id + prefix, NULL, 10);
    return index < self->placed ? &self->calls[index] : NULL;
}

static void call_over(struct load *self, struct load_call *call, const char *reason)
{
    if (call->over)
        return;
    call->over = true;
    call->due_us = UINT64_MAX;
    self->in_flight--;
    self->finished++;
    json_t *count = json_object_get(self->outcomes, reason);
    json_object_set_new(self->outcomes, reason, json_integer(json_integer_value(count) + 1));
}

static void call_accepted(struct load *self, struct load_call *call, const struct hotline_event *event)
{
    if (event->copies >= 2)
        load_series_add(&self->accepted, loop_now_us() - call->submitted_us);
    else
        self->accepted_short++;
    if (self->desk_count == 0)
        (void)hotline_gateway_hung_up(call->gateway->client, event->call);
}

static void gateway_event(void *user, const struct hotline_event *event)
{
    struct load_gateway *gateway = user;
    struct load *self = gateway->load;
    struct load_call *call = call_of(self, event->call);
    self->news_us = loop_now_us();
    if (event->type == HOTLINE_ATTACHED)
        gateway->attached = true;
    if (event->type == HOTLINE_REFUSED && self->refusals_said++ < REFUSALS_SAID_MAX)  // ENDED follows where it is one
        output_fail(EXIT_REFUSED, "load: %s: %s", event->reason, event->detail);
    if (!call || call->over)
        return;
    if (event->type == HOTLINE_CALL_ACCEPTED) {
        call_accepted(self, call, event);
    } else if (event->type == HOTLINE_CALL_RINGING && !call->rang) {
        call->rang = true;
        load_series_add(&self->ring, self->news_us - call->submitted_us);
    } else if (event->type == HOTLINE_CALL_CONNECT) {
        (void)hotline_gateway_joined(gateway->client, event->call);
        load_series_add(&self->connected, self->news_us - call->submitted_us);
        call->due_us = self->news_us + TALK_US;
        self->talking++;
    } else if (event->type == HOTLINE_CALL_ENDED) {
        if (call->due_us != UINT64_MAX)
            self->talking--;
        call_over(self, call, event->reason);
    }
}

static bool call_place(struct load *self)
{
    struct load_call *call = &self->calls[self->placed];
    struct hotline_call_spec spec = callers[self->placed % CALLERS];
    char id[HOTLINE_CALL_ID_BYTES], given[HOTLINE_CALL_ID_BYTES];
    snprintf(id, sizeof id, "%s%zu", self->prefix, self->placed);
    spec.id = id;
    spec.queue = self->queue;
    *call = (struct load_call){.gateway = &self->gateways[self->placed % self->gateway_count],
                               .submitted_us = loop_now_us(),
                               .due_us = UINT64_MAX};
    self->placed++;
    self->in_flight++;
    enum hotline_result result = hotline_gateway_submit(call->gateway->client, &spec, given);
    if (result != HOTLINE_OK)
        output_fail(EXIT_REFUSED, "load: a call cannot be placed: %s", hotline_result_text(result));
    return result == HOTLINE_OK;
}

// Hangs up those who have talked enough. Calls are connected nearly in the order placed: only a window is looked at.
static uint64_t calls_due(struct load *self, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;
    while (self->oldest < self->placed && self->calls[self->oldest].over)
        self->oldest++;
    for (size_t i = self->oldest; i < self->placed && self->talking > 0; i++) {
        struct load_call *call = &self->calls[i];
        if (call->due_us <= now_us) {
            char id[HOTLINE_CALL_ID_BYTES];
            snprintf(id, sizeof id, "%s%zu", self->prefix, i);
            call->due_us = UINT64_MAX;
            self->talking--;
            (void)hotline_gateway_hung_up(call->gateway->client, id);
        }
        next_us = call->due_us < next_us ? call->due_us : next_us;
    }
    return next_us;
}

// ---- the run

// The same list, beginning with its number `first`: what is created with it prefers that node.
static char *nodes_rotated(const char *nodes, size_t first)
{
    const char *from = nodes;
    for (; first > 0; first--) {
        const char *comma = strchr(from, ',');
        from = comma ? comma + 1 : nodes;
    }
    size_t bytes = strlen(nodes) + 2;
    char *made = check_alloc(bytes);
    if (from == nodes)
        snprintf(made, bytes, "%s", nodes);
    else
        snprintf(made, bytes, "%s,%.*s", from, (int)(from - nodes - 1), nodes);
    return made;
}

static bool gateways_create(struct load *self, const char *nodes)
{
    self->gateway_count = 1;
    for (const char *c = nodes; *c; c++)
        self->gateway_count += *c == ',' ? 1 : 0;
    self->gateways = check_alloc(self->gateway_count * sizeof *self->gateways);
    for (size_t i = 0; i < self->gateway_count; i++) {
        struct load_gateway *gateway = &self->gateways[i];
        enum hotline_result result = HOTLINE_OK;
        char name[sizeof self->prefix + 24];
        char *list = nodes_rotated(nodes, i);
        snprintf(name, sizeof name, "%sg%zu", self->prefix, i);
        gateway->load = self;
        gateway->client =
            hotline_gateway_create(self->context,
                                   &(struct hotline_gateway_options){.nodes = list,
                                                                     .gateway = name,
                                                                     .key_file = credentials_file(&self->gateway_key),
                                                                     .on_event = gateway_event,
                                                                     .user = gateway},
                                   &result);
        free(list);
        if (!gateway->client) {
            output_fail(EXIT_REFUSED, "load: %s", hotline_result_text(result));
            return false;
        }
        loop_add(&self->loop, gateway->client);
    }
    return true;
}

static bool desks_create(struct load *self, const struct globals *globals)
{
    if (self->offline_count < self->desk_count) {
        output_fail(EXIT_REFUSED, "load: only %zu agents are offline, so %zu desks instead of %zu", self->offline_count,
                    self->offline_count, self->desk_count);
        self->desk_count = self->offline_count;
    }
    self->desks = check_alloc((self->desk_count + 1) * sizeof *self->desks);
    for (size_t i = 0; i < self->desk_count; i++) {
        struct load_desk *desk = &self->desks[i];
        enum hotline_result result = HOTLINE_OK;
        char *list = nodes_rotated(globals->nodes, i % self->gateway_count);
        // Agents are sorted by site: a stride spreads the desks over the world.
        desk->agent = self->offline[i * self->offline_count / self->desk_count];
        struct credentials key;
        if (!credentials_find(globals, KEY_ROLE_DESK, desk->agent, &key)) {
            free(list);
            return false;
        }
        struct hotline_desk_options options = {.nodes = list,
                                               .agent = desk->agent,
                                               .key_file = credentials_file(&key),
                                               .on_event = desk_event,
                                               .user = desk};
        desk->client = hotline_desk_create(self->context, &options, &result);
        free(list);
        if (!desk->client) {
            output_fail(EXIT_REFUSED, "load: desk %s: %s", desk->agent, hotline_result_text(result));
            return false;
        }
        loop_add(&self->loop, desk->client);
    }
    return true;
}

static bool load_is_ready(const struct load *self)
{
    for (size_t i = 0; i < self->gateway_count; i++)
        if (!self->gateways[i].attached)
            return false;
    for (size_t i = 0; i < self->desk_count; i++)
        if (!self->desks[i].ready && !self->desks[i].gone)
            return false;
    return true;
}

static bool load_get_ready(struct load *self)
{
    uint64_t give_up_us = loop_now_us() + READY_WAIT_US;
    while (!load_is_ready(self) && !self->loop.stopping && loop_now_us() < give_up_us)
        loop_turn(&self->loop, give_up_us);
    if (!load_is_ready(self))
        output_fail(EXIT_REFUSED, "load: not all gateways and desks could attach within %u s", READY_WAIT_US / 1000000);
    return load_is_ready(self);
}

static bool load_drive(struct load *self)
{
    uint64_t start_us = loop_now_us();
    self->news_us = start_us;
    while (self->finished < self->call_count && !self->loop.stopping) {
        uint64_t now_us = loop_now_us();
        uint64_t next_us = calls_due(self, now_us);
        while (self->placed < self->call_count && self->in_flight < self->in_flight_max) {
            uint64_t due_us = start_us + (uint64_t)((double)self->placed * 1e6 / self->rate);
            if (due_us > now_us) {
                next_us = due_us < next_us ? due_us : next_us;
                break;
            }
            if (!call_place(self))
                return false;
        }
        if (self->in_flight > 0 && now_us > self->news_us + SILENCE_US)
            break;
        if (self->in_flight == 0)
            self->news_us = now_us;
        loop_turn(&self->loop, next_us);
    }
    for (size_t i = 0; i < self->placed; i++)
        call_over(self, &self->calls[i], "unfinished");
    self->seconds = (double)(loop_now_us() - start_us) / 1e6;
    return true;
}

static void load_close(struct load *self)
{
    for (size_t i = 0; self->gateways && i < self->gateway_count; i++) {
        if (self->gateways[i].client)
            hotline_client_free(self->gateways[i].client);
    }
    for (size_t i = 0; self->desks && i < self->desk_count; i++) {
        if (self->desks[i].client)
            hotline_client_free(self->desks[i].client);
    }
    if (self->context)
        hotline_context_free(self->context);
    loop_close(&self->loop);
    for (size_t i = 0; i < self->offline_count; i++)
        free(self->offline[i]);
    free(self->offline);
    free(self->gateways);
    free(self->desks);
    free(self->calls);
    load_series_close(&self->ring);
    load_series_close(&self->accepted);
    load_series_close(&self->connected);
    json_decref(self->outcomes);
}

static int load_run(struct load *self, const struct globals *globals)
{
    struct ask ask;
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    int status = ask_rows(&ask, HOTLINE_AGENTS, NULL, agent_row, self);
    if (status != EXIT_DONE)
        ask_complain(&ask);
    ask_close(&ask);
    if (status != EXIT_DONE)
        return status;
    uint32_t random = 0;
    check(getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random);
    if (!credentials_find(globals, KEY_ROLE_GATEWAY, NULL, &self->gateway_key))
        return EXIT_WRONG_USAGE;
    const char *party = self->gateway_key.party;
    snprintf(self->prefix, sizeof self->prefix, "%s%sload-%08x-", party, party[0] ? ":" : "", random);
    self->outcomes = json_object();
    self->calls = check_alloc((self->call_count + 1) * sizeof *self->calls);
    loop_open(&self->loop);
    self->context = hotline_context_create();
    check(self->context);
    bool good = gateways_create(self, globals->nodes) && desks_create(self, globals) && load_get_ready(self) &&
                load_drive(self);
    return good ? load_report(self, globals->json) : EXIT_REFUSED;
}

int ctl_load(struct globals *globals, char **words, size_t count)
{
    struct load load = {.queue = "consultation", .rate = 50};
    struct args_number calls = {true, 100}, in_flight = {true, 16}, desks = {true, 8};
    const struct args_option options[] = {
        {"--calls", ARGS_NUMBER, &calls, LOAD_CALLS_MAX}, {"--rate", ARGS_REAL, &load.rate, 0},
        {"--in-flight", ARGS_NUMBER, &in_flight, 100000}, {"--desks", ARGS_NUMBER, &desks, 10000},
        {"--queue", ARGS_TEXT, &load.queue, 0},           {0}};
    struct args_command command = {.name = "load",
                                   .usage = "load [--calls N] [--rate R] [--in-flight K] [--desks D] [--queue Q]",
                                   .options = options};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    if (calls.value == 0 || in_flight.value == 0)
        return args_wrong(&command, "%s: at least 1", calls.value == 0 ? "--calls" : "--in-flight");
    if (!ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    load.call_count = calls.value;
    load.in_flight_max = in_flight.value;
    load.desk_count = desks.value;
    int status = load_run(&load, globals);
    load_close(&load);
    return status;
}
