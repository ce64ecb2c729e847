// What must hold in every state, whatever the network and the people did.
#include "chaos/model/inside.h"

#include "records.pb-c.h"

#include <stdarg.h>
#include <stdio.h>

void violate(struct model *self, const char *format, ...)
{
    if (self->violation[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(self->violation, sizeof self->violation, format, args);
    va_end(args);
}

static void check_owner(struct model *self, const char *name, uint32_t a, uint32_t b, uint32_t attach_a,
                        uint32_t attach_b)
{
    if (attach_a != 0 && attach_a == attach_b)
        violate(self, "%s and %s both own %s at attach %u.%u", self->scenario->node_names[a],
                self->scenario->node_names[b], name, attach_a >> 20, attach_a & 0xfffff);
}

static void check_owners(struct model *self)
{
    for (uint32_t a = 0; a < self->scenario->nodes; a++)
        for (uint32_t b = 0; b < a; b++) {
            const struct local *x = turns_local(self, a), *y = turns_local(self, b);
            for (uint32_t i = 0; i < CALLS_MAX; i++)
                check_owner(self, town_call(i), a, b, x->calls[i], y->calls[i]);
            for (uint32_t i = 0; i < DESKS_MAX; i++)
                check_owner(self, town_agent(i), a, b, x->desks[i], y->desks[i]);
            for (uint32_t i = 0; i < GATEWAYS_MAX; i++)
                check_owner(self, town_gateway(i), a, b, x->gateways[i], y->gateways[i]);
        }
}

// By what the people see: that a desk is not rung for a second call is seen where it hears of it (desk_client.c), and
// whom a gateway connects to where it is told (gateway_client.c).
static void check_legs(struct model *self)
{
    const struct state *now = &self->now;
    for (uint32_t desk = 0; desk < self->scenario->desks; desk++) {
        if (now->desks[desk].state != DESK_ON_CALL)
            continue;
        uint32_t call = now->desks[desk].call;
        if (now->legs[call].joined_agent != desk + 1)
            violate(self, "%s is told that she speaks with %s, whose gateway joined it %s%s", town_agent(desk),
                    town_call(call), now->legs[call].joined_agent == 0 ? "with nobody" : "with ",
                    now->legs[call].joined_agent == 0 ? "" : town_agent(now->legs[call].joined_agent - 1));
        for (uint32_t other = 0; other < desk; other++)
            if (now->desks[other].state == DESK_ON_CALL && now->desks[other].call == call)
                violate(self, "%s and %s both speak with %s", town_agent(desk), town_agent(other), town_call(call));
    }
    // One person cannot be joined with two callers, unless she has left the first.
    for (uint32_t a = 0; a < self->scenario->calls; a++)
        for (uint32_t b = 0; b < a; b++)
            if (now->legs[a].state == LEG_JOINED && now->legs[b].state == LEG_JOINED &&
                now->legs[a].agent == now->legs[b].agent && now->desks[now->legs[a].agent].state == DESK_ON_CALL &&
                now->legs[a].left == 0 && now->legs[b].left == 0)
                violate(self, "%s and %s are both joined with %s", town_call(a), town_call(b),
                        town_agent(now->legs[a].agent));
}

void rules_check(struct model *self)
{
    check_owners(self);
    check_legs(self);
}
