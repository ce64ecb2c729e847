// Callers who were lost are called back: who does it, when, and how it ends.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, E1 = 3, SECOND = 4, S1 = 5 };
#define RETRY_MS 120000  // call_back_retry_ms, when the directory does not say
#define ADOPT_MS 30000

// A call that waits at node 0, and a desk at node 1 that had no part in it.
static void given_a_waiting_call(struct rig *rig, const char *queue)
{
    rig_number(rig, "+4711223344");
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", queue, 50, "");
}

static void when_the_region_dies(struct rig *rig)
{
    rig_cut(rig, 0, false);
}

static const Cli__Offered *offer_of(struct rig *rig, int node, uint64_t session)
{
    const Cli__ToClient *heard = rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_OFFERED);
    return heard == NULL ? NULL : heard->offered;
}

static void expect_call_back(struct rig *rig, int node, uint64_t session, const char *id)
{
    const Cli__Offered *offer = offer_of(rig, node, session);
    assert_non_null(offer);
    assert_string_equal(offer->call, id);
    assert_non_null(offer->call_back);
}

static void expect_end(struct rig *rig, int node, const char *id, Rec__EndReason end)
{
    const Rec__Call *call = rig_call(rig, node, id);
    assert_non_null(call);
    assert_int_equal(call->state, REC__CALL_STATE__ENDED);
    assert_int_equal(call->end, end);
}

static void accept_and(struct rig *rig, int node, uint64_t session, const char *agent, Cli__DeskWord__Word word)
{
    rig_desk_word(rig, node, session, agent, CLI__DESK_WORD__WORD__ACCEPT);
    if (word != CLI__DESK_WORD__WORD__WORD_UNSET)
        rig_desk_word(rig, node, session, agent, word);
}

// ---- who, and when

static void a_call_whose_gateway_is_away_does_not_run_out_of_time_but_is_owed(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "quick");
    rig_pass(rig, 1000);
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 2000);  // its wait limit, and nobody there to hear of the contact
    assert_int_equal(rig_call(rig, 1, "c1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, ADOPT_MS);
    expect_end(rig, 1, "c1", REC__END_REASON__CALLED_BACK);
}

static void a_call_whose_gateway_was_away_waits_anew_and_then_goes_to_the_last_resort(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "quick");
    rig_pass(rig, 1000);
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 2000);
    rig_gateway_resumes(rig, 0, SECOND, "gate", rig_attach(1, 2), "c1", "quick");
    rig_pass(rig, 1000);
    assert_int_equal(rig_call(rig, 1, "c1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, 1100);
    assert_int_equal(rig_news(rig, 0, SECOND, CLI__CALL_NEWS__WHAT__ENDED)->end, REC__END_REASON__EXPIRED);
    rig_leg_word(rig, 0, SECOND, "gate", "c1", CLI__LEG_WORD__WORD__LET_GO);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
}

static void a_caller_whose_region_died_is_called_back_after_adopt_after_at_the_old_place(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    uint64_t queued_ms = rig_call(rig, 1, "c1")->queued_ms;
    when_the_region_dies(rig);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, ADOPT_MS - 2000);
    assert_null(offer_of(rig, 1, N1));
    rig_pass(rig, 5000);
    expect_call_back(rig, 1, N1, "c1~1");
    const Cli__Offered *offer = offer_of(rig, 1, N1);
    assert_string_equal(offer->call_back->call, "c1");
    assert_string_equal(offer->number, "+4711223344");
    assert_string_equal(offer->queue, "consular");
    assert_true(offer->queued_ms == queued_ms);
    assert_int_equal(offer->call_back->tries, 0);
    assert_true(offer->call_back->owed_ms >= queued_ms);
    assert_null(rig_call(rig, 1, "c1~2"));
}

