// desk AGENT...: attaches as that agent's desk and says a line per event. Several agents may share one process; a
// command on standard input then goes to each desk that it fits.
#include "ops/common/credentials.h"
#include "ops/ctl/ctl.h"
#include "ops/common/loop.h"
#include "ops/common/output.h"

#include <hotline/desk.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX_BYTES 1024

struct desks;

struct desk {
    struct desks *all;
    const char *agent;
    struct hotline_client *client;
    bool attached;
    bool over;
    json_t *first_state;    // to be said once attached
    uint64_t accept_us;     // UINT64_MAX: not by itself
    uint64_t available_us;  // likewise
    uint64_t dialled_us;    // a call-back that it accepted by itself: on the line then, or after that over
    bool is_call_back;      // what rings, or is accepted
};

struct desks {
    bool json;
    struct args_number accept_after, wrap_up, reached_after;
    bool decline, ignore;
    struct loop loop;
    struct desk *desks;
    size_t count;
    int status;
    char input[INPUT_MAX_BYTES];
    size_t input_bytes;
    bool input_skips;  // the rest of a line that was too long
};

static void desk_say(const struct desk *self, const char *event, json_t *fields)
{
    json_t *all = json_pack("{s:o}", "agent", output_text(self->agent));
    json_object_update(all, fields);
    json_decref(fields);
    output_event(self->all->json, event, all);
}

static void desk_over(struct desk *self, int status)
{
    self->over = true;
    self->all->status = status;
}

static void desk_offer(struct desk *self, const struct hotline_event *event)
{
    json_t *fields = json_object();
    json_object_set_new(fields, "call", output_text(event->call));
    json_object_set_new(fields, "from", output_text(event->number));
    json_object_set_new(fields, "queue", output_text(event->queue));
    json_object_set_new(fields, "km", json_integer(event->km));
    json_object_set_new(fields, "deadline_ms", json_integer(event->deadline_ms));
    json_object_set_new(fields, "n", json_integer(event->n));
    self->is_call_back = event->call_back[0] != '\0';
    if (self->is_call_back) {
        json_object_set_new(fields, "call_back", output_text(event->call_back));
        json_object_set_new(fields, "owed_ms", json_integer((json_int_t)event->owed_ms));
        json_object_set_new(fields, "tries", json_integer(event->tries));
    }
    desk_say(self, "offer", fields);
    self->dialled_us = UINT64_MAX;
    if (self->all->decline || self->all->accept_after.given)
        self->accept_us = loop_now_us() + (uint64_t)self->all->accept_after.value * 1000;
}

static void desk_state(struct desk *self, const struct hotline_event *event)
{
    json_t *fields = json_pack("{s:o}", "state", output_text(event->state));
    if (event->reason && event->reason[0])
        json_object_set_new(fields, "reason", output_text(event->reason));
    if (self->attached) {
        desk_say(self, "state", fields);
    } else {  // a wish, until a node has it
        json_decref(self->first_state);
        self->first_state = fields;
    }
    bool wraps = event->state && strcmp(event->state, "wrap_up") == 0;
    if (wraps && self->all->wrap_up.given)
        self->available_us = loop_now_us() + (uint64_t)self->all->wrap_up.value * 1000;
    else if (!wraps)
        self->available_us = UINT64_MAX;
}

static json_t *with_call(const struct hotline_event *event, bool reason)
{
    json_t *fields = json_pack("{s:o}", "call", output_text(event->call));
    if (reason)
        json_object_set_new(fields, "reason", output_text(event->reason));
    return fields;
}

