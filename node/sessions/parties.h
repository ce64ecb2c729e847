// What each key has here: how many sessions, and how much it may still say. Inside node/sessions only.
#ifndef NODE_SESSIONS_PARTIES_H
#define NODE_SESSIONS_PARTIES_H

#include "cluster/keys/keys.h"
#include "cluster/store/tables.h"

struct party {
    char key[KEY_TEXT_BYTES + 1];
    uint32_t sessions;
    uint64_t spent_us;  // up to this time what it said is paid for
    uint32_t over;      // messages beyond that, in the second from over_from_us on
    uint64_t over_from_us;
    uint64_t shut_out_us;  // for saying far too much: its connections are not admitted until then
    UT_hash_handle hh;
};

struct parties {  // zero is empty and valid
    struct party *table;
};

// A party is there as long as it has sessions, and until what it said is paid for.
struct party *parties_need(struct parties *self, const char *key);
void parties_sweep(struct parties *self, uint64_t now_us);
void parties_close(struct parties *self);
struct party *parties_find(const struct parties *self, const char *key);  // NULL: none

enum party_hearing { PARTY_HEARD, PARTY_OVER_RATE, PARTY_SHUT_OUT };
// One more message. OVER_RATE: it says more than `messages_s` a second, for longer than a second. SHUT_OUT: twice as
// many as it may say in a second were beyond that, just now: reading them would cost others too much.
enum party_hearing party_hear(struct party *self, uint64_t now_us, uint32_t messages_s);

#endif
