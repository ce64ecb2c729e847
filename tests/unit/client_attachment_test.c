// Whom a client is attached to, over a wire without a network.
#include "client_fake.h"

#include "node/client/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ATTACH_DESK CLI__TO_NODE__BODY_ATTACH_DESK

static struct fake *desk_at(uint32_t nodes, const char *addresses, uint64_t login)
{
    struct fake *self = fake_create(nodes);
    struct hotline_desk_options options = {
        .nodes = addresses, .agent = "lin", .login = login, .on_event = fake_event, .user = self};
    enum hotline_result result;
    self->client = client_desk_create(&self->wire, &options, &result);
    assert_non_null(self->client);
    assert_int_equal(result, HOTLINE_OK);
    return self;
}

static const Cli__AttachDesk *last_attach(const struct fake *self, int node)
{
    const Cli__ToNode *words = fake_last(self, node, ATTACH_DESK);
    assert_non_null(words);
    return words->attach_desk;
}

static void the_first_node_given_is_preferred(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    self->nodes[0].connects = false;  // takes a little longer
    fake_run(self, 200);
    assert_false(hotline_client_is_attached(self->client));
    self->nodes[0].connects = true;
    fake_run_until_attached(self, 0);
    assert_int_equal(fake_count(self, 1, ATTACH_DESK), 0);
    assert_string_equal(fake_last_event(self, HOTLINE_ATTACHED)->node, "a");
    fake_free(self);
}

static void the_second_is_taken_when_the_first_does_not_answer(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    self->nodes[0].connects = false;
    fake_run(self, 400);
    assert_string_equal(hotline_client_node(self->client), "b");
    fake_free(self);
}

static void nodes_that_are_dead_are_passed_over_until_one_answers(void **state)
{
    (void)state;
    struct fake *self = desk_at(5, "fake://a,fake://b,fake://c,fake://d,fake://e", 0);
    for (uint32_t i = 0; i < 4; i++)
        self->nodes[i].connects = false;
    fake_run_until_attached(self, 4);
    fake_free(self);
}

static void a_node_that_comes_up_late_is_found(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].connects = false;
    fake_run(self, 20000);
    self->nodes[0].connects = true;
    fake_run_until_attached(self, 0);
    fake_free(self);
}

static void an_attach_is_login_and_attempt(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    fake_run_until_attached(self, 0);
    assert_int_equal(last_attach(self, 0)->attach >> 20, 1700000000000);
    assert_int_equal(last_attach(self, 0)->attach & 0xfffff, 1);
    assert_int_equal(fake_last_event(self, HOTLINE_ATTACHED)->attach, last_attach(self, 0)->attach);
    fake_free(self);
}

static void silence_moves_it_to_the_stand_by_in_about_a_second(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b,fake://c", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    self->nodes[0].answers = self->nodes[0].takes = false;
    fake_run(self, 1100);
    assert_string_equal(hotline_client_node(self->client), "b");
    assert_int_equal(last_attach(self, 1)->attach & 0xfffff, 2);
    assert_int_equal(fake_count_events(self, HOTLINE_DETACHED), 1);
    assert_int_equal(hotline_client_counts(self->client).failovers, 1);
    fake_run(self, 100);
    assert_true(self->nodes[2].opened > 0);  // the new stand-by
    fake_free(self);
}

static void a_node_where_nobody_listens_any_more_is_left_at_once(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b,fake://c", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    self->nodes[0].answers = self->nodes[0].takes = self->nodes[0].connects = false;
    self->nodes[0].breaks = true;
    fake_run(self, 50);
    assert_string_equal(hotline_client_node(self->client), "b");
    fake_free(self);
}

static void where_nobody_listens_is_tried_again_but_not_all_the_time(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].connects = false;
    self->nodes[0].breaks = true;
    fake_run(self, 10000);
    assert_in_range(self->nodes[0].opened, 10, 30);
    self->nodes[0].connects = true;
    self->nodes[0].breaks = false;
    fake_run_until_attached(self, 0);
    fake_free(self);
}

static void an_answer_that_stood_still_on_its_way_gives_a_dead_node_no_longer_time(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 40000);
    for (uint32_t i = 0; i < 10; i++) {
        Cli__Pong words = CLI__PONG__INIT;
        words.sent_us = self->now_us - 30000000;
        words.node = (char *)"a";
        words.majority = true;
        Cli__ToClient message = CLI__TO_CLIENT__INIT;
        message.body_case = CLI__TO_CLIENT__BODY_PONG;
        message.pong = &words;
        fake_say(self, 0, &message);
    }
    fake_run(self, 10);
    self->nodes[0].answers = self->nodes[0].takes = false;
    fake_run(self, 2000);
    assert_string_equal(hotline_client_node(self->client), "b");
    fake_free(self);
}