static void it_is_made_once_and_by_the_second_in_rank_when_the_first_cannot(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_pass(rig, ADOPT_MS + 3000);
    assert_non_null(rig_call(rig, 1, "c1~1"));
    assert_non_null(rig_call(rig, 2, "c1~1"));
    assert_int_equal(rig_digest(rig, 1), rig_digest(rig, 2));
    rig_pass(rig, 3 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~2"));
}

static void a_call_back_whose_maker_died_counts_as_not_made_and_the_next_number_is_taken(void **state)
{
    struct rig *rig = *state;
    rig_number(rig, "+4711223344");
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 12000);  // its owner has made it at once
    assert_non_null(rig_call(rig, 1, "c1~1"));
    when_the_region_dies(rig);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, 2 * ADOPT_MS + 4000);  // the first of those left, or the second
    expect_call_back(rig, 1, N1, "c1~2");
}

static void of_two_made_apart_the_one_that_had_an_outcome_speaks_for_the_call(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "quick");
    rig_gone(rig, 0, GATE, "gate", false, false);
    for (int i = 0; rig_call(rig, 1, "c1~1") == NULL && i < 100; i++)
        rig_pass(rig, 500);
    when_the_region_dies(rig);
    for (int i = 0; rig_call(rig, 1, "c1~2") == NULL && i < 200; i++)
        rig_pass(rig, 500);
    assert_string_equal(rig_call_back(rig, 1, "c1"), "c1~2");
    rig_cut(rig, 0, true);
    rig_pass(rig, 1);
    expect_end(rig, 1, "c1~1", REC__END_REASON__EXPIRED);
    assert_string_equal(rig_call_back(rig, 1, "c1"), "c1~1");
}

static void of_two_made_apart_that_live_the_later_gives_way(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 12000);  // its owner has made it at once
    when_the_region_dies(rig);
    for (int i = 0; rig_call(rig, 1, "c1~2") == NULL && i < 200; i++)
        rig_pass(rig, 500);
    rig_cut(rig, 0, true);
    rig_pass(rig, 3000);
    expect_end(rig, 1, "c1~2", REC__END_REASON__CANCELLED);
    assert_int_equal(rig_call(rig, 1, "c1~1")->state, REC__CALL_STATE__WAITING);
}

static void who_hung_up_before_the_gateway_signs_in_anew_is_owed_nothing(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));  // and no longer holds the call
    rig_pass(rig, 2000);
    rig_gateway(rig, 1, SECOND + 1, "gate", rig_attach(2, 1));
    rig_pass(rig, 3 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
}

// Its clock was behind that of the gateway's start before, which its first node did not know.
static void who_hung_up_before_the_gateway_raised_its_login_is_owed_nothing(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(5, 1));
    rig_gateway_raised(rig, 1, SECOND + 1, "gate", rig_attach(6, 1), rig_attach(1, 2));
    rig_pass(rig, 3 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
}

static void a_gateway_that_raised_its_login_ends_what_it_no_longer_holds_once_its_list_is_in(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gateway_raised(rig, 1, SECOND, "gate", rig_attach(6, 1), rig_attach(1, 2));
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, 2500);
    expect_end(rig, 0, "c1", REC__END_REASON__ABANDONED);
}

// Its clock is behind that of a start before it, of which the node it moves to hears a little later.
static void when_a_gateway_that_let_go_is_beaten(struct rig *rig)
{
    when_the_region_dies(rig);
    rig_hold(rig, true);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));  // and no longer holds the call
    rig_gateway(rig, 2, S1, "gate", rig_attach(5, 1));
    rig_hold(rig, false);
}

