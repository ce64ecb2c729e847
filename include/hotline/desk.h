// A desk: one agent's live session. See client.h for the loop, threads and memory.
#ifndef HOTLINE_DESK_H
#define HOTLINE_DESK_H

#include <hotline/client.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hotline_desk_options {
    const char *nodes;  // client endpoints, nearest first, divided by commas: tcp://a:7100,tcp://b:7100
    const char *agent;
    uint64_t login;         // 0: this moment. A larger login of the same agent supersedes the smaller
    const char *not_ready;  // NULL: signs in available; otherwise not ready for this reason
    hotline_event_callback *on_event;
    void *user;
};

// NULL: *ret_result (may be NULL) says why.
HOTLINE_API struct hotline_client *hotline_desk_create(struct hotline_context *context,
                                                       const struct hotline_desk_options *options,
                                                       enum hotline_result *ret_result);
// Answers the offer that rings now. `call` may be NULL: the one that rings. From its accept on a desk is on_call, and
// busy; DESK_CONNECTED comes when the gateway has joined the legs.
HOTLINE_API enum hotline_result hotline_desk_accept(struct hotline_client *desk, const char *call);
HOTLINE_API enum hotline_result hotline_desk_decline(struct hotline_client *desk, const char *call);
// The conversation is over. After an accept, before DESK_CONNECTED: no call came, and the desk is available again.
HOTLINE_API enum hotline_result hotline_desk_end(struct hotline_client *desk);
// After DESK_ENDED the desk is in wrap_up until one of these. Not ready while a call rings or is spoken is remembered,
// and takes effect after it (instead of wrap_up); available takes that back.
HOTLINE_API enum hotline_result hotline_desk_available(struct hotline_client *desk);
HOTLINE_API enum hotline_result hotline_desk_not_ready(struct hotline_client *desk, const char *reason);
// How the last conversation went, in a word or a few (at most 64 bytes): a code of the house. `call` may be NULL.
// Stored beside the call's record, and said again to the next node as long as no other conversation has been.
HOTLINE_API enum hotline_result hotline_desk_disposition(struct hotline_client *desk, const char *call,
                                                         const char *disposition);
HOTLINE_API const char *hotline_desk_state(const struct hotline_client *desk);
HOTLINE_API const char *hotline_desk_call(const struct hotline_client *desk);  // rings or is spoken, or ""

#ifdef __cplusplus
}
#endif
#endif
