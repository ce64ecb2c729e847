// Questions over a wire without a network.
#include "client_fake.h"

#include "cluster/base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define QUERY CLI__TO_NODE__BODY_QUERY
#define APPLY_PART CLI__TO_NODE__BODY_APPLY_PART

struct heard {  // what the callbacks were given
    uint32_t rows, dones;
    enum hotline_row_type type;
    int result;
    char text[200], node[64], reason[64], elsewhere[64], errors[200];
    uint64_t number;
    size_t bytes;
    uint32_t list;
};

static struct heard heard;

static void on_row(void *user, const struct hotline_row *row)
{
    (void)user;
    heard.rows++;
    heard.type = row->type;
    if (row->type == HOTLINE_ROW_STATUS) {
        snprintf(heard.text, sizeof heard.text, "%s", row->status.name);
        heard.number = row->status.number;
    } else if (row->type == HOTLINE_ROW_AGENT) {
        snprintf(heard.text, sizeof heard.text, "%s %s %.2f", row->agent.agent, row->agent.state, row->agent.lat);
        for (heard.list = 0; row->agent.languages[heard.list] != NULL;)
            heard.list++;
    } else if (row->type == HOTLINE_ROW_EXPORT) {
        heard.bytes = row->export_.bytes;
        heard.number = row->export_.revision;
        snprintf(heard.text, sizeof heard.text, "%.*s", (int)row->export_.bytes, (const char *)row->export_.data);
    } else if (row->type == HOTLINE_ROW_EXPLAIN) {
        snprintf(heard.text, sizeof heard.text, "%s %s %s", row->explain.call, row->explain.state, row->explain.reason);
    } else if (row->type == HOTLINE_ROW_OFFERED) {
        snprintf(heard.text, sizeof heard.text, "%s", row->offered.outcome);
    } else if (row->type == HOTLINE_ROW_APPLIED) {
        heard.number = row->applied.revision;
    }
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    (void)user;
    heard.dones++;
    heard.result = answer->result;
    snprintf(heard.node, sizeof heard.node, "%s", answer->node);
    snprintf(heard.reason, sizeof heard.reason, "%s", answer->reason);
    snprintf(heard.elsewhere, sizeof heard.elsewhere, "%s", answer->elsewhere);
    heard.errors[0] = '\0';
    for (size_t i = 0; answer->errors[i] != NULL; i++)
        snprintf(heard.errors + strlen(heard.errors), sizeof heard.errors - strlen(heard.errors), "%s;",
                 answer->errors[i]);
}

static struct fake *asker(uint32_t nodes)
{
    heard = (struct heard){0};
    struct fake *self = fake_create(nodes);
    struct hotline_query_options options = {.nodes = nodes == 1 ? "fake://a" : "fake://a,fake://b", .user = self};
    self->client = client_query_create(&self->wire, &options, NULL);
    assert_non_null(self->client);
    return self;
}

static void answer(struct fake *self, uint32_t node, Cli__Answer *words)
{
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
    message.answer = words;
    fake_say(self, node, &message);
    fake_run(self, 10);
}

static void answer_status(struct fake *self, uint32_t node, uint64_t query, const char *name, bool last)
{
    Cli__StatusRow row = CLI__STATUS_ROW__INIT, *list = &row;
    row.name = (char *)name;
    row.number = 17;
    Cli__Answer words = CLI__ANSWER__INIT;
    words.query = query;
    words.last = last;
    words.n_status = 1;
    words.status = &list;
    answer(self, node, &words);
}

static uint64_t asked(const struct fake *self, int node)
{
    const Cli__ToNode *words = fake_last(self, node, QUERY);
    assert_non_null(words);
    return words->query->query;
}

