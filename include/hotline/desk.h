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
    // The file of this client's secret key (hotlinectl keygen). NULL: none, as in tests; such a client speaks only to
    // nodes on loopback. With a key every node must be named with its own, tcp://HOST:PORT#KEY.
    const char *key_file;
    // 0: this moment. A larger login of the same agent supersedes the smaller. One that was used before is counted anew
    // from its first attachment: nodes that know a later one of it believe that.
    uint64_t login;
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
// Call-backs. An OFFER whose `call_back` is not "" is for a caller who was lost (that is the call's id): nobody is on a
// line yet. Number, place and queue are those of the lost call, queued_ms its old place, owed_ms since when it is owed,
// tries how often it was dialled in vain. The agent accepts, dials the number by herself, and says how that went, by
// one of these two; there is no DESK_CONNECTED. After `reached` the conversation is the desk's, and hotline_desk_end
// ends it. After `not_reached` the desk is in wrap_up; the call-back is offered again after the directory's
// call_back_retry_ms, three times, and then goes to the queue's last resort. hotline_desk_end before either: it was not
// dialled, and is offered to others at once. A call-back may be withdrawn while the agent dials (the caller has come
// through by himself), never after `reached`.
#define HOTLINE_TEXT_MAX_BYTES 200
enum hotline_call_back_failure { HOTLINE_NO_ANSWER = 1, HOTLINE_WRONG_NUMBER, HOTLINE_NOT_REACHED };
HOTLINE_API enum hotline_result hotline_desk_reached(struct hotline_client *desk, const char *call);
HOTLINE_API enum hotline_result hotline_desk_not_reached(struct hotline_client *desk, const char *call,
                                                         enum hotline_call_back_failure failure,
                                                         const char *text);  // the agent's words, may be NULL
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
