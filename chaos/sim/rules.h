// Safety rules that the simulator can break, one at a time: what each says, and whether the judge misses it. A rule is
// applied where RULE (cluster/base/rule.h) names it.
//
// Verdicts come from hotline-sim, which is made of the very libraries that are shipped. A broken rule is run by a
// second program beside it, hotline-sim-breakable, made of the same sources with HOTLINE_BREAKABLE; hotline-sim --break
// hands over to it. So nothing that can be broken is ever in what is judged, and a test compares the traces of the two.
#ifndef CHAOS_SIM_RULES_H
#define CHAOS_SIM_RULES_H

#include <stdbool.h>

// Breaks the rule from now on, or ("help") prints all of them with a sentence each and ends the program. In
// hotline-sim: goes on as hotline-sim-breakable, with these arguments. False: there is no such rule.
bool rules_break(const char *name, char **argv);

#endif
