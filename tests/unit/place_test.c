#include "node/directory/place.h"

#include "tests/unit/directory_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct atlas *atlas;
static struct directory *directory;

static int set_up(void **state)
{
    (void)state;
    struct problem problem;
    struct problems problems;
    problems_init(&problems);
    struct fixture fixture;
    fixture_init(&fixture);
    atlas = atlas_create(ZONE_TAB, PREFIXES, &problem);
    directory = directory_create(&fixture.message, &problems);
    return atlas == NULL || directory == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    atlas_free(atlas);
    directory_free(directory);
    return 0;
}

static struct place placed(struct place_clues clues)
{
    struct place place;
    struct problem problem;
    assert_true(place_caller(atlas, directory, &clues, &place, &problem));
    return place;
}

static void expect(struct place place, enum place_by by, int32_t lat_udeg, int32_t lon_udeg, const char *country)
{
    assert_string_equal(place_by_name(place.by), place_by_name(by));
    assert_int_equal(place.lat_udeg, lat_udeg);
    assert_int_equal(place.lon_udeg, lon_udeg);
    assert_string_equal(place.country, country);
}

static void the_best_clue_decides(void **state)
{
    (void)state;
    struct place_clues clues = {"+84912345678", true, -33448890, -70669270, "CL", "cairo"};
    expect(placed(clues), PLACE_COORDINATES, -33448890, -70669270, "CL");
    clues.at = false;
    expect(placed(clues), PLACE_COUNTRY, -33450000, -70666667, "CL");
    clues.country = "";
    expect(placed(clues), PLACE_PREFIX, 10750000, 106666667, "VN");
    clues.number = "";
    expect(placed(clues), PLACE_GATEWAY_SITE, 30051300, 31220400, "EG");
    clues.site = "";
    expect(placed(clues), PLACE_UNKNOWN, 0, 0, "");
}

static void a_home_number_says_nothing_of_where_its_owner_is(void **state)
{
    (void)state;
    struct place_clues clues = {.number = "+8613800138000", .country = "SD", .site = "cairo"};
    expect(placed(clues), PLACE_COUNTRY, 15600000, 32533333, "SD");
    clues.country = "";
    expect(placed(clues), PLACE_GATEWAY_SITE, 30051300, 31220400, "EG");
}

static void a_clue_that_is_listed_nowhere_leaves_it_to_the_next(void **state)
{
    (void)state;
    struct place_clues clues = {.number = "+249912345678", .country = "ZZ", .site = "cairo"};
    expect(placed(clues), PLACE_PREFIX, 15600000, 32533333, "SD");
    clues.number = "+870123456789";
    expect(placed(clues), PLACE_GATEWAY_SITE, 30051300, 31220400, "EG");
    clues.site = "atlantis";
    expect(placed(clues), PLACE_UNKNOWN, 0, 0, "");
}

static void refuse(struct place_clues clues, const char *text)
{
    struct place place;
    struct problem problem;
    assert_false(place_caller(atlas, directory, &clues, &place, &problem));
    assert_string_equal(problem.text, text);
}

static void a_clue_that_cannot_be_is_refused_by_name(void **state)
{
    (void)state;
    refuse((struct place_clues){.number = "0912", .country = "", .site = ""},
           "number 0912: must be + and 3 to 15 digits, or empty when it is withheld");
    refuse((struct place_clues){.number = "\a", .country = "", .site = ""},
           "number (not printable): must be + and 3 to 15 digits, or empty when it is withheld");
    refuse((struct place_clues){"", true, 90000001, 0, "", ""},
           "coordinates 90000001, 0 (millionths of a degree): latitude must be -90 to 90 and longitude -180 to 180 "
           "degrees");
    refuse((struct place_clues){"", true, 0, -180000001, "", ""},
           "coordinates 0, -180000001 (millionths of a degree): latitude must be -90 to 90 and longitude -180 to 180 "
           "degrees");
    refuse((struct place_clues){.number = "", .country = "Sudan", .site = ""},
           "country Sudan: must be two capital letters (ISO 3166)");
}

static void without_a_directory_numbers_still_say_where_they_are(void **state)
{
    (void)state;
    struct place place;
    struct problem problem;
    struct place_clues clues = {.number = "+249912345678", .country = "", .site = "cairo"};
    assert_true(place_caller(atlas, NULL, &clues, &place, &problem));
    expect(place, PLACE_PREFIX, 15600000, 32533333, "SD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_clue_decides),
        cmocka_unit_test(a_home_number_says_nothing_of_where_its_owner_is),
        cmocka_unit_test(a_clue_that_is_listed_nowhere_leaves_it_to_the_next),
        cmocka_unit_test(a_clue_that_cannot_be_is_refused_by_name),
        cmocka_unit_test(without_a_directory_numbers_still_say_where_they_are),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