// That node does not take him now; another does, or it will.
static bool passes_by(const char *reason)
{
    static const char *const reasons[] = {"draining",  "going",       "overload",
                                          "disk_full", "disk_failed", "older_protocol"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

static void desk_refused(struct desk *self, const struct hotline_event *event)
{
    json_t *fields =
        json_pack("{s:o, s:o}", "reason", output_text(event->reason), "detail", output_text(event->detail));
    desk_say(self, "refused", fields);
    if (!self->attached && !passes_by(event->reason))
        desk_over(self, EXIT_REFUSED);
}

static void desk_attached(struct desk *self, const struct hotline_event *event)
{
    self->attached = true;
    desk_say(self, "attached",
             json_pack("{s:o, s:I}", "node", output_text(event->node), "attach", (json_int_t)event->attach));
    if (self->first_state)
        desk_say(self, "state", self->first_state);
    self->first_state = NULL;
}

static void on_event(void *user, const struct hotline_event *event)
{
    struct desk *self = user;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        desk_attached(self, event);
        break;
    case HOTLINE_DETACHED:
        desk_say(self, "detached", json_pack("{s:o}", "node", output_text(event->node)));
        break;
    case HOTLINE_REFUSED:
        desk_refused(self, event);
        break;
    case HOTLINE_SUPERSEDED:
        desk_say(self, "superseded", json_pack("{s:o}", "node", output_text(event->node)));
        desk_over(self, EXIT_REFUSED);
        break;
    case HOTLINE_OFFER:
        desk_offer(self, event);
        break;
    case HOTLINE_WITHDRAWN:
        self->accept_us = UINT64_MAX;
        desk_say(self, "withdrawn", with_call(event, true));
        break;
    case HOTLINE_DESK_CONNECTED:
        desk_say(self, "connected", with_call(event, false));
        break;
    case HOTLINE_DESK_ENDED:
        desk_say(self, "ended", with_call(event, true));
        break;
    case HOTLINE_DESK_STATE:
        desk_state(self, event);
        break;
    case HOTLINE_CALL_ACCEPTED:
    case HOTLINE_CALL_WAITING:
    case HOTLINE_CALL_RINGING:
    case HOTLINE_CALL_CONNECT:
    case HOTLINE_CALL_ENDED:
        break;  // a gateway's
    }
}

static void desks_say_word(struct desks *self, enum hotline_result result, const char *agent, const char *word)
{
    // With several desks a word is meant for those it fits.
    if (result != HOTLINE_OK && self->count == 1)
        output_fail(EXIT_REFUSED, "desk %s: %s: %s", agent, word, hotline_result_text(result));
}

// "no_answer the line was dead": how it went, then the agent's words.
static enum hotline_result desk_not_reached(struct hotline_client *client, const char *rest)
{
    static const struct {
        const char *word;
        enum hotline_call_back_failure failure;
    } failures[] = {
        {"no_answer", HOTLINE_NO_ANSWER}, {"wrong_number", HOTLINE_WRONG_NUMBER}, {"other", HOTLINE_NOT_REACHED}};
    size_t bytes = strcspn(rest, " ");
    const char *text = rest + bytes + strspn(rest + bytes, " ");
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (strlen(failures[i].word) == bytes && memcmp(failures[i].word, rest, bytes) == 0)
            return hotline_desk_not_reached(client, NULL, failures[i].failure, text);
    return HOTLINE_INVALID;
}

static bool desks_command(struct desks *self, const char *word, const char *rest)
{
    static const char *const words[] = {"available", "not_ready",   "accept",  "decline",
                                        "end",       "disposition", "reached", "not_reached"};
    enum { WORDS = sizeof words / sizeof *words };
    size_t which = 0;
    while (which < WORDS && strcmp(words[which], word) != 0)
        which++;
    if (which == WORDS)
        return false;
    for (size_t i = 0; i < self->count; i++) {
        struct hotline_client *client = self->desks[i].client;
        if (self->desks[i].over)
            continue;
        enum hotline_result result = HOTLINE_OK;
        if (which == 0)
            result = hotline_desk_available(client);
        else if (which == 1)
            result = hotline_desk_not_ready(client, rest[0] ? rest : "break");
        else if (which == 2)
            result = hotline_desk_accept(client, NULL);
        else if (which == 3)
            result = hotline_desk_decline(client, NULL);
        else if (which == 4)
            result = hotline_desk_end(client);
        else if (which == 5)
            result = hotline_desk_disposition(client, NULL, rest);
        else if (which == 6)
            result = hotline_desk_reached(client, NULL);
        else
            result = desk_not_reached(client, rest);
        desks_say_word(self, result, self->desks[i].agent, word);
    }
    return true;
}

static void desks_line(struct desks *self, char *line)
{
    char *word = line + strspn(line, " \t\r");
    char *rest = word + strcspn(word, " \t\r");
    if (*rest) {
        *rest++ = 0;
        rest += strspn(rest, " \t\r");
    }
    for (size_t end = strlen(rest); end > 0 && isspace((unsigned char)rest[end - 1]); end--)
        rest[end - 1] = 0;
    if (word[0] && !desks_command(self, word, rest))
        output_fail(EXIT_REFUSED,
                    "desk: '%s' is none of available, not_ready REASON, accept, decline, end, disposition TEXT, "
                    "reached, not_reached no_answer|wrong_number|other [TEXT]",
                    word);
}

// False: the end.
static bool desks_read(struct desks *self)
{
    ssize_t got = read(STDIN_FILENO, self->input + self->input_bytes, sizeof self->input - 1 - self->input_bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0)
        return false;
    self->input_bytes += (size_t)got;
    self->input[self->input_bytes] = 0;
    char *line = self->input, *end;
    while ((end = memchr(line, '\n', self->input_bytes - (size_t)(line - self->input)))) {
        *end = 0;
        if (!self->input_skips)
            desks_line(self, line);
        self->input_skips = false;
        line = end + 1;
    }
    self->input_bytes -= (size_t)(line - self->input);
    memmove(self->input, line, self->input_bytes);
    if (self->input_bytes == sizeof self->input - 1) {
        output_fail(EXIT_REFUSED, "desk: a line of more than %d bytes is skipped", INPUT_MAX_BYTES - 2);
        self->input_bytes = 0;
        self->input_skips = true;
    }
    return true;
}

// What is due by itself; returns when the next is.
static uint64_t desks_due(struct desks *self, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < self->count; i++) {
        struct desk *desk = &self->desks[i];
        if (desk->over)
            continue;
        if (now_us >= desk->accept_us) {
            desk->accept_us = UINT64_MAX;
            // WRONG_STATE: the offer went away in between, and its own event said so.
            // Who cannot dial does not take a call-back.
            if (self->decline || (desk->is_call_back && !self->reached_after.given))
                (void)hotline_desk_decline(desk->client, NULL);
            else if (hotline_desk_accept(desk->client, NULL) == HOTLINE_OK && desk->is_call_back)
                desk->dialled_us = now_us + (uint64_t)self->reached_after.value * 1000;
        }
        if (now_us >= desk->dialled_us) {
            bool on_line = hotline_desk_reached(desk->client, NULL) == HOTLINE_OK;
            desk->dialled_us = on_line ? now_us + (uint64_t)self->reached_after.value * 1000 : UINT64_MAX;
            if (!on_line)
                (void)hotline_desk_end(desk->client);
        }
        if (now_us >= desk->available_us) {
            desk->available_us = UINT64_MAX;
            (void)hotline_desk_available(desk->client);
        }
        next_us = desk->accept_us < next_us ? desk->accept_us : next_us;
        next_us = desk->available_us < next_us ? desk->available_us : next_us;
        next_us = desk->dialled_us < next_us ? desk->dialled_us : next_us;
    }
    return next_us;
}