static void a_question_asked_before_any_node_answers_is_asked_then(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    assert_int_equal(hotline_ask(self->client, HOTLINE_STATUS, NULL, 0, on_row, on_done), HOTLINE_OK);
    fake_run(self, 50);
    answer_status(self, 0, asked(self, 0), "calls", false);
    assert_int_equal(heard.rows, 0);  // given whole, when the last part is there
    answer_status(self, 0, asked(self, 0), "desks", true);
    assert_int_equal(heard.rows, 2);
    assert_int_equal(heard.dones, 1);
    assert_int_equal(heard.result, HOTLINE_ANSWER_DONE);
    assert_string_equal(heard.text, "desks");
    assert_string_equal(heard.node, "a");
    fake_free(self);
}

static void a_silent_node_is_passed_over_and_its_late_answer_ignored(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    fake_run_until_attached(self, 0);
    fake_run(self, 300);
    hotline_ask(self->client, HOTLINE_STATUS, NULL, 0, on_row, on_done);
    uint64_t first = asked(self, 0);
    answer_status(self, 0, first, "half", false);
    fake_run(self, 1100);
    uint64_t second = asked(self, 1);
    assert_true(second != first);
    answer_status(self, 0, first, "late", true);
    assert_int_equal(heard.dones, 0);
    answer_status(self, 1, second, "whole", true);
    assert_int_equal(heard.rows, 1);
    assert_string_equal(heard.text, "whole");
    assert_string_equal(heard.node, "b");
    fake_free(self);
}

static void a_question_moves_with_the_client_when_its_node_dies(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    fake_run_until_attached(self, 0);
    fake_run(self, 300);
    self->nodes[0].answers = self->nodes[0].connects = false;
    hotline_ask(self->client, HOTLINE_STATUS, NULL, 0, on_row, on_done);
    fake_run(self, 1000);
    answer_status(self, 1, asked(self, 1), "x", true);
    assert_int_equal(heard.result, HOTLINE_ANSWER_DONE);
    assert_int_equal(heard.dones, 1);
    fake_free(self);
}

static void no_node_is_said_once_the_time_is_over(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    self->nodes[0].connects = self->nodes[1].connects = false;
    hotline_ask(self->client, HOTLINE_STATUS, NULL, 2000, on_row, on_done);
    fake_run(self, 1900);
    assert_int_equal(heard.dones, 0);
    fake_run(self, 200);
    assert_int_equal(heard.dones, 1);
    assert_int_equal(heard.result, HOTLINE_ANSWER_NO_NODE);
    fake_run(self, 5000);
    assert_int_equal(heard.dones, 1);
    fake_free(self);
}

static void a_refusal_is_for_the_question_it_names(void **state)
{
    (void)state;
    struct fake *self = asker(1);
    fake_run_until_attached(self, 0);
    struct hotline_question_args args = {.call = "c1"};
    hotline_ask(self->client, HOTLINE_STATUS, NULL, 0, on_row, on_done);
    hotline_ask(self->client, HOTLINE_EXPLAIN, &args, 0, on_row, on_done);
    assert_string_equal(fake_last(self, 0, QUERY)->query->call, "c1");
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)asked(self, 0));
    fake_refuse(self, 0, "unknown_call", "c1", 0);  // names none, and two are open
    fake_run(self, 10);
    assert_int_equal(heard.dones, 0);
    fake_refuse(self, 0, "unknown_call", what, 0);
    fake_run(self, 10);
    assert_int_equal(heard.dones, 1);
    assert_int_equal(heard.result, HOTLINE_ANSWER_REFUSED);
    assert_string_equal(heard.reason, "unknown_call");
    fake_refuse(self, 0, "too_large", "", 0);  // the only one left
    fake_run(self, 10);
    assert_int_equal(heard.dones, 2);
    fake_free(self);
}

