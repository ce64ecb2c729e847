#include "node/selftest/answering.h"

#include "node/switchboard/reading.h"

#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum desk_state { DESK_UNHEARD, DESK_REACHED, DESK_ANSWERED, DESK_OLD, DESK_LEFT };

struct asked {
    uint32_t agent;
    enum desk_state state;
    char node[NAME_MAX_BYTES + 1];  // where it was asked last
};

struct test {
    uint64_t test;  // 0: free
    uint64_t session;
    uint32_t site;
    uint64_t deadline_us, again_us;
    struct asked desks[ANSWERING_DESKS_MAX];
    uint32_t desk_count;
    uint32_t missed;  // an agent whose desk vanished from the site; DIRECTORY_NONE: none
};

struct answering {
    struct board *board;
    struct answering_events events;
    const struct directory *directory;
    struct test tests[ANSWERING_MAX];
};

struct answering *answering_create(struct board *board, const struct answering_events *events)
{
    struct answering *self = check_alloc(sizeof *self);
    self->board = board;
    self->events = *events;
    return self;
}

void answering_free(struct answering *self)
{
    free(self);
}

void answering_set_directory(struct answering *self, const struct directory *directory)
{
    self->directory = directory;
    memset(self->tests, 0, sizeof self->tests);
}

// ---- asking

static bool is_signed_in(const struct reading_agent *reading)
{
    return reading->state != REC__AGENT_STATE__OFFLINE;
}

// Whose desk vanished, and was not there again; within the time that it is missed for.
static bool is_missed(struct now now, const struct reading_agent *reading)
{
    return !is_signed_in(reading) && strcmp(reading->reason, "gone") == 0 &&
           reading->since_ms + ANSWERING_GONE_MS > now.wall_ms;
}

static bool is_settled(const struct asked *desk)
{
    return desk->state != DESK_UNHEARD && desk->state != DESK_REACHED;
}

static void ask(struct answering *self, struct now now, struct test *test, struct asked *desk)
{
    struct reading_agent reading;
    reading_agent(self->board, now, desk->agent, &reading);
    if (!is_signed_in(&reading)) {
        desk->state = DESK_LEFT;
        if (is_missed(now, &reading))
            test->missed = desk->agent;
        return;
    }
    text_copy(desk->node, sizeof desk->node, reading.node);
    if (self->events.knows_tests(self->events.context, reading.node))
        self->events.ask(self->events.context, reading.node, test->test, self->directory->agents[desk->agent].id,
                         reading.login);
    else
        desk->state = DESK_OLD;
}

// ---- what it comes to

// A call from the site would find somebody, if somebody there is available.
static bool is_routed(struct answering *self, struct now now, const struct test *test)
{
    bool is_available = false;
    for (uint32_t i = 0; i < test->desk_count && !is_available; i++) {
        struct reading_agent reading;
        reading_agent(self->board, now, test->desks[i].agent, &reading);
        is_available = reading.state == REC__AGENT_STATE__AVAILABLE;
    }
    struct route_need need = {0};
    struct route_pick pick;
    return !is_available || reading_nearest(self->board, self->directory->sites[test->site].at, &need, &pick, 1) > 0;
}

static void blame(const struct answering *self, const struct asked *desk, uint32_t what, struct result *result)
{
    result->result = what;
    text_copy(result->agent, sizeof result->agent, self->directory->agents[desk->agent].id);
    text_copy(result->node, sizeof result->node, desk->node);
}

static struct result judge(struct answering *self, struct now now, const struct test *test)
{
    struct result result = {.result = REC__TEST_RESULT__TEST_NOBODY};
    for (uint32_t i = 0; i < test->desk_count; i++) {
        const struct asked *desk = &test->desks[i];
        if (result_is_failure(result.result))
            break;
        if (desk->state == DESK_UNHEARD)
            blame(self, desk, REC__TEST_RESULT__TEST_NODE_SILENT, &result);
        else if (desk->state == DESK_REACHED)
            blame(self, desk, REC__TEST_RESULT__TEST_DESK_SILENT, &result);
        else if (desk->state == DESK_ANSWERED)
            result.result = REC__TEST_RESULT__TEST_PASSED;
        else if (desk->state == DESK_OLD && result.result == REC__TEST_RESULT__TEST_NOBODY)
            result.result = REC__TEST_RESULT__TEST_OLD;
    }
    if (!result_is_failure(result.result) && !is_routed(self, now, test))
        result.result = REC__TEST_RESULT__TEST_NO_ROUTE;
    if (result.result == REC__TEST_RESULT__TEST_NOBODY && test->missed != DIRECTORY_NONE)
        blame(self, &(struct asked){.agent = test->missed}, REC__TEST_RESULT__TEST_DESK_GONE, &result);
    return result;
}

