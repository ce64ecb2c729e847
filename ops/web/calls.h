// The calls that are held here, between the files that hold them and that speak of them.
#ifndef OPS_WEB_CALLS_H
#define OPS_WEB_CALLS_H

#include "ops/web/web.h"

#include <hotline/gateway.h>

#define HASH_FUNCTION HASH_FNV  // the default one falls through its switch
#include <uthash.h>

#define CALL_WAITERS_MAX HTTP_CONNECTIONS_MAX  // one a connection

struct held_call {
    char id[HOTLINE_CALL_ID_BYTES];
    bool joins_itself;
    struct request *placing;  // is to be told that it is accepted
    uint64_t placing_until_us;
    uint32_t position, ewt_s;
    char contact[260];
    UT_hash_handle hh;
};

struct call_waiter {  // a long poll
    struct web *web;
    struct request *request;
    char call[HOTLINE_CALL_ID_BYTES];
    char seen[24];  // what it has already; "": nothing
    uint64_t until_us;
    bool asking, stale;
    struct call_waiter *previous, *next;
};

struct calls {
    struct web *web;
    struct hotline_client *gateway;
    struct held_call *held;
    uint64_t detached_us;  // 0: attached, or not yet
    struct call_waiter *waiters;
};

struct held_call *calls_find(const struct calls *self, const char *id);
struct held_call *calls_add(struct calls *self, const char *id);
struct call_waiter *waiters_add(struct calls *self, struct request *request, const char *call);
void waiters_remove(struct calls *self, struct call_waiter *waiter);
void waiters_tick(struct calls *self, uint64_t now_us);

#endif
