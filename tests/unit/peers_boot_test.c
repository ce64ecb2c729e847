#include "peers_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void a_new_boot_is_down_for_the_old_one_and_then_up(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    nodes_kill(nodes, 1);
    nodes_start(nodes, 1, 5);  // smaller than before: its order says nothing
    assert_true(nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 2 * HEARTBEAT_MS + 20);
    assert_int_equal(nodes->node[0].downs, 1);
    assert_int_equal(nodes->node[0].down_boot, 20);
    assert_int_equal(nodes->node[0].ups, 2);
    assert_int_equal(nodes->node[0].up_boot, 5);
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 5);
    nodes_free(nodes);
}

// Everything a node hears of b, to be said again later.
struct tape {
    struct span said[64];
    uint32_t count;
};

static struct tape *recording;

static void record_message(void *context, struct span message)
{
    if (recording != NULL && recording->count < 64) {
        void *copy = check_alloc(message.bytes);
        memcpy(copy, message.data, message.bytes);
        recording->said[recording->count++] = (struct span){copy, message.bytes};
    }
    nodes_hear(context, message);
}

static void late_and_double_words_of_an_old_boot_change_nothing(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_create(3);
    nodes_start(nodes, 0, 10);
    struct side *a = &nodes->node[0];
    fake_kill(nodes->fake, 0);
    a->world = fake_start(nodes->fake, 0, (struct fake_hooks){a, record_message, nodes_wake});
    nodes_turn(a);
    nodes_start(nodes, 1, 20);
    struct tape tape = {0};
    recording = &tape;
    assert_true(nodes_know(nodes, 0, 1, true) && nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 3000);
    recording = NULL;
    assert_true(tape.count >= 8);
    nodes_kill(nodes, 1);
    nodes_start(nodes, 1, 21);
    assert_true(nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 2 * HEARTBEAT_MS + 20);
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 21);

    uint32_t ups = a->ups;
    for (uint32_t again = 0; again < 3; again++)
        for (uint32_t i = 0; i < tape.count; i++) {
            nodes_hear(a, tape.said[i]);
            nodes_run_ms(nodes, 20);
        }
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 21);
    assert_true(nodes_see(nodes, 0, 1)->up);
    assert_int_equal(a->ups, ups);
    assert_true(peers_counts(a->peers).misdirected >= 3 * tape.count);
    // Nor do they raise the dead.
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, 3000);
    for (uint32_t i = 0; i < tape.count; i++)
        nodes_hear(a, tape.said[i]);
    nodes_run_ms(nodes, 100);
    assert_false(nodes_see(nodes, 0, 1)->up);
    for (uint32_t i = 0; i < tape.count; i++)
        free((void *)tape.said[i].data);
    nodes_free(nodes);
}

static bool all_are_up(void *context)
{
    struct nodes *nodes = context;
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t k = 0; k < 4; k++)
            if (i != k && nodes->node[i].peers != NULL && nodes->node[k].peers != NULL &&
                (nodes_see(nodes, i, k) == NULL || !nodes_see(nodes, i, k)->up ||
                 nodes_see(nodes, i, k)->boot != nodes->node[k].boot))
                return false;
    return true;
}

static void whatever_happened_all_are_up_in_their_true_boots_soon_after_it_ends(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu (SEED=... repeats it)\n", (unsigned long long)seed);
    for (uint64_t run = 0; run < 20; run++) {
        struct nodes *nodes = nodes_create(seed + run);
        fake_set_faults(nodes->fake, (struct fake_faults){500, 50 * MS, 200, 100, 100});
        uint64_t boots = 1000;
        for (uint32_t i = 0; i < 4; i++) {
            nodes_start(nodes, i, --boots);
            assert_true(i == 0 || nodes_know(nodes, i, 0, false));
        }
        for (uint32_t step = 0; step < 40; step++) {
            uint32_t i = (uint32_t)fake_random(nodes->fake, 4), k = (uint32_t)fake_random(nodes->fake, 4);
            if (fake_random(nodes->fake, 3) == 0 && i > 0) {
                nodes_kill(nodes, i);
                nodes_start(nodes, i, --boots);
                assert_true(nodes_know(nodes, i, 0, false));
            } else {
                fake_cut(nodes->fake, i, k, fake_random(nodes->fake, 2));
            }
            nodes_run_ms(nodes, fake_random(nodes->fake, 800));
        }
        assert_true(fake_counts(nodes->fake).lost > 0 && fake_counts(nodes->fake).twice > 0);
        for (uint32_t i = 0; i < 4; i++)
            for (uint32_t k = 0; k < 4; k++)
                fake_cut(nodes->fake, i, k, false);
        fake_set_faults(nodes->fake, (struct fake_faults){500, 50 * MS, 0, 0, 0});
        nodes_run_ms(nodes, 1500);  // a peer cut off a moment before is up until its bound, and may still be found down
        assert_true(fake_run_until(nodes->fake, 2500 * MS, all_are_up, nodes));
        uint32_t downs = 0;
        for (uint32_t i = 0; i < 4; i++)
            downs += nodes->node[i].downs;
        nodes_run_ms(nodes, 5000);
        for (uint32_t i = 0; i < 4; i++)
            downs -= nodes->node[i].downs;
        assert_int_equal(downs, 0);  // and it stays so
        nodes_free(nodes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_boot_is_down_for_the_old_one_and_then_up),
        cmocka_unit_test(late_and_double_words_of_an_old_boot_change_nothing),
        cmocka_unit_test(whatever_happened_all_are_up_in_their_true_boots_soon_after_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
