// Test calls: when they are placed and what has failed, and which desks of a site are asked and what their answers come
// to.
#include "node/selftest/answering.h"
#include "node/selftest/placing.h"
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TICK_US = 100000, SITES = 9, INTERVAL_MS = 10000, TIMEOUT_MS = 2000, STORING_MS = 3000, WALL_MS = 1700000000 };

#define RESULT(name) REC__TEST_RESULT__TEST_##name

// ---- the placing side

struct caller {
    struct placing *placing;
    uint64_t now_us;
    bool connected;
    uint32_t sent, found;
    uint64_t last_test;
    char last_site[NAME_MAX_BYTES + 1];
    uint64_t sent_us[64];
    struct result last;
    char found_site[NAME_MAX_BYTES + 1];
};

static bool on_send(void *context, uint64_t test, const char *site)
{
    struct caller *self = context;
    if (!self->connected)
        return false;
    assert_true(test > self->last_test);
    self->last_test = test;
    text_copy(self->last_site, sizeof self->last_site, site);
    self->sent_us[self->sent++ % 64] = self->now_us;
    return true;
}

static void on_found(void *context, const char *site, const struct result *result)
{
    struct caller *self = context;
    self->found++;
    self->last = *result;
    text_copy(self->found_site, sizeof self->found_site, site);
}

static void run(struct caller *self, uint64_t ms)
{
    for (uint64_t until_us = self->now_us + ms * 1000; self->now_us < until_us; self->now_us += TICK_US)
        placing_tick(self->placing, self->now_us, WALL_MS);
}

// The events' context is the struct the test keeps.
static void begin(struct caller *self, uint32_t sites)
{
    static const char *const names[SITES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    struct placing_settings settings = {INTERVAL_MS, TIMEOUT_MS, STORING_MS};
    struct placing_events events = {self, on_send, on_found};
    *self = (struct caller){.now_us = 1000000, .connected = true};
    self->placing = placing_create(&events);
    placing_begin(self->placing, &settings, names, sites);
}

static void a_round_goes_through_every_site_spread_over_the_interval(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, SITES);
    run(&self, INTERVAL_MS);
    assert_int_equal(self.sent, SITES + 1);
    for (uint32_t i = 1; i < self.sent; i++)
        assert_in_range(self.sent_us[i] - self.sent_us[i - 1], INTERVAL_MS * 1000 / (SITES + 1) - TICK_US,
                        INTERVAL_MS * 1000 / (SITES + 1) + TICK_US);
    assert_string_equal(self.last_site, "i");
    run(&self, INTERVAL_MS);
    assert_int_equal(self.sent, 2 * (SITES + 1));
    placing_free(self.placing);
}

static void an_answer_is_taken_once_and_for_the_test_it_names(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, 1);
    run(&self, 100);
    placing_accepted(self.placing, self.now_us, 2, 2);
    assert_int_equal(self.last.result, RESULT(PASSED));
    assert_string_equal(self.found_site, "");
    placing_accepted(self.placing, self.now_us, 2, 2);
    assert_int_equal(self.found, 1);
    run(&self, INTERVAL_MS / 2);
    assert_string_equal(self.last_site, "a");
    placing_news(self.placing, self.now_us, self.last_test + 1, &(struct result){.result = RESULT(PASSED)});
    assert_int_equal(self.found, 1);
    placing_news(self.placing, self.now_us + 7000, self.last_test,
                 &(struct result){.result = RESULT(DESK_SILENT), .agent = "lin"});
    assert_int_equal(self.last.result, RESULT(DESK_SILENT));
    assert_string_equal(self.last.agent, "lin");
    assert_true(self.last.took_us >= 7000);
    placing_free(self.placing);
}

static void too_few_copies_and_none_in_time_are_failures(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, 0);
    run(&self, 100);
    placing_accepted(self.placing, self.now_us, 1, 2);
    assert_int_equal(self.last.result, RESULT(FEW_COPIES));
    run(&self, INTERVAL_MS + STORING_MS + PLACING_SLACK_MS + 200);
    assert_int_equal(self.last.result, RESULT(NOT_STORED));
    placing_free(self.placing);
}

static void a_refusal_is_shown_by_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        uint32_t result;
    } known[] = {
        {"draining", RESULT(DRAINING)},     {"disk_full", RESULT(DISK_FULL)}, {"disk_failed", RESULT(DISK_FAILED)},
        {"overload", RESULT(OVERLOAD)},     {"going", RESULT(GOING)},         {"no_directory", RESULT(NO_DIRECTORY)},
        {"not_stored", RESULT(NOT_STORED)}, {"forbidden", RESULT(REFUSED)}};
    struct caller self;
    begin(&self, SITES);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        run(&self, INTERVAL_MS / (SITES + 1));
        placing_refused(self.placing, self.now_us, i % 2 == 0 ? 0 : self.last_test, known[i].reason);
        assert_int_equal(self.found, i + 1);
        assert_int_equal(self.last.result, known[i].result);
    }
    placing_free(self.placing);
}