static void settle(struct answering *self, struct now now, struct test *test)
{
    bool is_over = now.mono_us >= test->deadline_us;
    for (uint32_t i = 0; i < test->desk_count && !is_over; i++)
        if (!is_settled(&test->desks[i]))
            return;
    struct result result = judge(self, now, test);
    if (result.result == REC__TEST_RESULT__TEST_NO_ROUTE && !is_over)
        return;  // it may be offered a call just now: looked at again
    uint64_t number = test->test;
    test->test = 0;
    self->events.settled(self->events.context, test->session, number, &result);
}

// ---- in

static uint32_t count_desks(const struct answering *self, struct now now, uint32_t site)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->directory->agent_count; i++) {
        struct reading_agent reading;
        if (self->directory->agents[i].site != site)
            continue;
        reading_agent(self->board, now, i, &reading);
        count += is_signed_in(&reading);
    }
    return count;
}

// Those of the site who are signed in; where they are many, from another one on each time.
static void find_desks(struct answering *self, struct now now, struct test *test)
{
    uint32_t count = count_desks(self, now, test->site), found = 0;
    uint32_t first = count > ANSWERING_DESKS_MAX ? (uint32_t)(test->test % count) : 0;
    test->missed = DIRECTORY_NONE;
    for (uint32_t i = 0; i < self->directory->agent_count; i++) {
        struct reading_agent reading;
        if (self->directory->agents[i].site != test->site)
            continue;
        reading_agent(self->board, now, i, &reading);
        if (is_missed(now, &reading))
            test->missed = i;
        if (!is_signed_in(&reading))
            continue;
        uint32_t place = (found++ + count - first) % count;
        if (place < ANSWERING_DESKS_MAX)
            test->desks[place] = (struct asked){.agent = i};
    }
    test->desk_count = count < ANSWERING_DESKS_MAX ? count : ANSWERING_DESKS_MAX;
}

bool answering_begin(struct answering *self, struct now now, uint64_t session, uint64_t number, uint32_t site)
{
    struct test *test = NULL;
    for (uint32_t i = 0; i < ANSWERING_MAX && test == NULL; i++)
        if (self->tests[i].test == 0)
            test = &self->tests[i];
    if (test == NULL)
        return false;
    *test = (struct test){.test = number,
                          .session = session,
                          .site = site,
                          .deadline_us = now.mono_us + (uint64_t)self->directory->settings.selftest_timeout_ms * 1000,
                          .again_us = now.mono_us + (uint64_t)ANSWERING_AGAIN_MS * 1000};
    find_desks(self, now, test);
    for (uint32_t i = 0; i < test->desk_count; i++)
        ask(self, now, test, &test->desks[i]);
    settle(self, now, test);
    return true;
}

static enum desk_state state_after(enum desk_state state, Peer__TestAnswer__What what)
{
    switch (what) {
    case PEER__TEST_ANSWER__WHAT__ASKED:
        return DESK_REACHED;
    case PEER__TEST_ANSWER__WHAT__ANSWERED:
        return DESK_ANSWERED;
    case PEER__TEST_ANSWER__WHAT__OLD:
        return DESK_OLD;
    case PEER__TEST_ANSWER__WHAT__NOT_HERE:  // on its way from one node to another, say: asked again
        return DESK_UNHEARD;
    case PEER__TEST_ANSWER__WHAT__WHAT_UNSET:
    case _PEER__TEST_ANSWER__WHAT_IS_INT_SIZE:
        return state;
    }
    return state;
}

void answering_heard(struct answering *self, struct now now, const char *from, const Peer__TestAnswer *answer)
{
    for (uint32_t t = 0; t < ANSWERING_MAX && answer->test != 0; t++) {
        struct test *test = &self->tests[t];
        if (test->test != answer->test)
            continue;
        for (uint32_t i = 0; i < test->desk_count; i++) {
            struct asked *desk = &test->desks[i];
            if (!is_settled(desk) && strcmp(desk->node, from) == 0 &&
                strcmp(self->directory->agents[desk->agent].id, answer->agent) == 0)
                desk->state = state_after(desk->state, answer->what);
        }
        settle(self, now, test);
        return;
    }
}

void answering_tick(struct answering *self, struct now now)
{
    for (uint32_t t = 0; t < ANSWERING_MAX; t++) {
        struct test *test = &self->tests[t];
        if (test->test == 0)
            continue;
        bool again = now.mono_us >= test->again_us;
        for (uint32_t i = 0; i < test->desk_count && again; i++)
            if (!is_settled(&test->desks[i]))
                ask(self, now, test, &test->desks[i]);
        if (again)
            test->again_us = now.mono_us + (uint64_t)ANSWERING_AGAIN_MS * 1000;
        settle(self, now, test);
    }
}