static void the_stand_by_hears_whom_the_client_is_attached_to(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 500);
    assert_string_equal(self->last_ping[1]->attached_to, "a");
    assert_string_equal(self->last_ping[1]->party, "lin");
    assert_string_equal(self->last_ping[0]->attached_to, "");
    fake_free(self);
}

static void a_loop_that_slept_does_not_take_its_node_for_dead_but_says_all_again(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    uint64_t before = last_attach(self, 0)->attach;
    fake_sleep(self, 5000);
    fake_run(self, 700);
    assert_string_equal(hotline_client_node(self->client), "a");
    assert_true(last_attach(self, 0)->attach > before);
    assert_int_equal(hotline_client_counts(self->client).failovers, 0);
    fake_free(self);
}

static void an_unanswered_attach_is_repeated_with_a_new_count_and_then_made_elsewhere(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    self->nodes[0].takes = false;  // answers pings only
    fake_run(self, 600);
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 2);
    assert_int_equal(last_attach(self, 0)->attach & 0xfffff, 2);
    fake_run(self, 20000);
    assert_string_equal(hotline_client_node(self->client), "b");
    assert_int_equal(last_attach(self, 1)->attach & 0xfffff, 5);
    fake_free(self);
}

static void a_late_answer_to_an_older_attempt_is_ignored_and_counted(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].takes = false;
    fake_run(self, 600);
    Cli__Attached words = CLI__ATTACHED__INIT;
    words.attach = last_attach(self, 0)->attach - 1;
    words.node = (char *)"a";
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ATTACHED;
    message.attached = &words;
    fake_say(self, 0, &message);
    fake_run(self, 20);
    assert_false(hotline_client_is_attached(self->client));
    assert_int_equal(hotline_client_counts(self->client).stale, 1);
    fake_free(self);
}

static void refuse_stale(struct fake *self, uint64_t largest)
{
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)"stale_attach";
    words.what = (char *)"lin";
    words.attach = last_attach(self, 0)->attach;
    words.largest = largest;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    fake_say(self, 0, &message);
}

static void a_fresh_sign_in_by_a_slow_clock_outbids_the_older_one_once(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].takes = false;
    fake_run(self, 50);
    uint64_t largest = (1700000009999ULL << 20) | 77;
    refuse_stale(self, largest);
    fake_run(self, 50);
    uint64_t login = last_attach(self, 0)->attach >> 20;
    assert_in_range(login, 1700000010000ULL, 1700000010000ULL + CLIENT_LOGIN_SPREAD - 1);
    assert_int_equal(last_attach(self, 0)->attach & 0xfffff, 1);
    refuse_stale(self, (1700000020000ULL << 20) | 1);
    fake_run(self, 50);
    assert_int_equal(fake_count_events(self, HOTLINE_SUPERSEDED), 1);
    fake_free(self);
}

static void a_login_that_was_given_is_never_raised(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 42);
    self->nodes[0].takes = false;
    fake_run(self, 50);
    assert_int_equal(last_attach(self, 0)->attach, (42ULL << 20) | 1);
    refuse_stale(self, (43ULL << 20) | 1);
    fake_run(self, 50);
    assert_int_equal(fake_count_events(self, HOTLINE_SUPERSEDED), 1);
    assert_string_equal(hotline_desk_state(self->client), "offline");
    assert_int_equal(hotline_desk_available(self->client), HOTLINE_WRONG_STATE);
    uint32_t before = self->log_count;
    fake_run(self, 5000);
    assert_int_equal(self->log_count, before);
    fake_free(self);
}

static void say_superseded(struct fake *self, uint32_t node, uint64_t by)
{
    Cli__Superseded words = CLI__SUPERSEDED__INIT;
    words.attach = self->nodes[node].attach;
    words.by = by;
    words.node = (char *)"b";
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_SUPERSEDED;
    message.superseded = &words;
    fake_say(self, node, &message);
}

static void its_own_newer_attach_does_not_supersede_it_but_a_larger_login_does(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    say_superseded(self, 0, last_attach(self, 0)->attach);
    fake_run(self, 50);
    assert_true(hotline_client_is_attached(self->client));
    assert_int_equal(hotline_client_counts(self->client).stale, 1);
    say_superseded(self, 0, 1700000000001ULL << 20 | 1);
    fake_run(self, 50);
    assert_false(hotline_client_is_attached(self->client));
    assert_int_equal(fake_count_events(self, HOTLINE_SUPERSEDED), 1);
    fake_free(self);
    // Nothing is said to the node that the name now belongs to somebody else on.
}

