// Histories as text: what is printed is read back, and what is no history is refused with its reason.
#include "history_rig.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
}

static const char *draw_text(char *room)
{
    size_t length = draw(12);
    for (size_t i = 0; i < length; i++)
        room[i] = (char)(1 + draw(255));
    room[length] = '\0';
    return room;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static void an_event_that_is_printed_is_read_back(void **state)
{
    (void)state;
    seed = (uint64_t)time(NULL);
    if (getenv("HISTORY_SEED") != NULL)
        seed = strtoull(getenv("HISTORY_SEED"), NULL, 10);
    print_message("HISTORY_SEED=%llu\n", (unsigned long long)seed);
    for (int i = 0; i < 5000; i++) {
        char rooms[7][16];
        struct history_event event = {.us = draw(UINT32_MAX) * draw(1000),
                                      .word = (enum history_word)(1 + draw(HISTORY_WORDS_COUNT - 1)),
                                      .client = (uint32_t)draw(100),
                                      .party = draw_text(rooms[0]),
                                      .node = draw_text(rooms[1]),
                                      .call = draw_text(rooms[2]),
                                      .agent = draw_text(rooms[3]),
                                      .reason = draw_text(rooms[4]),
                                      .list = draw_text(rooms[5]),
                                      .place = draw_text(rooms[6]),
                                      .attach = draw(UINT32_MAX) << 20,
                                      .boot = UINT64_MAX - draw(3),
                                      .n = UINT32_MAX - (uint32_t)draw(3),
                                      .skills = draw(2),
                                      .queued_ms = draw(UINT32_MAX),
                                      .number = draw(2)};
        struct bytes text = {0};
        history_print(&event, &text);
        assert_int_equal(text.data[text.count - 1], '\n');
        text.data[text.count - 1] = '\0';
        struct history_event back;
        assert_null(history_parse((char *)text.data, &back));
        assert_true(back.us == event.us && back.word == event.word && back.client == event.client);
        assert_true(same_text(back.party, event.party) && same_text(back.node, event.node));
        assert_true(same_text(back.call, event.call) && same_text(back.agent, event.agent));
        assert_true(same_text(back.reason, event.reason) && same_text(back.list, event.list) &&
                    same_text(back.place, event.place));
        assert_true(back.attach == event.attach && back.boot == event.boot && back.n == event.n);
        assert_true(back.skills == event.skills && back.queued_ms == event.queued_ms && back.number == event.number);
        bytes_close(&text);
    }
}

static void assert_refused(const char *line, const char *why)
{
    char copy[128];
    strcpy(copy, line);
    struct history_event event;
    assert_string_equal(history_parse(copy, &event), why);
}

static void what_is_no_event_is_refused_with_its_reason(void **state)
{
    (void)state;
    assert_refused("x at.whole", "a line begins with its time in microseconds");
    assert_refused("-1 at.whole", "a line begins with its time in microseconds");
    assert_refused("1", "a word that is not known");
    assert_refused("1 at.last", "a word that is not known");
    assert_refused("1 at.whole client", "a key without '='");
    assert_refused("1 at.whole colour=red", "a key that is not known");
    assert_refused("1 at.whole client=red", "a number was expected");
    assert_refused("1 at.whole client=", "a number was expected");
    assert_refused("1 at.whole client=4294967296", "a number is too large");
    assert_refused("1 at.whole attach=18446744073709551616", "a number was expected");
    assert_refused("1 at.whole party=a%4", "a wrong %XX in a value");
    assert_refused("1 at.whole party=a%00", "a wrong %XX in a value");
}

static void empty_lines_and_remarks_are_no_events(void **state)
{
    (void)state;
    char empty[] = "", blanks[] = "   ", remark[] = "# 12 at.whole";
    char *const lines[] = {empty, blanks, remark};
    for (size_t i = 0; i < 3; i++) {
        struct history_event event = {.word = HISTORY_AT_END};
        assert_null(history_parse(lines[i], &event));
        assert_int_equal(event.word, HISTORY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_is_printed_is_read_back),
        cmocka_unit_test(what_is_no_event_is_refused_with_its_reason),
        cmocka_unit_test(empty_lines_and_remarks_are_no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
