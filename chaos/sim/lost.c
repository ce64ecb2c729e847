#include "chaos/sim/lost.h"

#include "chaos/sim/callers.h"
#include "chaos/sim/desks.h"

#include <stdlib.h>
#include <string.h>

static struct lost *find(const struct sim *sim, const char *id)
{
    struct lost *lost = sim->lost;
    while (lost != NULL && strcmp(lost->id, id) != 0)
        lost = lost->next;
    return lost;
}

static void dial_again(void *subject, uint64_t number)
{
    struct lost *lost = subject;
    struct sim *sim = lost->sim;
    (void)number;
    if (sim->closing)
        return;
    struct gateway_person *gateway = sim->gateways[chance_below(&sim->people_chance, sim->gateway_count)];
    caller_dials_again(gateway, &lost->caller);
}

void lost_add(struct sim *sim, const struct caller *caller)
{
    struct lost *lost = check_alloc(sizeof *lost);
    lost->sim = sim;
    lost->caller = *caller;
    text_copy(lost->id, sizeof lost->id, caller->id);
    lost->next = sim->lost;
    sim->lost = lost;
    if (chance_permille(&sim->people_chance, 400))
        agenda_at(&sim->agenda, sim_now(sim) + sim_people_us(sim, chance_between(&sim->people_chance, 500, 20000)),
                  dial_again, lost, 0);
}

void lost_free(struct sim *sim)
{
    while (sim->lost != NULL) {
        struct lost *lost = sim->lost;
        sim->lost = lost->next;
        free(lost);
    }
}

static bool is_on_a_line(const struct sim *sim, const char *number)
{
    if (number[0] == '\0')
        return false;
    for (uint32_t i = 0; i < sim->gateway_count; i++) {
        const struct gateway_person *gateway = sim->gateways[i];
        for (uint32_t k = 0; k < gateway->caller_top; k++)
            if (gateway->callers[k].id[0] != '\0' && strcmp(gateway->callers[k].number, number) == 0)
                return true;
    }
    for (uint32_t i = 0; i < 2 * sim->agent_count; i++)
        if (strcmp(sim->desks[i]->speaks_with, number) == 0)
            return true;
    return false;
}

enum lost_answer lost_dial(struct sim *sim, struct chance *chance, const char *call)
{
    const struct lost *lost = find(sim, call);
    uint64_t luck = chance_below(chance, 100);
    if (is_on_a_line(sim, lost != NULL ? lost->caller.number : ""))
        return LOST_NO_ANSWER;
    if (luck < 65 || sim->closing)
        return LOST_REACHED;
    return luck < 85 ? LOST_NO_ANSWER : luck < 92 ? LOST_WRONG_NUMBER : LOST_OTHER;
}
