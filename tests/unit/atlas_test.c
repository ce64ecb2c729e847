#include "node/directory/atlas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct atlas *atlas;

static int set_up(void **state)
{
    (void)state;
    struct problem problem = {""};
    atlas = atlas_create(ZONE_TAB, PREFIXES, &problem);
    if (atlas == NULL)
        fprintf(stderr, "%s\n", problem.text);
    return atlas == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    atlas_free(atlas);
    return 0;
}

static void numbers_are_in_the_country_of_their_longest_prefix(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"+249912345678", "SD"}, {"+84912345678", "VN"},  {"+56222334455", "CL"},  {"+8613800138000", "CN"},
        {"+12024952000", "US"},  {"+14165550100", "CA"},  {"+18765550100", "JM"},  {"+18095550100", "DO"},
        {"+74951234567", "RU"},  {"+77272345678", "KZ"},  {"+76001234567", "KZ"},  {"+442072994049", "GB"},
        {"+441534123456", "JE"}, {"+390669812345", "VA"}, {"+390696524200", "IT"}, {"+85228106338", "HK"},
        {"+88612345678", "TW"},  {"+59991234567", "CW"},  {"+5993123456", "BQ"},   {"+212528812345", "EH"},
        {"+212522123456", "MA"}, {"+262269612345", "YT"}, {"+4779021234", "SJ"},   {"+4722492052", "NO"},
        {"+21112345678", "SS"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const char *country = atlas_number_country(atlas, expected[i][0]);
        assert_non_null(country);
        assert_string_equal(country, expected[i][1]);
    }
}

static void numbers_that_are_nowhere_have_no_country(void **state)
{
    (void)state;
    static const char *const nowhere[] = {
        "+80012345678", "+870123456789", "+8816123456", "+18005550100", "+210123456", "", "249912345678", "+"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        assert_null(atlas_number_country(atlas, nowhere[i]));
}

static void a_country_is_where_its_first_zone_is(void **state)
{
    (void)state;
    int32_t lat, lon;
    assert_true(atlas_country_place(atlas, "SD", &lat, &lon));  // +1536+03232
    assert_int_equal(lat, 15600000);
    assert_int_equal(lon, 32533333);
    assert_true(atlas_country_place(atlas, "US", &lat, &lon));  // +404251-0740023
    assert_int_equal(lat, 40714167);
    assert_int_equal(lon, -74006389);
    assert_true(atlas_country_place(atlas, "CL", &lat, &lon));  // -3327-07040
    assert_int_equal(lat, -33450000);
    assert_false(atlas_country_place(atlas, "ZZ", &lat, &lon));
    assert_false(atlas_country_place(atlas, "sd", &lat, &lon));
    assert_false(atlas_country_place(atlas, "", &lat, &lon));
    assert_false(atlas_country_place(atlas, "SDN", &lat, &lon));
}

static void a_country_whose_first_zone_is_outlying_is_where_the_table_says(void **state)
{
    (void)state;
    int32_t lat, lon;
    assert_true(atlas_country_place(atlas, "RU", &lat, &lon));  // Moscow, +554521+0373704
    assert_int_equal(lat / 10000, 5575);
    assert_true(atlas_country_place(atlas, "BR", &lat, &lon));  // Sao Paulo, -2332-04637
    assert_int_equal(lat / 10000, -2353);
    assert_true(atlas_country_place(atlas, "UA", &lat, &lon));  // Kyiv, +5026+03031
    assert_int_equal(lat / 10000, 5043);
}

static void every_country_of_the_prefix_table_has_a_place(void **state)
{
    (void)state;
    FILE *file = fopen(PREFIXES, "r");
    assert_non_null(file);
    char line[256], prefix[16], country[4];
    int rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || strncmp(line, "zone\t", 5) == 0)
            continue;
        assert_int_equal(sscanf(line, "%15[0-9]\t%3[A-Z-]\t", prefix, country), 2);
        int32_t lat, lon;
        assert_true(strcmp(country, "-") == 0 || atlas_country_place(atlas, country, &lat, &lon));
        rows++;
    }
    fclose(file);
    assert_true(rows > 300);
}