static void a_door_that_does_not_open_and_one_behind_which_nobody_speaks_are_told_apart(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, 1);
    self.connected = false;
    run(&self, STORING_MS + PLACING_SLACK_MS + 100);
    assert_int_equal(self.last.result, RESULT(NO_CONNECTION));
    self.connected = true;
    run(&self, INTERVAL_MS / 2 + TIMEOUT_MS + PLACING_SLACK_MS - STORING_MS);
    assert_string_equal(self.found_site, "a");
    assert_int_equal(self.last.result, RESULT(SILENT));
    placing_free(self.placing);
}

static void what_was_under_way_while_this_loop_stood_still_has_not_failed(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, SITES);
    run(&self, 1500);
    self.now_us += 30000000;
    run(&self, 100);
    assert_int_equal(self.found, 0);
    placing_free(self.placing);
}

static void off_nothing_is_placed(void **state)
{
    (void)state;
    struct caller self;
    begin(&self, SITES);
    placing_begin(self.placing, &(struct placing_settings){0}, NULL, 0);
    run(&self, 3 * INTERVAL_MS);
    assert_int_equal(self.sent, 0);
    placing_free(self.placing);
}

static void more_sites_than_fit_into_a_round_wait_and_never_more_are_under_way_than_may_be(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct caller self;
    begin(&self, 0);
    char(*texts)[16] = check_alloc(MANY * sizeof *texts);
    const char **names = check_alloc(MANY * sizeof *names);
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "s%d", i);
        names[i] = texts[i];
    }
    placing_begin(self.placing, &(struct placing_settings){1000, 1000, 1000}, names, MANY);
    for (uint32_t i = 0; i < 300; i++) {
        run(&self, 100);
        assert_in_range(self.sent - self.found, 0, PLACING_UNDER_WAY_MAX);
    }
    assert_true(self.sent > PLACING_UNDER_WAY_MAX);
    free(texts);
    free(names);
    placing_free(self.placing);
}

// ---- the node's side

enum { NORTH_1 = 2, NORTH_2 = 3 };

struct office {
    struct rig *rig;
    struct answering *answering;
    const struct directory *directory;
    bool old;  // the desks' nodes
    uint32_t asked, settled;
    char agents[8][NAME_MAX_BYTES + 1], nodes[8][NAME_MAX_BYTES + 1];
    uint64_t login;
    struct result last;
};

static bool on_knows_tests(void *context, const char *node)
{
    (void)node;
    return !((struct office *)context)->old;
}

static void on_ask(void *context, const char *node, uint64_t test, const char *agent, uint64_t login)
{
    struct office *self = context;
    (void)test;
    text_copy(self->agents[self->asked % 8], NAME_MAX_BYTES + 1, agent);
    text_copy(self->nodes[self->asked % 8], NAME_MAX_BYTES + 1, node);
    self->asked++;
    self->login = login;
}

static void on_settled(void *context, uint64_t session, uint64_t test, const struct result *result)
{
    struct office *self = context;
    (void)session;
    (void)test;
    self->settled++;
    self->last = *result;
}

static void open_office(struct office *self)
{
    struct answering_events events = {self, on_knows_tests, on_ask, on_settled};
    *self = (struct office){.rig = rig_create()};
    self->directory = rig_directory(self->rig, 0);
    self->answering = answering_create(rig_board(self->rig, 0), &events);
    answering_set_directory(self->answering, self->directory);
}

// With n1 at her desk.
static void open_staffed_office(struct office *self)
{
    open_office(self);
    rig_desk(self->rig, 1, NORTH_1, "n1", rig_attach(5, 1));
    rig_settle(self->rig);
}

static void close_office(struct office *self)
{
    answering_free(self->answering);
    rig_free(self->rig);
}

static void test_north(struct office *self, uint64_t number)
{
    assert_true(
        answering_begin(self->answering, rig_now(self->rig), 7, number, directory_find_site(self->directory, "north")));
}

static void pass(struct office *self, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += 100) {
        rig_pass(self->rig, 100);
        answering_tick(self->answering, rig_now(self->rig));
    }
}

static void hear(struct office *self, uint64_t number, uint32_t asked, Peer__TestAnswer__What what)
{
    Peer__TestAnswer words = PEER__TEST_ANSWER__INIT;
    words.test = number;
    words.agent = self->agents[asked];
    words.what = what;
    answering_heard(self->answering, rig_now(self->rig), self->nodes[asked], &words);
}

