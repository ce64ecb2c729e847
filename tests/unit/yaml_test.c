#include "node/config/yaml_tree.h"
#include "node/config/yaml_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct problems problems;

static struct yaml_tree *read_bytes(const char *text, size_t length)
{
    char path[] = "/tmp/hotline-yaml-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, length), (int)length);
    close(file);
    problems_close(&problems);
    struct yaml_tree *tree = yaml_tree_read(path, &problems);
    unlink(path);
    return tree;
}

static struct yaml_tree *read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

// The only problem, behind the name of the file.
static void expect_problem(const char *text)
{
    assert_int_equal(problems.count, 1);
    const char *colon = strchr(problems.lines[0], ':');
    assert_non_null(colon);
    assert_string_equal(colon + 1, text);
}

static void a_file_becomes_a_tree_with_lines(void **state)
{
    (void)state;
    struct yaml_tree *tree =
        read_text("# a comment\nsites:\n  - id: oslo\n    country: NO\n  - {id: \"09\",\n     lat: "
                  "1.5}\nempty:\nnone: []\n");
    assert_int_equal(problems.count, 0);
    const struct yaml_node *root = yaml_tree_root(tree), *sites = yaml_node_get(root, "sites");
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->count, 3);
    assert_int_equal(sites->line, 2);
    assert_int_equal(sites->count, 2);
    const struct yaml_node *oslo = sites->first, *second = oslo->next;
    assert_int_equal(oslo->line, 3);
    assert_string_equal(yaml_node_get(oslo, "country")->text, "NO");
    assert_int_equal(yaml_node_get(oslo, "country")->line, 4);
    assert_string_equal(yaml_node_get(second, "id")->text, "09");
    assert_false(yaml_node_get(second, "id")->plain);
    assert_int_equal(yaml_node_get(second, "lat")->line, 6);
    assert_true(yaml_is_nothing(yaml_node_get(root, "empty")));
    assert_int_equal(yaml_node_get(root, "none")->kind, YAML_LIST);
    assert_null(yaml_node_get(root, "other"));
    yaml_tree_free(tree);
}

static void a_file_with_nothing_in_it_has_no_root(void **state)
{
    (void)state;
    struct yaml_tree *tree = read_text("");
    assert_non_null(tree);
    assert_null(yaml_tree_root(tree));
    yaml_tree_free(tree);
    tree = read_text("# nothing\n");
    assert_null(yaml_tree_root(tree));
    yaml_tree_free(tree);
}

static void a_key_given_twice_is_told_and_the_rest_still_read(void **state)
{
    (void)state;
    struct yaml_tree *tree = read_text("a: 1\nb: 2\na: 3\nc: 4\n");
    expect_problem("3: a is given twice, first at line 1");
    assert_string_equal(yaml_node_get(yaml_tree_root(tree), "a")->text, "1");
    assert_string_equal(yaml_node_get(yaml_tree_root(tree), "c")->text, "4");
    yaml_tree_free(tree);
}

static void what_is_not_plain_data_is_refused(void **state)
{
    (void)state;
    assert_null(read_text("a: &x 1\nb: *x\n"));
    assert_int_equal(problems.count, 2);
    yaml_tree_free(read_text("a: !!str 1\n"));
    expect_problem("1: tags (!) are not allowed");
    assert_null(read_text("a: 1\n---\nb: 2\n"));
    expect_problem("2: only one document in a file");
    assert_null(read_text("? [a, b]\n: 1\n"));
    expect_problem("1: a key must be a text");
    assert_null(read_text("a: 1\nb: [1, 2\n"));
    expect_problem("3: not YAML: while parsing a flow sequence, did not find expected ',' or ']'");
    assert_null(read_text("a: 1\n\tb: 2\n"));
    assert_int_equal(problems.count, 1);
    assert_null(read_text("a: 1\nb: \xff\xfe\n"));
    expect_problem("2: not YAML: invalid leading UTF-8 octet");
    assert_null(read_bytes("a: 1\nb: \0x\n", 11));
    expect_problem("2: not YAML: control characters are not allowed");
    yaml_tree_free(read_text("a: \"x\\0y\"\n"));
    expect_problem("1: a text with a zero in it");
    assert_null(yaml_tree_read("/nowhere/x.yaml", &problems));
}