static void the_longest_prefix_decides_for_every_number(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    static char prefixes[1000][16], countries[1000][4];
    size_t rows = 0;
    FILE *file = fopen(PREFIXES, "r");
    char line[256];
    while (rows < 1000 && fgets(line, sizeof line, file) != NULL)
        rows += sscanf(line, "%15[0-9]\t%3[A-Z-]\t", prefixes[rows], countries[rows]) == 2;
    fclose(file);
    assert_true(rows > 300 && rows < 1000);
    int known = 0;
    for (int round = 0; round < 20000; round++) {
        char number[24] = "+";
        if (round % 2 == 0)  // near a prefix that is listed
            strcat(number, prefixes[(size_t)rand_r(&seed) % rows]);
        for (int i = rand_r(&seed) % 6 + 1; i > 0; i--)
            strcat(number, (char[]){(char)('0' + rand_r(&seed) % 10), '\0'});
        size_t best = rows;
        for (size_t i = 0; i < rows; i++)
            if (strncmp(number + 1, prefixes[i], strlen(prefixes[i])) == 0 &&
                (best == rows || strlen(prefixes[i]) > strlen(prefixes[best])))
                best = i;
        const char *country = atlas_number_country(atlas, number);
        if (best == rows || strcmp(countries[best], "-") == 0)
            assert_null(country);
        else
            assert_string_equal(country, countries[best]);
        known += country != NULL;
    }
    assert_true(known > 10000);
}

static void a_number_is_e164_or_withheld(void **state)
{
    (void)state;
    assert_true(atlas_is_number(""));
    assert_true(atlas_is_number("+112"));
    assert_true(atlas_is_number("+123456789012345"));
    assert_false(atlas_is_number("+1234567890123456"));
    assert_false(atlas_is_number("+12"));
    assert_false(atlas_is_number("8613800138000"));
    assert_false(atlas_is_number("+86 138"));
    assert_false(atlas_is_number("+"));
}

static char *write_file(const char *text)
{
    char *path = strdup("/tmp/hotline-atlas-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (int)strlen(text));
    close(file);
    return path;
}

static void expect_problem(const char *zones, const char *prefixes, bool in_zones, const char *expected)
{
    char *zones_path = write_file(zones), *prefixes_path = write_file(prefixes);
    struct problem problem = {""};
    assert_null(atlas_create(zones_path, prefixes_path, &problem));
    char text[600];
    snprintf(text, sizeof text, "%s:%s", in_zones ? zones_path : prefixes_path, expected);
    assert_string_equal(problem.text, text);
    unlink(zones_path);
    unlink(prefixes_path);
    free(zones_path);
    free(prefixes_path);
}

static void what_is_wrong_in_a_table_is_told_with_its_line(void **state)
{
    (void)state;
    const char *zones = "# zones\nSD\t+1536+03232\tAfrica/Khartoum\n", *prefixes = "249\tSD\tSudan\n";
    expect_problem("# x\nSD\t+1536\tAfrica/Khartoum\n", prefixes, true,
                   "2: needs a country (two capital letters), coordinates (ISO 6709) and a zone");
    expect_problem("SD\t+9936+03232\tAfrica/Khartoum\n", prefixes, true,
                   "1: needs a country (two capital letters), coordinates (ISO 6709) and a zone");
    expect_problem(zones, "249\tSudan\tSD\n", false, "1: the country must be two capital letters, or -");
    expect_problem(zones, "249\n", false, "1: needs a prefix, a country and a name, divided by tabs");
    expect_problem(zones, "+249\tSD\tSudan\n", false, "1: the prefix must be 1 to 15 digits");
    expect_problem(zones, "249\tSD\tSudan\n\n249\tSD\tSudan\n", false, "3: this prefix is there twice");
    struct problem problem = {""};
    assert_null(atlas_create("/nowhere/zone.tab", PREFIXES, &problem));
    assert_string_equal(problem.text,
                        "/nowhere/zone.tab: the table of time zones cannot be read: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_in_the_country_of_their_longest_prefix),
        cmocka_unit_test(numbers_that_are_nowhere_have_no_country),
        cmocka_unit_test(a_country_is_where_its_first_zone_is),
        cmocka_unit_test(a_country_whose_first_zone_is_outlying_is_where_the_table_says),
        cmocka_unit_test(every_country_of_the_prefix_table_has_a_place),
        cmocka_unit_test(the_longest_prefix_decides_for_every_number),
        cmocka_unit_test(a_number_is_e164_or_withheld),
        cmocka_unit_test(what_is_wrong_in_a_table_is_told_with_its_line),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
