#include "chaos/sim/met.h"

const char *met_name(enum met_kind kind)
{
#define MET_NAME(name) #name,
    static const char *const names[] = {MET_LIST(MET_NAME, MET_NAME)};
#undef MET_NAME
    return names[kind];
}

bool met_is_fault(enum met_kind kind)
{
#define MET_TRUE(name) true,
#define MET_FALSE(name) false,
    static const bool faults[] = {MET_LIST(MET_TRUE, MET_FALSE)};
#undef MET_TRUE
#undef MET_FALSE
    return faults[kind];
}

void met_add(struct met *self, const struct met *other)
{
    for (int kind = 0; kind < MET_KINDS; kind++)
        self->counts[kind] += other->counts[kind];
}