static void who_hung_up_before_the_gateway_is_beaten_by_an_unknown_start_is_owed_nothing(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_a_gateway_that_let_go_is_beaten(rig);
    expect_end(rig, 2, "c1", REC__END_REASON__ABANDONED);
    rig_pass(rig, 3 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
}

static void who_hung_up_is_owed_nothing_when_the_call_is_heard_of_after_its_gateway_was_beaten(void **state)
{
    struct rig *rig = *state;
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    when_a_gateway_that_let_go_is_beaten(rig);
    rig_cut(rig, 0, true);
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    expect_end(rig, 0, "c1", REC__END_REASON__ABANDONED);
    rig_pass(rig, 3 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
}

// Node 1 had the call last. Node 2 has its older copy, and what the next login says of the one before, but nothing that
// node 1 wrote: it cannot know whether the caller hung up.
static void who_was_held_last_by_a_node_of_which_nothing_is_left_is_called_back(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_cut(rig, 2, false);
    rig_gateway_resumes(rig, 1, SECOND, "gate", rig_attach(1, 2), "c1", "consular");
    rig_cut(rig, 1, false);
    rig_cut(rig, 2, true);
    rig_gateway(rig, 0, SECOND + 1, "gate", rig_attach(2, 1));
    rig_cut(rig, 0, false);
    assert_null(rig_call(rig, 2, "c1~1"));
    rig_pass(rig, 6 * 60000);
    assert_non_null(rig_call(rig, 2, "c1~1"));
}

// A call that changed again stands behind the attachment in its node's feed: who has that alone cannot know whether the
// call was listed.
static void who_may_have_been_held_by_a_node_that_died_before_it_told_is_called_back(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_cut(rig, 0, false);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));
    rig_cut(rig, 1, false);
    rig_pass(rig, 6 * 60000);
    assert_non_null(rig_call(rig, 2, "c1~1"));
}

static void who_was_not_held_by_a_node_that_lived_to_tell_it_is_owed_nothing(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_cut(rig, 0, false);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));
    rig_pass(rig, 3000);
    rig_cut(rig, 1, false);
    rig_pass(rig, 6 * 60000);
    assert_null(rig_call(rig, 2, "c1~1"));
}

static void who_hung_up_beyond_a_cut_is_not_called_back_when_it_heals(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_hold(rig, true);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));
    rig_pass(rig, 12000);
    expect_end(rig, 0, "c1", REC__END_REASON__CALLED_BACK);
    rig_hold(rig, false);
    rig_pass(rig, 3000);
    expect_end(rig, 2, "c1~1", REC__END_REASON__CANCELLED);
}

static void nobody_calls_back_while_a_third_hears_the_owner(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    for (int i = 0; i < 100; i++) {
        rig_hearsay(rig, 1, 0);
        rig_hearsay(rig, 2, 0);
        rig_pass(rig, 1000);
    }
    assert_null(rig_call(rig, 1, "c1~1"));
    rig_pass(rig, ADOPT_MS + 6000);
    assert_non_null(rig_call(rig, 1, "c1~1"));
}

static void a_node_without_a_majority_waits_until_it_has_been_alone_for_long(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_cut(rig, 1, false);
    rig_pass(rig, 290000);
    assert_null(rig_call(rig, 2, "c1~1"));
    rig_pass(rig, 60000);
    assert_non_null(rig_call(rig, 2, "c1~1"));
}

static void a_gateway_that_died_alone_is_waited_for_and_then_its_callers_are_called_back_at_once(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_forget(rig);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__DECLINE);
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 9000);
    assert_null(rig_call(rig, 1, "c1~1"));
    rig_pass(rig, 3000);
    expect_end(rig, 1, "c1", REC__END_REASON__CALLED_BACK);
    assert_non_null(rig_call(rig, 1, "c1~1"));
}

static void a_new_login_of_the_gateway_owes_its_old_calls_at_once(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(2, 1));
    rig_pass(rig, 1500);
    expect_end(rig, 2, "c1", REC__END_REASON__CALLED_BACK);
    assert_non_null(rig_call(rig, 2, "c1~1"));
    assert_null(rig_call(rig, 2, "c1~2"));
}

static void an_emergency_is_called_back_before_what_waits(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "emergency");
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    rig_submit(rig, 1, SECOND, "other", "later", "consular", 50, "");
    when_the_region_dies(rig);
    rig_pass(rig, 2 * ADOPT_MS + 4000);
    rig_desk(rig, 2, S1, "s1", rig_attach(1, 1));
    rig_pass(rig, 1000);
    expect_call_back(rig, 2, S1, "c1~1");
}

// ---- at the desk

static void given_a_call_back_at_n1(struct rig *rig)
{
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, ADOPT_MS + 3000);
    expect_call_back(rig, 1, N1, "c1~1");
}

