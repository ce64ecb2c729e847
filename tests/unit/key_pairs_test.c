#include "cluster/keys/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hotline-keys-XXXXXX";
static char path[64];
static struct problem problem;

static int set_up(void **state)
{
    (void)state;
    bool made = mkdtemp(folder) != NULL;
    snprintf(path, sizeof path, "%s/x.key", folder);
    return !made;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_text(const char *text, mode_t mode)
{
    unlink(path);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void a_key_comes_back_as_it_was_written(void **state)
{
    (void)state;
    struct key_pair pair, back;
    key_pair_make(&pair, KEY_ROLE_DESK, "cairo-3");
    unlink(path);
    assert_true(key_pair_write(&pair, path, true, &problem));
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(key_pair_read(path, &back, &problem));
    assert_int_equal(back.role, KEY_ROLE_DESK);
    assert_string_equal(back.party, "cairo-3");
    assert_string_equal(back.public_text, pair.public_text);
    assert_memory_equal(back.secret, pair.secret, KEY_BYTES);
    key_pair_close(&back);
    unlink(path);
    assert_true(key_pair_write(&pair, path, false, &problem));
    assert_true(key_pair_read(path, &back, &problem));
    assert_null(back.secret);
    assert_string_equal(back.public_text, pair.public_text);
    key_pair_close(&pair);
}

static void a_key_is_never_overwritten(void **state)
{
    (void)state;
    struct key_pair pair;
    key_pair_make(&pair, KEY_ROLE_ADMIN, "wang");
    write_text("# somebody's\n", 0600);
    assert_false(key_pair_write(&pair, path, true, &problem));
    assert_non_null(strstr(problem.text, "never overwritten"));
    assert_false(key_pair_write(&pair, path, false, &problem));
    key_pair_close(&pair);
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct key_pair pair, back;
    key_pair_make(&pair, KEY_ROLE_NODE, "cairo");
    unlink(path);
    assert_true(key_pair_write(&pair, path, true, &problem));
    chmod(path, 0640);
    assert_false(key_pair_read(path, &back, &problem));
    assert_non_null(strstr(problem.text, "others may read"));
    chmod(path, 0400);
    assert_true(key_pair_read(path, &back, &problem));
    key_pair_close(&back);
    key_pair_close(&pair);
}

static void what_is_no_key_file_is_refused(void **state)
{
    (void)state;
    struct key_pair pair;
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
    static const char *const texts[] = {
        "",
        "hello\n",
        "role: desk\nparty: a\n",
        "role: king\nparty: a\npublic: " ZEROS "\n",
        "role: desk\nparty: two words\npublic: " ZEROS "\n",
        "role: desk\nparty: a\npublic: 00\n",
        "role: desk\nparty: a\npublic: " ZEROS "0\n",
        "role: desk\nrole: desk\nparty: a\npublic: " ZEROS "\n",
        "role: desk\nparty: a\npublic: " ZEROS "\nsecret: " ZEROS "\n",  // they do not belong together
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(texts[i], 0600);
        assert_false(key_pair_read(path, &pair, &problem));
        assert_null(pair.secret);
    }
    write_text("role: desk\nparty: a\npublic: " ZEROS "\n", 0644);
    assert_true(key_pair_read(path, &pair, &problem));
    unlink(path);
    assert_false(key_pair_read(path, &pair, &problem));
    assert_non_null(strstr(problem.text, "No such file"));
}

// A node whose configuration names one must not wait for ever.
static void a_pipe_without_a_writer_is_refused_at_once(void **state)
{
    (void)state;
    struct key_pair pair;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(key_pair_read(path, &pair, &problem));
    assert_non_null(strstr(problem.text, "not a file"));
    unlink(path);
}

static void an_address_names_the_key_that_is_expected_there(void **state)
{
    (void)state;
    char place[32];
    const char *key;
    assert_true(key_split_endpoint("tcp://a:1", place, sizeof place, &key));
    assert_string_equal(place, "tcp://a:1");
    assert_string_equal(key, "");
    assert_true(key_split_endpoint("tcp://a:1#" ZEROS, place, sizeof place, &key));
    assert_string_equal(place, "tcp://a:1");
    assert_string_equal(key, ZEROS);
    assert_false(key_split_endpoint("tcp://a:1#", place, sizeof place, &key));
    assert_false(key_split_endpoint("tcp://a:1#12", place, sizeof place, &key));
    assert_false(key_split_endpoint("tcp://a:1#" ZEROS "0", place, sizeof place, &key));
    assert_false(key_split_endpoint("tcp://a-place-with-a-very-long-name:1", place, sizeof place, &key));
}

static void a_guarded_process_leaves_no_core_dump_and_is_not_traced(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit core;
        keys_guard_process();
        bool good = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 &&
                    prctl(PR_GET_DUMPABLE) == 0;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_comes_back_as_it_was_written),
        cmocka_unit_test(a_key_is_never_overwritten),
        cmocka_unit_test(a_secret_that_others_may_read_is_refused),
        cmocka_unit_test(what_is_no_key_file_is_refused),
        cmocka_unit_test(a_pipe_without_a_writer_is_refused_at_once),
        cmocka_unit_test(an_address_names_the_key_that_is_expected_there),
        cmocka_unit_test(a_guarded_process_leaves_no_core_dump_and_is_not_traced),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
