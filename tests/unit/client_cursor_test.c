// Cursors of events: written, read again, and never taken for what they are not.
#include "client_fake.h"

#include "node/client/cursor.h"

#include <hotline/query.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_cursor_reads_as_it_was_written(void **state)
{
    (void)state;
    struct cursor cursor = {0}, again = {0};
    assert_true(cursor_advance(&cursor, "nairobi", 0xabc, 7, 0));
    assert_true(cursor_advance(&cursor, "beijing", UINT64_MAX, 5, 0));
    assert_true(cursor_advance(&cursor, "nairobi", 2, UINT64_MAX, 0));
    assert_true(cursor_advance(&cursor, "~beijing", 0xb, 40, 30));
    char *text = cursor_write(&cursor);
    assert_string_equal(text, "beijing~ffffffffffffffff~5,nairobi~2~18446744073709551615,nairobi~abc~7,"
                              "~beijing~b~40~30");
    assert_true(cursor_read(&again, text));
    char *second = cursor_write(&again);
    assert_string_equal(second, text);
    free(text);
    free(second);
    cursor_close(&cursor);
    cursor_close(&again);
}

static void it_never_goes_back(void **state)
{
    (void)state;
    struct cursor cursor = {0};
    assert_true(cursor_advance(&cursor, "a", 1, 9, 0));
    assert_true(cursor_advance(&cursor, "a", 1, 4, 0));
    assert_int_equal(cursor_at(&cursor, "a", 1), 9);
    assert_int_equal(cursor_at(&cursor, "a", 2), 0);
    cursor_close(&cursor);
}

static void what_is_no_cursor_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"x",      "a~1",     "a~1~",    "a~1~2,",    "a~ 1~2", "a~-1~2",  "a~1~+2",
                                        "~1~2",   "a b~1~2", "a~1~2 ",  "a~1~2;b~",  ",a~1~2", "a~1~2~3", "a~zz~2",
                                        "a~1~1a", "~a~1~2",  "~a~1~2~", "~~a~1~2~3", "~~1~2~3"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct cursor cursor = {0};
        assert_true(cursor_advance(&cursor, "kept", 1, 1, 0));
        if (cursor_read(&cursor, wrong[i]))
            fail_msg("'%s' was taken for a cursor", wrong[i]);
        assert_int_equal(cursor_at(&cursor, "kept", 1), 1);
        cursor_close(&cursor);
    }
}

static void its_places_are_bounded(void **state)
{
    (void)state;
    struct cursor cursor = {0};
    for (uint64_t boot = CURSOR_PLACES_MAX; boot > 0; boot--)
        assert_true(cursor_advance(&cursor, "a", boot, 1, 0));
    assert_false(cursor_advance(&cursor, "a", CURSOR_PLACES_MAX + 1, 1, 0));
    assert_true(cursor_advance(&cursor, "a", 17, 2, 0));
    cursor_close(&cursor);
}

static void readings_can_be_put_together(void **state)
{
    (void)state;
    assert_true(hotline_cursor_covers("a~1~5", "a", 1, 5));
    assert_false(hotline_cursor_covers("a~1~5", "a", 1, 6));
    assert_false(hotline_cursor_covers("a~1~5", "a", 2, 1));
    char *text = hotline_cursor_advance("b~1~5", "a", 1, 6);
    assert_string_equal(text, "a~1~6,b~1~5");
    free(text);
    assert_true(hotline_cursor_covers("~a~1~5~2", "~a", 1, 5));
    assert_false(hotline_cursor_covers("a~1~5", "~a", 1, 5));
    text = hotline_cursor_advance("~a~1~5~2", "~a", 1, 6);
    assert_string_equal(text, "~a~1~6~2");
    free(text);
    assert_null(hotline_cursor_advance("nonsense", "a", 1, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_reads_as_it_was_written), cmocka_unit_test(it_never_goes_back),
        cmocka_unit_test(what_is_no_cursor_is_refused),     cmocka_unit_test(its_places_are_bounded),
        cmocka_unit_test(readings_can_be_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