static void the_agent_dials_reaches_the_caller_and_ends_the_conversation(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__WORD_UNSET);
    assert_string_equal(rig_call(rig, 2, "c1~1")->agent, "n1");
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__CALL_RINGING);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__CONNECTED);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    expect_end(rig, 2, "c1~1", REC__END_REASON__ANSWERED);
    assert_string_equal(rig_state(rig, 2, "n1"), "wrap_up");
    rig_pass(rig, 4 * ADOPT_MS);
    assert_null(rig_call(rig, 2, "c1~2"));
    assert_int_equal(rig_digest(rig, 1), rig_digest(rig, 2));
}

static void a_try_in_vain_comes_back_after_a_while_and_three_go_to_the_last_resort(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    for (uint32_t tries = 1; tries <= 3; tries++) {
        expect_call_back(rig, 1, N1, "c1~1");
        assert_int_equal(offer_of(rig, 1, N1)->call_back->tries, tries - 1);
        rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
        rig_not_reached(rig, 1, N1, "n1", "no_answer", "rang for a minute");
        assert_string_equal(rig_state(rig, 2, "n1"), "wrap_up");
        rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__READY);
        rig_forget(rig);
        assert_int_equal(rig_call(rig, 2, "c1~1")->call_back->tries, tries);
        assert_string_equal(rig_call(rig, 2, "c1~1")->call_back->last, "no_answer");
        assert_string_equal(rig_call(rig, 2, "c1~1")->call_back->last_text, "rang for a minute");
        rig_pass(rig, RETRY_MS - 5000);
        assert_null(offer_of(rig, 1, N1));
        rig_pass(rig, 6000);
    }
    expect_end(rig, 2, "c1~1", REC__END_REASON__EXPIRED);
    assert_string_equal(rig_call(rig, 2, "c1~1")->detail, "sip:duty@hotline.example");
    rig_pass(rig, 4 * ADOPT_MS);
    assert_null(rig_call(rig, 2, "c1~2"));
}

static void an_offer_that_a_late_answer_brings_back_to_one_that_rests_has_an_end(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_not_reached(rig, 1, N1, "n1", "no_answer", "");
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = (char *)"c1~1";
    name.call_attach = rig_attach(1, 1);
    name.agent = (char *)"e1";
    name.agent_login = 1;
    name.n = 7;
    Peer__OfferAnswer answer = PEER__OFFER_ANSWER__INIT;
    answer.name = &name;
    answer.answer = PEER__ANSWER__RINGS;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_ANSWER;
    talk.answer = &answer;
    for (int maker = 1; maker < RIG_NODES; maker++)
        rig_talk(rig, RIG_NODES - maker, maker, &talk);
    rig_pass(rig, 5000);  // rig_teardown fails if it has none
}

static void an_agent_who_gives_up_before_dialling_leaves_it_to_others_at_once(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__NO_CALL);
    expect_call_back(rig, 2, E1, "c1~1");
    assert_int_equal(offer_of(rig, 2, E1)->call_back->tries, 0);
}

static void a_desk_that_vanishes_while_it_dials_is_a_try_in_vain(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__WORD_UNSET);
    rig_gone(rig, 1, N1, "n1", true, false);
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_pass(rig, ADOPT_MS - 3000);
    assert_int_equal(rig_call(rig, 1, "c1~1")->call_back->tries, 0);
    rig_pass(rig, 6000);
    assert_int_equal(rig_call(rig, 1, "c1~1")->call_back->tries, 1);
    assert_string_equal(rig_call(rig, 1, "c1~1")->call_back->last, "desk_gone");
    rig_pass(rig, RETRY_MS);
    expect_call_back(rig, 2, E1, "c1~1");
}

static void a_desk_that_moves_while_it_speaks_keeps_the_caller(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_gone(rig, 1, N1, "n1", true, false);
    rig_desk_resumes(rig, 2, S1, "n1", rig_attach(1, 2), REC__AGENT_STATE__ON_CALL, "c1~1", 1);
    rig_pass(rig, 2 * ADOPT_MS);
    assert_int_equal(rig_call(rig, 1, "c1~1")->state, REC__CALL_STATE__CONNECTED);
    assert_string_equal(rig_state(rig, 1, "n1"), "on_call");
}

