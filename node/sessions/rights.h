// Who may say what: the key that carried a message decides, never what the message says of itself. A world without keys
// (tests, on loopback) may say all. Inside node/sessions only.
#ifndef NODE_SESSIONS_RIGHTS_H
#define NODE_SESSIONS_RIGHTS_H

#include "cluster/keys/keys.h"

#include "client.pb-c.h"

struct refusal {
    const char *reason;  // NULL: allowed
    const char *what;
    char number[24];  // of a question, for `what`
    char detail[256];
};

// True: `words` are the holder's to say.
bool rights_allow(const struct key_holder *holder, const Cli__ToNode *words, struct refusal *ret_refusal);

#endif