static void desks_hold(struct desks *self)
{
    uint64_t give_up_us = loop_now_us() + LOOP_FIRST_NODE_MS * 1000u;
    bool attached = false;
    loop_watch_stdin(&self->loop, true);
    while (!self->loop.stopping) {
        uint64_t next_us = desks_due(self, loop_now_us());
        loop_turn(&self->loop, attached || next_us < give_up_us ? next_us : give_up_us);
        size_t living = 0;
        for (size_t i = 0; i < self->count; i++) {
            attached = attached || self->desks[i].attached;
            living += self->desks[i].over ? 0 : 1;
        }
        if (living == 0)
            return;
        if (!attached && loop_now_us() >= give_up_us) {
            self->status = EXIT_NO_NODE;
            return;
        }
        if (self->loop.stdin_ready && !desks_read(self))
            return;
    }
}

static int desks_run(struct desks *self, const struct globals *globals)
{
    struct hotline_context *context = hotline_context_create();
    check(context);
    for (size_t i = 0; i < self->count; i++) {
        struct desk *desk = &self->desks[i];
        enum hotline_result result = HOTLINE_OK;
        struct credentials key;
        if (!credentials_find(globals, KEY_ROLE_DESK, desk->agent, &key)) {
            desk->over = true;
            self->status = EXIT_WRONG_USAGE;
            continue;
        }
        struct hotline_desk_options options = {.nodes = globals->nodes,
                                               .agent = desk->agent,
                                               .key_file = credentials_file(&key),
                                               .on_event = on_event,
                                               .user = desk};
        desk->client = hotline_desk_create(context, &options, &result);
        if (desk->client) {
            loop_add(&self->loop, desk->client);
        } else {
            desk->over = true;
            self->status = output_fail(EXIT_REFUSED, "desk %s: %s", desk->agent, hotline_result_text(result));
        }
    }
    if (self->status == EXIT_DONE)
        desks_hold(self);
    if (self->status == EXIT_NO_NODE)
        output_fail(EXIT_NO_NODE, "no node answers at %s", globals->nodes);
    for (size_t i = 0; i < self->count; i++) {
        if (self->desks[i].client) {
            loop_remove(&self->loop, self->desks[i].client);
            hotline_client_free(self->desks[i].client);
        }
        json_decref(self->desks[i].first_state);
    }
    hotline_context_free(context);
    return self->status;
}

int ctl_desk(struct globals *globals, char **words, size_t count)
{
    struct desks all = {0};
    struct args_list agents = {0};
    const struct args_option options[] = {{"--accept-after", ARGS_NUMBER, &all.accept_after, 0},
                                          {"--decline", ARGS_FLAG, &all.decline, 0},
                                          {"--ignore", ARGS_FLAG, &all.ignore, 0},
                                          {"--wrap-up", ARGS_NUMBER, &all.wrap_up, 0},
                                          {"--reached-after", ARGS_NUMBER, &all.reached_after, 0},
                                          {0}};
    struct args_command command = {.name = "desk",
                                   .usage = "desk AGENT... [--accept-after MS | --decline | --ignore] [--wrap-up MS] "
                                            "[--reached-after MS]",
                                   .options = options,
                                   .operand = "AGENT",
                                   .operands = &agents,
                                   .operands_min = 1,
                                   .operands_max = ARGS_LIST_MAX};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    if (all.accept_after.given + all.decline + all.ignore > 1)
        return args_wrong(&command, "--accept-after, --decline and --ignore exclude each other");
    if (!ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    all.json = globals->json;
    all.count = agents.count;
    all.desks = check_alloc(agents.count * sizeof *all.desks);
    for (size_t i = 0; i < all.count; i++)
        all.desks[i] = (struct desk){.all = &all,
                                     .agent = agents.items[i],
                                     .accept_us = UINT64_MAX,
                                     .available_us = UINT64_MAX,
                                     .dialled_us = UINT64_MAX};
    loop_open(&all.loop);
    int status = desks_run(&all, globals);
    loop_close(&all.loop);
    free(all.desks);
    return status;
}