static void one_that_was_reached_by_a_desk_that_was_given_up_is_kept(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__WORD_UNSET);
    rig_gone(rig, 1, N1, "n1", true, false);
    rig_pass(rig, ADOPT_MS + 3000);
    assert_int_equal(rig_call(rig, 1, "c1~1")->call_back->tries, 1);
    rig_desk_resumes(rig, 2, S1, "n1", rig_attach(1, 2), REC__AGENT_STATE__ON_CALL, "c1~1", 1);
    rig_desk_word(rig, 2, S1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_pass(rig, 3000);
    expect_end(rig, 1, "c1~1", REC__END_REASON__ANSWERED);
    assert_string_equal(rig_state(rig, 2, "n1"), "on_call");
}

// Its maker dies, and who calls back next sees of the desk's record only that it is free again.
static void one_that_was_reached_after_its_maker_died_is_kept_when_the_desk_has_moved_on(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 12000);  // its owner has made it at once
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    expect_call_back(rig, 1, N1, "c1~1");
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__WORD_UNSET);
    rig_hold(rig, true);
    when_the_region_dies(rig);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__READY);
    rig_hold(rig, false);
    rig_pass(rig, 6 * ADOPT_MS);
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__CALL_RINGING);
    assert_null(rig_call(rig, 2, "c1~2"));
    assert_int_equal(rig_digest(rig, 1), rig_digest(rig, 2));
}

// All who heard that the caller was reached are dead: the desk itself says it again, where it attaches.
static void given_n1_reached_c1_where_nobody_else_heard(struct rig *rig)
{
    given_a_waiting_call(rig, "consular");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 12000);
    rig_desk(rig, 0, N1, "n1", rig_attach(1, 1));
    expect_call_back(rig, 0, N1, "c1~1");
    accept_and(rig, 0, N1, "n1", CLI__DESK_WORD__WORD__WORD_UNSET);
    when_the_region_dies(rig);
    rig_desk_word(rig, 0, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_desk_word(rig, 0, N1, "n1", CLI__DESK_WORD__WORD__END);
}

static void one_that_was_reached_is_kept_by_the_word_of_the_desk_that_comes_from_a_dead_node(void **state)
{
    struct rig *rig = *state;
    given_n1_reached_c1_where_nobody_else_heard(rig);
    rig_desk_reached_before(rig, 1, N1, "n1", rig_attach(1, 2), "c1~1");
    rig_pass(rig, 6 * ADOPT_MS);
    assert_null(rig_call(rig, 2, "c1~2"));
    assert_int_equal(rig_digest(rig, 1), rig_digest(rig, 2));
}

static void one_that_nobody_heard_of_is_kept_by_the_word_of_the_desk_that_reached_the_caller(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    when_the_region_dies(rig);
    rig_pass(rig, 2 * ADOPT_MS);
    assert_non_null(rig_call(rig, 1, "c1~1"));
    rig_desk_reached_before(rig, 1, N1, "n1", rig_attach(1, 2), "c1~2");
    rig_pass(rig, 3000);
    assert_null(rig_call(rig, 1, "c1~2"));
    expect_end(rig, 1, "c1~1", REC__END_REASON__ANSWERED);
    assert_int_equal(rig_digest(rig, 1), rig_digest(rig, 2));
}

static void who_had_another_call_back_cannot_say_that_this_one_was_reached(void **state)
{
    struct rig *rig = *state;
    given_n1_reached_c1_where_nobody_else_heard(rig);
    rig_desk_reached_before(rig, 1, E1, "e1", rig_attach(1, 1), "c1~1");
    rig_desk_reached_before(rig, 1, N1, "n1", rig_attach(1, 2), "c7~1");
    rig_pass(rig, 6 * ADOPT_MS);
    assert_non_null(rig_call(rig, 2, "c1~2"));
}