static void find_says_who_calls_and_gives_agents(void **state)
{
    (void)state;
    struct fake *self = asker(1);
    fake_run_until_attached(self, 0);
    struct hotline_call_spec caller = {.at = true, .lat = 1.5, .lon = 2.5};
    struct hotline_question_args args = {.find = &caller};
    assert_int_equal(hotline_ask(self->client, HOTLINE_FIND, &args, 0, on_row, on_done), HOTLINE_OK);
    const Cli__Query *words = fake_last(self, 0, QUERY)->query;
    assert_int_equal(words->find->lat_udeg, 1500000);
    assert_int_equal(words->limit, 10);
    char *languages[] = {(char *)"zh", (char *)"ar"};
    Cli__AgentRow row = CLI__AGENT_ROW__INIT, *list = &row;
    row.agent = (char *)"lin";
    row.state = REC__AGENT_STATE__WRAP_UP;
    row.lat_udeg = -1250000;
    row.n_languages = 2;
    row.languages = languages;
    Cli__Answer reply = CLI__ANSWER__INIT;
    reply.query = words->query;
    reply.last = true;
    reply.n_agents = 1;
    reply.agents = &list;
    answer(self, 0, &reply);
    assert_string_equal(heard.text, "lin wrap_up -1.25");
    assert_int_equal(heard.list, 2);
    assert_int_equal(hotline_ask(self->client, HOTLINE_FIND, NULL, 0, on_row, on_done), HOTLINE_INVALID);
    assert_int_equal(hotline_ask(self->client, (enum hotline_question)77, NULL, 0, on_row, on_done), HOTLINE_INVALID);
    fake_free(self);
}

static void a_story_is_a_row_and_its_offers(void **state)
{
    (void)state;
    struct fake *self = asker(1);
    fake_run_until_attached(self, 0);
    struct hotline_question_args args = {.call = "c1"};
    hotline_ask(self->client, HOTLINE_EXPLAIN, &args, 0, on_row, on_done);
    Rec__Offered offer = REC__OFFERED__INIT, *offers = &offer;
    offer.outcome = REC__OFFER_OUTCOME__OFFER_NO_ANSWER;
    Rec__Call story = REC__CALL__INIT;
    story.state = REC__CALL_STATE__ENDED;
    story.end = REC__END_REASON__EXPIRED;
    Cli__Explain explain = CLI__EXPLAIN__INIT;
    explain.call = (char *)"c1";
    explain.story = &story;
    Cli__Answer reply = CLI__ANSWER__INIT;
    reply.query = asked(self, 0);
    reply.last = true;
    reply.explain = &explain;
    answer(self, 0, &reply);
    assert_string_equal(heard.text, "c1 ended expired");
    story.n_story = 1;
    story.story = &offers;
    hotline_ask(self->client, HOTLINE_EXPLAIN, &args, 0, on_row, on_done);
    reply.query = asked(self, 0);
    answer(self, 0, &reply);
    assert_int_equal(heard.rows, 3);
    assert_string_equal(heard.text, "no_answer");
    fake_free(self);
}

static void answer_export(struct fake *self, uint32_t index, const char *text, bool last)
{
    Cli__ExportPart part = CLI__EXPORT_PART__INIT;
    part.index = index;
    part.count = 2;
    part.revision = 9;
    part.bytes.data = (uint8_t *)text;
    part.bytes.len = strlen(text);
    Cli__Answer reply = CLI__ANSWER__INIT;
    reply.query = asked(self, 0);
    reply.last = last;
    reply.export = &part;
    answer(self, 0, &reply);
}

static void an_export_in_parts_is_one_row(void **state)
{
    (void)state;
    struct fake *self = asker(1);
    fake_run_until_attached(self, 0);
    hotline_ask(self->client, HOTLINE_EXPORT, NULL, 0, on_row, on_done);
    answer_export(self, 0, "one ", false);
    answer_export(self, 1, "two", true);
    assert_int_equal(heard.rows, 1);
    assert_string_equal(heard.text, "one two");
    assert_int_equal(heard.number, 9);
    hotline_ask(self->client, HOTLINE_EXPORT, NULL, 0, on_row, on_done);
    answer_export(self, 1, "two", true);  // without the first
    assert_int_equal(heard.result, HOTLINE_ANSWER_REFUSED);
    assert_string_equal(heard.reason, "malformed");
    fake_free(self);
}