static void nobody_is_no_failure(void **state)
{
    (void)state;
    struct office self;
    open_office(&self);
    test_north(&self, 1);
    assert_int_equal(self.asked, 0);
    assert_int_equal(self.settled, 1);
    assert_int_equal(self.last.result, RESULT(NOBODY));
    close_office(&self);
}

static void every_desk_of_the_site_is_asked_where_it_is_and_all_must_answer(void **state)
{
    (void)state;
    struct office self;
    open_office(&self);
    rig_desk(self.rig, 1, NORTH_1, "n1", rig_attach(5, 1));
    rig_desk(self.rig, 2, NORTH_2, "n2", rig_attach(6, 1));
    rig_desk(self.rig, 2, NORTH_2 + 1, "e1", rig_attach(6, 1));
    rig_settle(self.rig);
    uint64_t digest = rig_digest(self.rig, 0);
    test_north(&self, 1);
    assert_int_equal(self.asked, 2);
    hear(&self, 1, 0, PEER__TEST_ANSWER__WHAT__ASKED);
    hear(&self, 1, 0, PEER__TEST_ANSWER__WHAT__ANSWERED);
    assert_int_equal(self.settled, 0);
    hear(&self, 1, 1, PEER__TEST_ANSWER__WHAT__ANSWERED);
    assert_int_equal(self.settled, 1);
    assert_int_equal(self.last.result, RESULT(PASSED));
    hear(&self, 1, 1, PEER__TEST_ANSWER__WHAT__ANSWERED);
    assert_int_equal(self.settled, 1);
    assert_int_equal(rig_digest(self.rig, 0), digest);  // nothing was written
    assert_string_equal(rig_state(self.rig, 0, "n1"), "available");
    close_office(&self);
}

static void who_does_not_answer_is_named(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    test_north(&self, 1);
    pass(&self, 5200);
    assert_int_equal(self.last.result, RESULT(NODE_SILENT));
    assert_string_equal(self.last.agent, "n1");
    assert_string_equal(self.last.node, self.nodes[0]);
    assert_true(self.asked > 5);  // again and again
    test_north(&self, 2);
    hear(&self, 2, (self.asked - 1) % 8, PEER__TEST_ANSWER__WHAT__ASKED);
    pass(&self, 5200);
    assert_int_equal(self.last.result, RESULT(DESK_SILENT));
    assert_int_equal(self.settled, 2);
    close_office(&self);
}

static void a_desk_that_moves_is_asked_where_it_went(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    test_north(&self, 1);
    hear(&self, 1, 0, PEER__TEST_ANSWER__WHAT__NOT_HERE);
    rig_desk(self.rig, 2, NORTH_1, "n1", rig_attach(5, 2));
    rig_settle(self.rig);
    pass(&self, 700);
    uint32_t last = (self.asked - 1) % 8;
    assert_string_not_equal(self.nodes[last], self.nodes[0]);
    hear(&self, 1, last, PEER__TEST_ANSWER__WHAT__ANSWERED);
    assert_int_equal(self.last.result, RESULT(PASSED));
    close_office(&self);
}

static void a_desk_that_vanished_is_missed_for_a_while_and_one_that_signed_off_is_not(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    rig_gone(self.rig, 1, NORTH_1, "n1", true, false);
    rig_settle(self.rig);
    test_north(&self, 1);
    assert_int_equal(self.last.result, RESULT(DESK_GONE));
    assert_string_equal(self.last.agent, "n1");
    rig_pass(self.rig, ANSWERING_GONE_MS);
    test_north(&self, 2);
    assert_int_equal(self.last.result, RESULT(NOBODY));
    rig_desk(self.rig, 1, NORTH_2, "n1", rig_attach(6, 1));
    rig_settle(self.rig);
    rig_gone(self.rig, 1, NORTH_2, "n1", true, true);
    rig_settle(self.rig);
    test_north(&self, 3);
    assert_int_equal(self.last.result, RESULT(NOBODY));
    close_office(&self);
}

static void a_desk_that_vanishes_under_way_is_missed_too(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    test_north(&self, 1);
    rig_gone(self.rig, 1, NORTH_1, "n1", true, false);
    rig_settle(self.rig);
    pass(&self, 700);
    assert_int_equal(self.last.result, RESULT(DESK_GONE));
    close_office(&self);
}

static void who_is_of_an_older_version_fails_nothing(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    self.old = true;
    test_north(&self, 1);
    assert_int_equal(self.last.result, RESULT(OLD));
    self.old = false;
    test_north(&self, 2);
    hear(&self, 2, 0, PEER__TEST_ANSWER__WHAT__OLD);
    assert_int_equal(self.last.result, RESULT(OLD));
    assert_int_equal(self.settled, 2);
    close_office(&self);
}

