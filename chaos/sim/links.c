// Links between two nodes, cut for long while all else works: whatever is cut, every two nodes have a link or one
// relay, so that soon after a cut everything is demanded of them that is demanded of a whole cluster.
#include "chaos/sim/links.h"

#include "chaos/sim/server.h"

#include <string.h>

#define SETTLES_US (2500 * SIM_MS_US)  // a lost link is found and walked around, and calls go on
#define TURN_LEAST_US (6 * SIM_SECOND_US)

static const char *const plan_names[LINKS_PLANS] = {"", "turn", "lonely"};

bool links_parse(const char *text, enum links_plan *ret_plan)
{
    for (int i = 1; i < LINKS_PLANS; i++)
        if (strcmp(plan_names[i], text) == 0) {
            *ret_plan = (enum links_plan)i;
            return true;
        }
    return false;
}

const char *links_name(enum links_plan plan)
{
    return plan_names[plan];
}

static uint64_t draw(struct sim *sim, uint64_t least, uint64_t most)
{
    return chance_between(&sim->link_chance, least, most);
}

// ---- whole again

static void settled(void *subject, uint64_t changes)
{
    struct sim *sim = subject;
    if (sim->link_changes == changes)
        sim_tell(sim, (struct history_event){.word = HISTORY_AT_WHOLE});
}

static void change(struct sim *sim)
{
    sim->link_changes++;
    sim_tell(sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = "link"});
    if ((sim->options.faults & ~(1u << SIM_FAULT_LINK)) == 0)
        agenda_at(&sim->agenda, sim_now(sim) + SETTLES_US, settled, sim, sim->link_changes);
}

// ---- cuts: ways are bits, 1 from the first to the second and 2 back

static void set_cut(struct sim *sim, uint32_t a, uint32_t b, uint64_t ways, bool is_cut)
{
    if ((ways & 1) != 0)
        sim->net.cut[a][b] = is_cut;
    if ((ways & 2) != 0)
        sim->net.cut[b][a] = is_cut;
}

static void cut(struct sim *sim, uint32_t a, uint32_t b, uint64_t ways)
{
    sim_meet(sim, MET_link_cut);
    sim_remark(sim, "link %s %s %s", server_name(sim->servers[a]),
               ways == 3   ? "<->"
               : ways == 1 ? "->"
                           : "<-",
               server_name(sim->servers[b]));
    set_cut(sim, a, b, ways, true);
}

static bool is_link(const struct sim *sim, uint32_t a, uint32_t b)
{
    return !sim->net.cut[a][b] && !sim->net.cut[b][a];
}

static bool all_are_reached(const struct sim *sim)
{
    for (uint32_t a = 0; a < sim->node_count; a++)
        for (uint32_t b = 0; b < a; b++) {
            bool reached = is_link(sim, a, b);
            for (uint32_t by = 0; by < sim->node_count; by++)
                reached |= by != a && by != b && is_link(sim, a, by) && is_link(sim, by, b);
            if (!reached)
                return false;
        }
    return true;
}

static void any_pair(struct sim *sim, uint32_t *ret_a, uint32_t *ret_b)
{
    *ret_a = (uint32_t)draw(sim, 0, sim->node_count - 1);
    *ret_b = (*ret_a + (uint32_t)draw(sim, 1, sim->node_count - 1)) % sim->node_count;
}

// ---- one fault among others

#define PAIR(a, b, ways) ((uint64_t)(a) << 16 | (uint64_t)(b) << 8 | (ways))

static void end_one(void *subject, uint64_t pair)
{
    struct sim *sim = subject;
    if (is_link(sim, (uint32_t)(pair >> 16), pair >> 8 & 255))
        return;  // all was healed meanwhile
    set_cut(sim, (uint32_t)(pair >> 16), pair >> 8 & 255, pair & 255, false);
    net_release(&sim->net);
    change(sim);
}

static void next_one(void *subject, uint64_t until_us)
{
    struct sim *sim = subject;
    if (sim_now(sim) >= until_us)
        return;
    uint32_t a, b;
    any_pair(sim, &a, &b);
    uint64_t ways = draw(sim, 0, 2) == 0 ? draw(sim, 1, 2) : 3;
    uint64_t us = draw(sim, 3000, 40000) * SIM_MS_US, next_us = draw(sim, 500, 20000) * SIM_MS_US;
    bool was_link = is_link(sim, a, b);
    set_cut(sim, a, b, ways, true);
    bool good = was_link && all_are_reached(sim);
    if (was_link)
        set_cut(sim, a, b, ways, false);
    if (good) {
        cut(sim, a, b, ways);
        change(sim);
        agenda_at(&sim->agenda, sim_now(sim) + us, end_one, sim, PAIR(a, b, ways));
    }
    agenda_at(&sim->agenda, sim_now(sim) + next_us, next_one, sim, until_us);
}

// ---- every pair in turn

static void next_turn(void *subject, uint64_t turn)
{
    struct sim *sim = subject;
    uint32_t count = sim->node_count, pairs = count * (count - 1) / 2, a = 0, b = 1;
    if (turn == pairs)
        return;  // the last stays cut to the end
    for (uint32_t i = (uint32_t)((turn + sim->options.seed) % pairs); i > 0; i--) {
        if (++b == count)
            b = ++a + 1;
    }
    memset(sim->net.cut, 0, sizeof sim->net.cut);
    cut(sim, a, b, draw(sim, 0, 1) == 0 ? 3 : draw(sim, 1, 2));
    net_release(&sim->net);
    change(sim);
    uint64_t us = sim->options.seconds * SIM_SECOND_US / pairs;
    agenda_at(&sim->agenda, sim_now(sim) + (us > TURN_LEAST_US ? us : TURN_LEAST_US), next_turn, sim, turn + 1);
}

// ---- a node that hears one other alone

static void make_lonely(struct sim *sim)
{
    uint32_t lonely, friend;
    any_pair(sim, &lonely, &friend);
    uint64_t ways = draw(sim, 0, 2) == 0 ? 2 : 3;  // it may be heard all the same
    for (uint32_t i = 0; i < sim->node_count; i++)
        if (i != lonely && i != friend)
            cut(sim, lonely, i, ways);
    change(sim);
}

static void begin_plan(void *subject, uint64_t until_us)
{
    struct sim *sim = subject;
    switch (sim->options.links) {
    case LINKS_NO_PLAN:
    case LINKS_PLANS:
        next_one(sim, until_us);
        return;
    case LINKS_TURN:
        next_turn(sim, 0);
        return;
    case LINKS_LONELY:
        make_lonely(sim);
        return;
    }
}

void links_start(struct sim *sim, uint64_t from_us, uint64_t until_us)
{
    bool wanted = sim->options.links != LINKS_NO_PLAN || (sim->options.faults & 1u << SIM_FAULT_LINK) != 0;
    if (wanted && sim->node_count > 1)
        agenda_at(&sim->agenda, from_us, begin_plan, sim, until_us);
}