static void bounds_are_kept(void **state)
{
    (void)state;
    assert_null(read_text("[[[[[[[[[1]]]]]]]]]\n"));
    expect_problem("1: more than 8 lists and maps in each other");
    struct yaml_tree *tree = read_text("[[[[[[[[1]]]]]]]]\n");
    assert_non_null(tree);
    yaml_tree_free(tree);
    char keys[(YAML_TREE_KEYS_MAX + 1) * 16] = "";
    for (int i = 0; i <= YAML_TREE_KEYS_MAX; i++)
        sprintf(keys + strlen(keys), "k%d: 1\n", i);
    assert_null(read_text(keys));
    expect_problem("257: more than 256 keys in one map");
    char *deep = malloc(200000);
    memset(deep, '[', 200000);
    assert_null(read_bytes(deep, 200000));
    free(deep);
    char *large = malloc(YAML_TREE_MAX_BYTES + 1);
    memset(large, ' ', YAML_TREE_MAX_BYTES + 1);
    assert_null(read_bytes(large, YAML_TREE_MAX_BYTES + 1));
    assert_non_null(strstr(problems.lines[0], "more than 33554432 bytes"));
    free(large);
}

static bool udeg(const char *text, int32_t *ret_udeg)
{
    return yaml_to_udeg(&(struct yaml_node){.kind = YAML_TEXT, .text = text, .plain = true}, ret_udeg);
}

static void degrees_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t udeg;
    } good[] = {{"0", 0},
                {"-0.000001", -1},
                {"15.58806", 15588060},
                {"+15.588060", 15588060},
                {"-180", -180000000},
                {"179.999999", 179999999},
                {"999.999999", 999999999}};
    int32_t met;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(udeg(good[i].text, &met));
        assert_int_equal(met, good[i].udeg);
    }
    static const char *const bad[] = {"",   "-",     "1.",   ".5",  "1.2345678", "1000",
                                      "1 ", "1.5.5", "0x10", "1e3", "15°30",     "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(udeg(bad[i], &met));
}

static void numbers_are_decimal_and_not_octal(void **state)
{
    (void)state;
    uint64_t number;
    struct yaml_node node = {.kind = YAML_TEXT, .plain = true};
    node.text = "15000";
    assert_true(yaml_to_number(&node, &number));
    assert_int_equal(number, 15000);
    node.text = "0";
    assert_true(yaml_to_number(&node, &number));
    static const char *const bad[] = {"", "-1", "+1", "010", "1.0", "1_000", "15s", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        node.text = bad[i];
        assert_false(yaml_to_number(&node, &number));
    }
    node = (struct yaml_node){.kind = YAML_TEXT, .text = "15000"};  // in quotes: a text
    assert_false(yaml_to_number(&node, &number));
}

// As "a: TEXT", read back.
static void expect_round_trip(const char *text)
{
    char *file = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&file, &length);
    fputs("a: ", to);
    yaml_print_text(text, to);
    fputs("\n", to);
    fclose(to);
    struct yaml_tree *tree = read_bytes(file, length);
    assert_int_equal(problems.count, 0);
    const struct yaml_node *node = yaml_node_get(yaml_tree_root(tree), "a");
    assert_string_equal(node->text, text);
    assert_false(yaml_is_nothing(node));
    yaml_tree_free(tree);
    free(file);
}

static void every_text_that_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "khartoum-1",
        "null",
        "NO",
        "~",
        "09",
        "+86",
        "a: b",
        "a #b",
        " a ",
        "- a",
        "\"q\"",
        "back\\slash",
        "'",
        "中国驻苏丹大使馆",
        "São Paulo",
        "[a]",
        "{a}",
        "a,b",
        "!x",
        "&x",
        "*x",
        "%x",
        "@x",
        "`x",
        "sip:a@b.example",
        "true",
        "1e3",
        "a\xe2\x80\xa8z",
        "\xef\xbb\xbfz",
        "z\xef\xbf\xbf",
        "\xf0\x9f\x93\x9e",
        "x:",
        "a\tb",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_round_trip(texts[i]);
}

static int close_problems(void **state)
{
    (void)state;
    problems_close(&problems);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_a_tree_with_lines),
        cmocka_unit_test(a_file_with_nothing_in_it_has_no_root),
        cmocka_unit_test(a_key_given_twice_is_told_and_the_rest_still_read),
        cmocka_unit_test(what_is_not_plain_data_is_refused),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(degrees_are_read_exactly),
        cmocka_unit_test(numbers_are_decimal_and_not_octal),
        cmocka_unit_test(every_text_that_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, close_problems);
}