static void an_agent_with_a_call_is_tested_and_not_touched(void **state)
{
    (void)state;
    struct office self;
    open_office(&self);
    rig_desk(self.rig, 1, NORTH_1, "n1", rig_attach(5, 1));
    rig_gateway(self.rig, 0, 1, "gate", rig_attach(1, 1));
    rig_submit(self.rig, 0, 1, "gate", "c1", "consular", 60, "");
    rig_settle(self.rig);
    assert_string_equal(rig_state(self.rig, 0, "n1"), "ringing");
    test_north(&self, 1);
    hear(&self, 1, 0, PEER__TEST_ANSWER__WHAT__ANSWERED);
    assert_int_equal(self.last.result, RESULT(PASSED));
    assert_string_equal(rig_state(self.rig, 0, "n1"), "ringing");
    close_office(&self);
}

static void past_the_bound_further_ones_are_refused(void **state)
{
    (void)state;
    struct office self;
    open_staffed_office(&self);
    for (uint64_t number = 1; number <= ANSWERING_MAX; number++)
        test_north(&self, number);
    assert_false(
        answering_begin(self.answering, rig_now(self.rig), 7, 1000, directory_find_site(self.directory, "north")));
    pass(&self, 5200);
    assert_int_equal(self.settled, ANSWERING_MAX);
    test_north(&self, 1001);
    close_office(&self);
}

// ---- what was found

static void count(void *context, const struct results_row *row)
{
    (void)row;
    ++*(uint32_t *)context;
}

static bool keeps_a(void *context, const char *tester, const char *site)
{
    (void)context;
    (void)site;
    return strcmp(tester, "a") == 0;
}

static void name(void *context, const struct results_row *row)
{
    strcat(strcat(strcat(context, row->tester), row->site), row->result->result == RESULT(SILENT) ? "! " : " ");
}

static void a_row_is_the_last_word_of_a_node_through_a_site_and_rows_are_sorted(void **state)
{
    (void)state;
    struct results *self = results_create();
    struct result passed = {.result = RESULT(PASSED)}, silent = {.result = RESULT(SILENT)};
    uint32_t rows = 0;
    results_put(self, "b", "x", &passed, 1);
    results_put(self, "a", "y", &passed, 2);
    results_put(self, "a", "y", &silent, 3);
    results_put(self, "a", "", &passed, 4);
    results_each(self, count, &rows);
    assert_int_equal(rows, 3);
    assert_int_equal(results_find(self, "a", "y")->result, RESULT(SILENT));
    assert_null(results_find(self, "a", "x"));
    char names[64] = "";
    results_each(self, name, names);
    assert_string_equal(names, "a ay! bx ");
    results_filter(self, keeps_a, NULL);
    rows = 0;
    results_each(self, count, &rows);
    assert_int_equal(rows, 2);
    assert_true(result_is_failure(RESULT(SILENT)) && !result_is_failure(RESULT(NOBODY)) &&
                !result_is_failure(RESULT(OLD)));
    results_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_goes_through_every_site_spread_over_the_interval),
        cmocka_unit_test(an_answer_is_taken_once_and_for_the_test_it_names),
        cmocka_unit_test(too_few_copies_and_none_in_time_are_failures),
        cmocka_unit_test(a_refusal_is_shown_by_its_reason),
        cmocka_unit_test(a_door_that_does_not_open_and_one_behind_which_nobody_speaks_are_told_apart),
        cmocka_unit_test(what_was_under_way_while_this_loop_stood_still_has_not_failed),
        cmocka_unit_test(off_nothing_is_placed),
        cmocka_unit_test(more_sites_than_fit_into_a_round_wait_and_never_more_are_under_way_than_may_be),
        cmocka_unit_test(nobody_is_no_failure),
        cmocka_unit_test(every_desk_of_the_site_is_asked_where_it_is_and_all_must_answer),
        cmocka_unit_test(who_does_not_answer_is_named),
        cmocka_unit_test(a_desk_that_moves_is_asked_where_it_went),
        cmocka_unit_test(a_desk_that_vanished_is_missed_for_a_while_and_one_that_signed_off_is_not),
        cmocka_unit_test(a_desk_that_vanishes_under_way_is_missed_too),
        cmocka_unit_test(who_is_of_an_older_version_fails_nothing),
        cmocka_unit_test(an_agent_with_a_call_is_tested_and_not_touched),
        cmocka_unit_test(past_the_bound_further_ones_are_refused),
        cmocka_unit_test(a_row_is_the_last_word_of_a_node_through_a_site_and_rows_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
