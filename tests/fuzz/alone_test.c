// Ended calls are purged after the retention that the directory says: from a node, and from all that hotline-web shows
// of it.
#include "cluster/base/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_alone.h"
#include "tests/fuzz/web_alone.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CALL "web:1-1"
#define NUMBER "8613912345678"
#define CURSOR_BYTES 512
#define CALLS 150
#define RETENTION_MS (24 * 3600 * 1000)
#define PURGED_AFTER_MS (20 * 60 * 1000)  // the horizon moves in steps

static unsigned status;
static char *text;

static void on_answer(unsigned answer_status, const char *answer)
{
    status = answer_status;
    free(text);
    text = strdup(answer);
    assert_non_null(text);
}

static void ask(const char *request)
{
    status = 0;
    web_alone_ask((struct span){request, strlen(request)});
    web_alone_turn(8);
    assert_int_not_equal(status, 0);
}

static void expect(unsigned wanted, const char *request)
{
    ask(request);
    if (status != wanted)
        fail_msg("%s: %u instead of %u: %s", request, status, wanted, text);
}

static json_int_t records(void)
{
    expect(200, "GET /v1/digest");
    json_t *digest = json_loads(text, 0, NULL);
    json_int_t count = json_integer_value(json_object_get(digest, "records"));
    json_decref(digest);
    return count;
}

static void apply_retention(void)
{
    char request[256];
    snprintf(request, sizeof request,
             "PUT /v1/directory\n\n{\"yaml\":\"nodes:\\n- {name: beijing, site: beijing}\\nsettings:\\n  retention_ms: "
             "%d\\n\",\"force\":true}",
             RETENTION_MS);
    expect(200, request);
}

static void a_call_is_spoken(void)
{
    expect(201, "POST /v1/desks/agent-1\n\n{}");
    expect(201, "POST /v1/calls\n\n{\"call\":\"" CALL "\",\"number\":\"+" NUMBER "\",\"queue\":\"consultation\"}");
    expect(200, "POST /v1/desks/agent-1/accept\n\n{}");
    expect(200, "POST /v1/desks/agent-1/end\n\n{}");
    expect(200, "POST /v1/desks/agent-1/disposition\n\n{\"disposition\":\"solved\"}");
}

static const char *const views[] = {"GET /v1/events?since=start", "GET /v1/calls?number=%2B" NUMBER};

static void what_is_shown_of_an_ended_call_is_gone_after_the_retention(void **state)
{
    (void)state;
    web_alone_begin();
    http_alone_listen(on_answer);
    apply_retention();
    json_int_t before = records();
    a_call_is_spoken();
    expect(200, "GET /v1/calls/" CALL);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        expect(200, views[i]);
        assert_non_null(strstr(text, CALL));
        assert_null(strstr(text, NUMBER));  // masked
    }
    assert_true(records() >= before + 2);  // the call, and how it went

    fuzz_node_sleep(RETENTION_MS / 2);
    web_alone_turn(50);
    expect(200, "GET /v1/calls/" CALL "/explain");  // not yet

    fuzz_node_sleep(RETENTION_MS / 2 + PURGED_AFTER_MS);
    web_alone_turn(50);
    expect(404, "GET /v1/calls/" CALL);
    expect(404, "GET /v1/calls/" CALL "/explain");
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        expect(200, views[i]);
        assert_null(strstr(text, CALL));
        assert_null(strstr(text, NUMBER));
    }
    assert_true(records() <= before + 2);  // the desk and the gateway have theirs
    http_alone_listen(NULL);
    web_alone_finish();
    free(text);
    text = NULL;
}

// Reads on from the cursor; how many calls it was told of.
static size_t read_events(char cursor[CURSOR_BYTES])
{
    char request[2 * CURSOR_BYTES];
    snprintf(request, sizeof request, "GET /v1/events?since=%s", cursor);
    expect(200, request);
    json_t *page = json_loads(text, 0, NULL), *event;
    size_t calls = 0, i;
    json_array_foreach(json_object_get(page, "events"), i, event) calls +=
        strcmp(json_string_value(json_object_get(event, "kind")), "call") == 0;
    snprintf(cursor, CURSOR_BYTES, "%s", json_string_value(json_object_get(page, "cursor")));
    json_decref(page);
    return calls;
}

static void on_other_answer(unsigned answer_status, const char *answer)
{
    if (strstr(answer, "\"cursor\"") != NULL)
        on_answer(answer_status, answer);
}

static void events_are_told_while_the_disk_moves_on_between_two_looks(void **state)
{
    (void)state;
    static const char call[] = "POST /v1/calls\n\n{\"queue\":\"consultation\"}";
    char cursor[CURSOR_BYTES] = "start";
    size_t told = 0;
    web_alone_begin();
    http_alone_listen(on_other_answer);
    read_events(cursor);
    fuzz_node_move_disk();
    for (int i = 0; i < CALLS; i++) {
        web_alone_ask((struct span){call, strlen(call)});
        told += read_events(cursor);
    }
    web_alone_turn(40 * CALLS);  // the disk has its time
    for (int i = 0; i < 4; i++)
        told += read_events(cursor);
    assert_true(told >= CALLS);
    http_alone_listen(NULL);
    web_alone_finish();
    free(text);
    text = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_of_an_ended_call_is_gone_after_the_retention),
        cmocka_unit_test(events_are_told_while_the_disk_moves_on_between_two_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
