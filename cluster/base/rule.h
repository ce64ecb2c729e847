// Safety rules that can be switched off, to see whether the simulator notices. In what is shipped a rule always holds,
// and RULE costs nothing; only the simulator's own build (HOTLINE_BREAKABLE) can break one, by its name. What each rule
// says stands in chaos/sim/rules.c.
//
//     if (RULE(compare_attach) && attach <= largest)
//         refuse();
#ifndef CLUSTER_BASE_RULE_H
#define CLUSTER_BASE_RULE_H

#ifdef HOTLINE_BREAKABLE
#include <string.h>
extern const char *rule_broken;  // NULL: none
#define RULE(name) (rule_broken == NULL || strcmp(rule_broken, #name) != 0)
#else
#define RULE(name) 1
#endif

#endif