static void an_apply_goes_in_parts_and_is_not_done_twice(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    fake_run_until_attached(self, 0);
    size_t bytes = 100 * 1024;
    char *directory = check_alloc(bytes);
    assert_int_equal(hotline_apply(self->client, directory, bytes, 3, 4, true, 4000, on_row, on_done), HOTLINE_OK);
    free(directory);
    assert_int_equal(fake_count(self, 0, APPLY_PART), 3);
    const Cli__ApplyPart *part = fake_last(self, 0, APPLY_PART)->apply_part;
    assert_int_equal(part->index, 2);
    assert_int_equal(part->count, 3);
    assert_int_equal(part->total_bytes, bytes);
    assert_int_equal(part->bytes.len, bytes - 2 * 48 * 1024);
    assert_int_equal(part->over_claim, 3);
    assert_true(part->force);
    fake_run(self, 3000);
    assert_int_equal(fake_count(self, -1, APPLY_PART), 3);
    Cli__NextNode next = CLI__NEXT_NODE__INIT;
    next.client = (char *)"fake://primary";
    char *errors[] = {(char *)"one", (char *)"two"};
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)part->query);
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)"not_primary";
    words.what = what;
    words.elsewhere = &next;
    words.n_errors = 2;
    words.errors = errors;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    fake_say(self, 0, &message);
    fake_run(self, 10);
    assert_int_equal(heard.result, HOTLINE_ANSWER_REFUSED);
    assert_string_equal(heard.elsewhere, "fake://primary");
    assert_string_equal(heard.errors, "one;two;");
    fake_free(self);
}

static void an_apply_that_was_not_sent_whole_is_sent_to_the_next_node(void **state)
{
    (void)state;
    struct fake *self = asker(2);
    fake_run_until_attached(self, 0);
    fake_run(self, 300);
    self->nodes[0].connects = self->nodes[0].answers = false;
    hotline_apply(self->client, "directory", 9, 0, 0, false, 4000, on_row, on_done);
    fake_run(self, 1500);
    assert_int_equal(fake_count(self, 1, APPLY_PART), 1);
    Cli__Applied applied = CLI__APPLIED__INIT;
    applied.revision = 5;
    Cli__Answer reply = CLI__ANSWER__INIT;
    reply.query = fake_last(self, 1, APPLY_PART)->apply_part->query;
    reply.last = true;
    reply.applied = &applied;
    answer(self, 1, &reply);
    assert_int_equal(heard.number, 5);
    assert_int_equal(heard.result, HOTLINE_ANSWER_DONE);
    fake_free(self);
}

static void questions_are_bounded(void **state)
{
    (void)state;
    struct fake *self = asker(1);
    int count = 0;
    while (hotline_ask(self->client, HOTLINE_DIGEST, NULL, 0, on_row, on_done) == HOTLINE_OK)
        count++;
    assert_int_equal(count, 64);
    assert_int_equal(hotline_ask(self->client, HOTLINE_DIGEST, NULL, 0, on_row, on_done), HOTLINE_TOO_MANY);
    fake_free(self);
    assert_int_equal(heard.dones, 0);  // a client that is freed asks no more
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_asked_before_any_node_answers_is_asked_then),
        cmocka_unit_test(a_silent_node_is_passed_over_and_its_late_answer_ignored),
        cmocka_unit_test(a_question_moves_with_the_client_when_its_node_dies),
        cmocka_unit_test(no_node_is_said_once_the_time_is_over),
        cmocka_unit_test(a_refusal_is_for_the_question_it_names),
        cmocka_unit_test(find_says_who_calls_and_gives_agents),
        cmocka_unit_test(a_story_is_a_row_and_its_offers),
        cmocka_unit_test(an_export_in_parts_is_one_row),
        cmocka_unit_test(an_apply_goes_in_parts_and_is_not_done_twice),
        cmocka_unit_test(an_apply_that_was_not_sent_whole_is_sent_to_the_next_node),
        cmocka_unit_test(questions_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