static void a_refusal_is_told_and_tried_again_later(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].takes = false;
    fake_run(self, 50);
    fake_refuse(self, 0, "unknown_agent", "lin", last_attach(self, 0)->attach);
    fake_run(self, 500);
    assert_string_equal(fake_last_event(self, HOTLINE_REFUSED)->reason, "unknown_agent");
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 1);
    self->nodes[0].takes = true;
    fake_run(self, 700);
    assert_true(hotline_client_is_attached(self->client));
    fake_free(self);
}

static void a_refusal_that_names_another_node_leads_there(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b", 0);
    self->nodes[0].takes = false;
    fake_run(self, 50);
    Cli__NextNode next = CLI__NEXT_NODE__INIT;
    next.client = (char *)"fake://c";
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)"disk_full";
    words.what = (char *)"lin";
    words.attach = last_attach(self, 0)->attach;
    words.elsewhere = &next;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    fake_say(self, 0, &message);
    fake_run(self, 100);
    assert_string_equal(hotline_client_node(self->client), "c");
    fake_free(self);
}

static void a_node_that_goes_sends_its_clients_on_at_once(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 300);
    Cli__NextNode next = CLI__NEXT_NODE__INIT, *list = &next;
    next.name = (char *)"c";
    next.client = (char *)"fake://c";
    Cli__Going words = CLI__GOING__INIT;
    words.n_next = 1;
    words.next = &list;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_GOING;
    message.going = &words;
    fake_say(self, 0, &message);
    fake_run(self, 50);
    assert_string_equal(hotline_client_node(self->client), "b");  // warm
    assert_int_equal(self->nodes[2].opened, 1);                   // and the next it named
    fake_free(self);
}

static void a_node_that_started_anew_behind_the_connection_is_told_all_again(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    self->nodes[0].boot = 11;
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 1);
    self->nodes[0].boot = 12;
    self->nodes[0].attach = 0;
    fake_run(self, 1000);
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 2);
    assert_true(hotline_client_is_attached(self->client));
    fake_free(self);
}

static void a_word_to_a_node_that_forgot_it_makes_it_attach_anew(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    fake_refuse(self, 0, "not_attached", "", 0);
    fake_run(self, 50);
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 2);
    assert_int_equal(fake_count_events(self, HOTLINE_REFUSED), 0);
    fake_free(self);
}

static void a_node_without_a_majority_is_left_for_a_stand_by_with_one(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    fake_run_until_attached(self, 0);
    self->nodes[0].no_majority = self->nodes[1].no_majority = true;
    fake_run(self, 5000);
    assert_string_equal(hotline_client_node(self->client), "a");
    self->nodes[1].no_majority = false;
    fake_run(self, 4000);
    assert_string_equal(hotline_client_node(self->client), "b");
    fake_free(self);
}

static void one_node_under_two_addresses_is_no_stand_by(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b,fake://c", 0);
    self->nodes[1].name = "a";
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    assert_true(self->pings[2] > 0);
    assert_true(self->slots[0] == 2 || self->slots[1] == 2);
    fake_free(self);
}

static void signing_off_says_so_and_a_crash_does_not(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    fake_run_until_attached(self, 0);
    hotline_client_free(self->client);
    assert_int_equal(fake_count(self, 0, CLI__TO_NODE__BODY_DETACH), 1);
    assert_true(self->lingered);
    fake_free(self);

    self = desk_at(1, "fake://a", 0);
    fake_run_until_attached(self, 0);
    hotline_client_abandon(self->client);
    assert_int_equal(fake_count(self, 0, CLI__TO_NODE__BODY_DETACH), 0);
    fake_free(self);
}

static void free_it(struct fake *self, const struct hotline_event *event)
{
    if (event->type == HOTLINE_ATTACHED)
        hotline_client_free(self->client);
}

static void a_client_may_be_freed_in_its_own_callback(void **state)
{
    (void)state;
    struct fake *self = desk_at(2, "fake://a,fake://b", 0);
    self->on_event = free_it;
    fake_run(self, 1000);
    assert_null(self->client);
    assert_int_equal(fake_count(self, 0, CLI__TO_NODE__BODY_DETACH), 1);
    fake_free(self);
}

