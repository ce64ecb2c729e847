// The wire's words as applications read them.
#ifndef NODE_CLIENT_TEXTS_H
#define NODE_CLIENT_TEXTS_H

#include "records.pb-c.h"

#include <hotline/client.h>

struct hotline_place place_of(const Rec__Place *place);  // NULL: unknown. Lends its texts
const char *agent_state_text(Rec__AgentState state);
const char *call_state_text(Rec__CallState state);
const char *end_text(Rec__EndReason end);              // "" for one that has not ended
const char *test_state_text(Rec__TestResult result);   // passed, nobody, old, failing, none
const char *test_reason_text(Rec__TestResult result);  // of failing; otherwise ""
const char *outcome_text(Rec__OfferOutcome outcome);

#endif