static void only_a_call_back_that_was_accepted_can_be_reached(void **state)
{
    struct rig *rig = *state;
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    given_a_waiting_call(rig, "consular");
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    assert_string_equal(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_REFUSED)->refused->reason, "no_call_back");
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CALL_RINGING);
}

// ---- cancelled

static void it_is_cancelled_when_the_owner_was_only_cut_off_with_its_gateway(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    rig_cut(rig, 0, true);
    rig_pass(rig, 3000);
    expect_end(rig, 1, "c1~1", REC__END_REASON__CANCELLED);
    assert_non_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_WITHDRAWN));
    assert_int_equal(rig_call(rig, 1, "c1")->end, REC__END_REASON__NOT_ENDED);
}

static void one_that_is_spoken_is_never_let_go(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_at_n1(rig);
    accept_and(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_cut(rig, 0, true);
    rig_pass(rig, 3000);
    assert_string_equal(rig_state(rig, 1, "n1"), "on_call");
    assert_int_equal(rig_call(rig, 1, "c1~1")->state, REC__CALL_STATE__CONNECTED);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    expect_end(rig, 1, "c1~1", REC__END_REASON__ANSWERED);
}

// ---- a caller who dials again

static void a_caller_who_dials_again_keeps_the_place_and_is_not_called_back_once_answered(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    uint64_t queued_ms = rig_call(rig, 1, "c1")->queued_ms;
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    when_the_region_dies(rig);
    rig_pass(rig, ADOPT_MS + ADOPT_MS / 2);
    assert_non_null(rig_call(rig, 1, "c1~1"));
    rig_submit(rig, 1, SECOND, "other", "again", "consular", 50, "");
    assert_true(rig_call(rig, 1, "again")->queued_ms == queued_ms);
    assert_string_equal(rig_call(rig, 1, "again")->redials, "c1");
    rig_pass(rig, 3000);
    assert_true(rig_call(rig, 1, "c1~1")->call_back->rests);
    rig_desk(rig, 2, N1, "n1", rig_attach(1, 1));
    assert_string_equal(offer_of(rig, 2, N1)->call, "again");
    rig_desk_word(rig, 2, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 1, SECOND, "other", "again", CLI__LEG_WORD__WORD__JOINED);
    rig_pass(rig, 3000);
    expect_end(rig, 2, "c1~1", REC__END_REASON__CANCELLED);
    rig_leg_word(rig, 1, SECOND, "other", "again", CLI__LEG_WORD__WORD__HUNG_UP);
    rig_pass(rig, 4 * ADOPT_MS);
    assert_null(rig_call(rig, 2, "c1~2"));
}

static void the_call_back_goes_on_when_the_second_call_was_not_answered(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    when_the_region_dies(rig);
    rig_pass(rig, 5000);  // he does not wait for the call-back
    rig_submit(rig, 1, SECOND, "other", "again", "consular", 50, "");
    rig_pass(rig, 2 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
    rig_leg_word(rig, 1, SECOND, "other", "again", CLI__LEG_WORD__WORD__HUNG_UP);
    rig_desk(rig, 2, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, 2 * ADOPT_MS + 4000);
    expect_call_back(rig, 2, N1, "c1~1");
}

static void others_keep_their_own_place(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    uint64_t queued_ms = rig_call(rig, 1, "c1")->queued_ms;
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    when_the_region_dies(rig);
    rig_pass(rig, 5000);
    rig_number(rig, "+4799999999");
    rig_submit(rig, 1, SECOND, "other", "another", "consular", 50, "");
    assert_true(rig_call(rig, 1, "another")->queued_ms > queued_ms);
    rig_number(rig, "");
    rig_submit(rig, 1, SECOND, "other", "withheld", "consular", 50, "");
    assert_string_equal(rig_call(rig, 1, "withheld")->redials, "");
    rig_number(rig, "+4711223344");
    rig_pass(rig, 600000);
    rig_submit(rig, 1, SECOND, "other", "late", "consular", 50, "");
    assert_string_equal(rig_call(rig, 1, "late")->redials, "");
}

static void a_caller_lost_twice_is_called_back_once(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig, "consular");
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    when_the_region_dies(rig);
    rig_pass(rig, 5000);
    rig_submit(rig, 1, SECOND, "other", "again", "consular", 50, "");
    rig_gone(rig, 1, SECOND, "other", false, false);
    rig_pass(rig, 3 * ADOPT_MS);
    expect_end(rig, 1, "again", REC__END_REASON__CALLED_BACK);
    assert_non_null(rig_call(rig, 1, "c1~1"));
    assert_null(rig_call(rig, 1, "again~1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_whose_gateway_is_away_does_not_run_out_of_time_but_is_owed),
        TEST(a_call_whose_gateway_was_away_waits_anew_and_then_goes_to_the_last_resort),
        TEST(a_caller_whose_region_died_is_called_back_after_adopt_after_at_the_old_place),
        TEST(it_is_made_once_and_by_the_second_in_rank_when_the_first_cannot),
        TEST(a_call_back_whose_maker_died_counts_as_not_made_and_the_next_number_is_taken),
        TEST(of_two_made_apart_the_one_that_had_an_outcome_speaks_for_the_call),
        TEST(of_two_made_apart_that_live_the_later_gives_way),
        TEST(who_hung_up_before_the_gateway_signs_in_anew_is_owed_nothing),
        TEST(who_hung_up_before_the_gateway_raised_its_login_is_owed_nothing),
        TEST(a_gateway_that_raised_its_login_ends_what_it_no_longer_holds_once_its_list_is_in),
        TEST(who_hung_up_before_the_gateway_is_beaten_by_an_unknown_start_is_owed_nothing),
        TEST(who_hung_up_is_owed_nothing_when_the_call_is_heard_of_after_its_gateway_was_beaten),
        TEST(who_was_held_last_by_a_node_of_which_nothing_is_left_is_called_back),
        TEST(who_may_have_been_held_by_a_node_that_died_before_it_told_is_called_back),
        TEST(who_was_not_held_by_a_node_that_lived_to_tell_it_is_owed_nothing),
        TEST(who_hung_up_beyond_a_cut_is_not_called_back_when_it_heals),
        TEST(one_that_was_reached_by_a_desk_that_was_given_up_is_kept),
        TEST(one_that_was_reached_after_its_maker_died_is_kept_when_the_desk_has_moved_on),
        TEST(nobody_calls_back_while_a_third_hears_the_owner),
        TEST(a_node_without_a_majority_waits_until_it_has_been_alone_for_long),
        TEST(a_gateway_that_died_alone_is_waited_for_and_then_its_callers_are_called_back_at_once),
        TEST(a_new_login_of_the_gateway_owes_its_old_calls_at_once),
        TEST(an_emergency_is_called_back_before_what_waits),
        TEST(the_agent_dials_reaches_the_caller_and_ends_the_conversation),
        TEST(a_try_in_vain_comes_back_after_a_while_and_three_go_to_the_last_resort),
        TEST(an_offer_that_a_late_answer_brings_back_to_one_that_rests_has_an_end),
        TEST(an_agent_who_gives_up_before_dialling_leaves_it_to_others_at_once),
        TEST(a_desk_that_vanishes_while_it_dials_is_a_try_in_vain),
        TEST(a_desk_that_moves_while_it_speaks_keeps_the_caller),
        TEST(one_that_was_reached_is_kept_by_the_word_of_the_desk_that_comes_from_a_dead_node),
        TEST(one_that_nobody_heard_of_is_kept_by_the_word_of_the_desk_that_reached_the_caller),
        TEST(who_had_another_call_back_cannot_say_that_this_one_was_reached),
        TEST(only_a_call_back_that_was_accepted_can_be_reached),
        TEST(it_is_cancelled_when_the_owner_was_only_cut_off_with_its_gateway),
        TEST(one_that_is_spoken_is_never_let_go),
        TEST(a_caller_who_dials_again_keeps_the_place_and_is_not_called_back_once_answered),
        TEST(the_call_back_goes_on_when_the_second_call_was_not_answered),
        TEST(others_keep_their_own_place),
        TEST(a_caller_lost_twice_is_called_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