static void bad_messages_are_counted_and_nothing_else(void **state)
{
    (void)state;
    struct fake *self = desk_at(1, "fake://a", 0);
    fake_run_until_attached(self, 0);
    static uint8_t huge[CLIENT_MESSAGE_MAX_BYTES + 1];
    fake_say_bytes(self, 0, "\xff\xff\xff", 3);
    fake_say_bytes(self, 0, huge, sizeof huge);
    fake_say_bytes(self, 0, "", 0);
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int i = 0; i < 500; i++) {
        uint8_t noise[64];
        size_t bytes = (size_t)(rand_r(&seed) % 64);
        for (size_t k = 0; k < bytes; k++)
            noise[k] = (uint8_t)rand_r(&seed);
        fake_say_bytes(self, 0, noise, bytes);
    }
    fake_run(self, 20);
    assert_true(hotline_client_counts(self->client).malformed >= 3);
    fake_run(self, 3000);
    assert_true(hotline_client_is_attached(self->client));
    fake_free(self);
}

static void more_endpoints_than_the_bound_are_not_taken(void **state)
{
    (void)state;
    struct endpoints known = {0};
    for (int i = 0; i < ENDPOINTS_MAX + 6; i++) {
        char address[32];
        snprintf(address, sizeof address, "tcp://10.0.0.%d:1", i);
        int added = endpoints_add(&known, address, "");
        assert_int_equal(added, i < ENDPOINTS_MAX ? i : ENDPOINT_NONE);
        assert_int_equal(endpoints_add(&known, address, ""), added);
    }
    assert_int_equal(endpoints_add(&known, "nonsense", ""), ENDPOINT_NONE);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct hotline_desk_options bad[] = {{.nodes = NULL, .agent = "lin"},
                                                      {.nodes = "", .agent = "lin"},
                                                      {.nodes = "fake://a,,", .agent = "lin"},
                                                      {.nodes = "fake://a", .agent = NULL},
                                                      {.nodes = "fake://a", .agent = "a b"},
                                                      {.nodes = "fake://a", .agent = "lin", .login = UINT64_MAX},
                                                      {.nodes = "fake://a", .agent = "lin", .not_ready = "a\nb"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fake *self = fake_create(1);
        enum hotline_result result = HOTLINE_OK;
        assert_null(client_desk_create(&self->wire, &bad[i], &result));
        assert_int_equal(result, HOTLINE_INVALID);
        fake_free(self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_node_given_is_preferred),
        cmocka_unit_test(the_second_is_taken_when_the_first_does_not_answer),
        cmocka_unit_test(nodes_that_are_dead_are_passed_over_until_one_answers),
        cmocka_unit_test(a_node_that_comes_up_late_is_found),
        cmocka_unit_test(an_attach_is_login_and_attempt),
        cmocka_unit_test(silence_moves_it_to_the_stand_by_in_about_a_second),
        cmocka_unit_test(a_node_where_nobody_listens_any_more_is_left_at_once),
        cmocka_unit_test(where_nobody_listens_is_tried_again_but_not_all_the_time),
        cmocka_unit_test(an_answer_that_stood_still_on_its_way_gives_a_dead_node_no_longer_time),
        cmocka_unit_test(the_stand_by_hears_whom_the_client_is_attached_to),
        cmocka_unit_test(a_loop_that_slept_does_not_take_its_node_for_dead_but_says_all_again),
        cmocka_unit_test(an_unanswered_attach_is_repeated_with_a_new_count_and_then_made_elsewhere),
        cmocka_unit_test(a_late_answer_to_an_older_attempt_is_ignored_and_counted),
        cmocka_unit_test(a_fresh_sign_in_by_a_slow_clock_outbids_the_older_one_once),
        cmocka_unit_test(a_login_that_was_given_is_never_raised),
        cmocka_unit_test(its_own_newer_attach_does_not_supersede_it_but_a_larger_login_does),
        cmocka_unit_test(a_refusal_is_told_and_tried_again_later),
        cmocka_unit_test(a_refusal_that_names_another_node_leads_there),
        cmocka_unit_test(a_node_that_goes_sends_its_clients_on_at_once),
        cmocka_unit_test(a_node_that_started_anew_behind_the_connection_is_told_all_again),
        cmocka_unit_test(a_word_to_a_node_that_forgot_it_makes_it_attach_anew),
        cmocka_unit_test(a_node_without_a_majority_is_left_for_a_stand_by_with_one),
        cmocka_unit_test(one_node_under_two_addresses_is_no_stand_by),
        cmocka_unit_test(signing_off_says_so_and_a_crash_does_not),
        cmocka_unit_test(a_client_may_be_freed_in_its_own_callback),
        cmocka_unit_test(bad_messages_are_counted_and_nothing_else),
        cmocka_unit_test(more_endpoints_than_the_bound_are_not_taken),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
