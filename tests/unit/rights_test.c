// Who may say what: every role against every kind of message.
#include "node/sessions/parties.h"
#include "node/sessions/rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct key_holder nobody = {KEY_ROLE_NONE, "", ""}, desk = {KEY_ROLE_DESK, "cairo-3", KEY},
                               gateway = {KEY_ROLE_GATEWAY, "pbx", KEY}, admin = {KEY_ROLE_ADMIN, "wang", KEY};

// The reason it is refused for; "" when it is allowed.
static const char *said(const struct key_holder *holder, Cli__ToNode__BodyCase body_case, void *body)
{
    static struct refusal refusal;
    Cli__ToNode words = CLI__TO_NODE__INIT;
    words.body_case = body_case;
    words.ping = body;
    bool allowed = rights_allow(holder, &words, &refusal);
    assert_int_equal(allowed, refusal.reason == NULL);
    return allowed ? "" : refusal.reason;
}

static const char *attaches_desk(const struct key_holder *holder, const char *agent)
{
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)agent;
    return said(holder, CLI__TO_NODE__BODY_ATTACH_DESK, &words);
}

static const char *submits(const struct key_holder *holder, const char *call)
{
    Cli__Submit words = CLI__SUBMIT__INIT;
    words.call = (char *)call;
    return said(holder, CLI__TO_NODE__BODY_SUBMIT, &words);
}

static const char *attaches_gateway(const struct key_holder *holder, const char *name, const char *call)
{
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    Cli__Submit submit = CLI__SUBMIT__INIT;
    Cli__HeldCall held = CLI__HELD_CALL__INIT, *calls = &held;
    words.gateway = (char *)name;
    submit.call = (char *)call;
    held.submit = &submit;
    words.calls = &calls;
    words.n_calls = call[0] != '\0';
    return said(holder, CLI__TO_NODE__BODY_ATTACH_GATEWAY, &words);
}

static const char *asks(const struct key_holder *holder, Cli__Query__What what, bool show_numbers)
{
    Cli__Query words = CLI__QUERY__INIT;
    words.what = what;
    words.show_numbers = show_numbers;
    return said(holder, CLI__TO_NODE__BODY_QUERY, &words);
}

static void a_desk_is_its_keys_agent_only(void **state)
{
    (void)state;
    assert_string_equal(attaches_desk(&desk, "cairo-3"), "");
    assert_string_equal(attaches_desk(&desk, "cairo-33"), "not_yours");
    assert_string_equal(attaches_desk(&desk, "cairo"), "not_yours");
    assert_string_equal(attaches_desk(&gateway, "cairo-3"), "wrong_role");
    assert_string_equal(attaches_desk(&admin, "cairo-3"), "wrong_role");
    assert_string_equal(attaches_desk(&nobody, "cairo-3"), "");
}

static void a_gateway_has_names_and_calls_that_begin_with_its_own(void **state)
{
    (void)state;
    assert_string_equal(attaches_gateway(&gateway, "pbx", ""), "");
    assert_string_equal(attaches_gateway(&gateway, "pbx:2", "pbx:2:17-1"), "");
    assert_string_equal(attaches_gateway(&gateway, "pbx2", ""), "not_yours");
    assert_string_equal(attaches_gateway(&gateway, "pb", ""), "not_yours");
    assert_string_equal(attaches_gateway(&gateway, "pbx", "other:17-1"), "not_yours");
    assert_string_equal(attaches_gateway(&desk, "cairo-3", ""), "wrong_role");
    assert_string_equal(submits(&gateway, "pbx:17-1"), "");
    assert_string_equal(submits(&gateway, "pbx-17-1"), "not_yours");
    assert_string_equal(submits(&gateway, "pbx2:17-1"), "not_yours");
}

static const char *stands_by(const struct key_holder *holder, const char *party)
{
    Cli__Ping words = CLI__PING__INIT;
    words.party = (char *)party;
    return said(holder, CLI__TO_NODE__BODY_PING, &words);
}

static void a_client_stands_by_for_itself_only(void **state)
{
    (void)state;
    assert_string_equal(stands_by(&gateway, "pbx"), "");
    assert_string_equal(stands_by(&gateway, "pbx:2"), "");
    assert_string_equal(stands_by(&gateway, "other"), "not_yours");
    assert_string_equal(stands_by(&desk, "cairo-3"), "");
    assert_string_equal(stands_by(&desk, "pbx"), "not_yours");
    assert_string_equal(stands_by(&admin, ""), "");
    Cli__Ping words = CLI__PING__INIT;
    words.attached_to = (char *)"cairo";  // for whom?
    assert_string_equal(said(&admin, CLI__TO_NODE__BODY_PING, &words), "not_yours");
}

static void what_is_an_admins_is_nobody_elses(void **state)
{
    (void)state;
    const struct key_holder *others[] = {&desk, &gateway};
    Cli__ApplyPart part = CLI__APPLY_PART__INIT;
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(said(others[i], CLI__TO_NODE__BODY_APPLY_PART, &part), "admin_only");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__EXPORT, false), "admin_only");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__AUDIT, false), "admin_only");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__EVENTS, false), "admin_only");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__CALLS, true), "admin_only");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__CALLS, false), "");
        assert_string_equal(asks(others[i], CLI__QUERY__WHAT__STATUS, false), "");
    }
    assert_string_equal(said(&admin, CLI__TO_NODE__BODY_APPLY_PART, &part), "");
    assert_string_equal(asks(&admin, CLI__QUERY__WHAT__CALLS, true), "");
}

static void who_says_too_much_is_not_heard_and_who_says_far_too_much_is_shut_out(void **state)
{
    (void)state;
    struct parties parties = {NULL};
    struct party *party = parties_need(&parties, KEY), *other = parties_need(&parties, "other");
    uint64_t now_us = 5000000;
    uint32_t heard = 0, over = 0, shut_out = 0;
    for (int i = 0; i < 5000; i++) {
        enum party_hearing hearing = party_hear(party, now_us, 1000);
        heard += hearing == PARTY_HEARD;
        over += hearing == PARTY_OVER_RATE;
        shut_out += hearing == PARTY_SHUT_OUT;
    }
    assert_in_range(heard, 1000, 1002);  // a second's worth at once
    assert_int_equal(shut_out, 1);
    assert_int_equal(heard + over + shut_out, 5000);
    assert_true(party->shut_out_us > now_us);
    assert_int_equal(party_hear(other, now_us, 1000), PARTY_HEARD);
    now_us += 10000;
    for (int i = 0; i < 10; i++)  // ten milliseconds later there is room for ten more
        assert_int_equal(party_hear(party, now_us, 1000), PARTY_HEARD);
    assert_int_not_equal(party_hear(party, now_us, 1000), PARTY_HEARD);
    parties_sweep(&parties, now_us);
    assert_ptr_equal(parties_find(&parties, KEY), party);
    parties_sweep(&parties, now_us + 10000000);
    assert_null(parties_find(&parties, KEY));
    parties_close(&parties);
}

static void a_node_places_test_calls_and_says_nothing_else(void **state)
{
    (void)state;
    static const struct key_holder node = {KEY_ROLE_NODE, "cairo", KEY};
    Cli__TestCall call = CLI__TEST_CALL__INIT;
    assert_string_equal(said(&node, CLI__TO_NODE__BODY_TEST_CALL, &call), "");
    assert_string_equal(said(&nobody, CLI__TO_NODE__BODY_TEST_CALL, &call), "");
    assert_string_equal(said(&gateway, CLI__TO_NODE__BODY_TEST_CALL, &call), "wrong_role");
    assert_string_equal(said(&desk, CLI__TO_NODE__BODY_TEST_CALL, &call), "wrong_role");
    assert_string_equal(said(&admin, CLI__TO_NODE__BODY_TEST_CALL, &call), "wrong_role");
    assert_string_equal(submits(&node, "cairo:1"), "wrong_role");
    assert_string_equal(attaches_desk(&node, "cairo"), "wrong_role");
    assert_string_equal(asks(&node, CLI__QUERY__WHAT__STATUS, false), "wrong_role");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_desk_is_its_keys_agent_only),
        cmocka_unit_test(a_gateway_has_names_and_calls_that_begin_with_its_own),
        cmocka_unit_test(a_client_stands_by_for_itself_only),
        cmocka_unit_test(a_node_places_test_calls_and_says_nothing_else),
        cmocka_unit_test(what_is_an_admins_is_nobody_elses),
        cmocka_unit_test(who_says_too_much_is_not_heard_and_who_says_far_too_much_is_shut_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
