// libhotline: the client side of hotline. A client is one desk, one gateway or one asker of queries.
//
// Every client attaches to the first node that answers, keeps a warm stand-by connection to the nearest other by the
// round trips it measures, and spare ones to up to three more (a query: one other), and moves there, saying again what
// it is doing, when the first falls silent. The application sees events and need not know.
//
// Loop: poll hotline_client_fd() for reading, or wait hotline_client_timeout_ms(), then call hotline_client_process().
// Threads: a client and its callbacks belong to one thread at a time; a context may be shared by all.
// Errors: functions that can be refused return an enum hotline_result; nothing here logs or raises. Out of memory, or a
// broken promise inside, aborts.
// Memory: what an event or row points to is lent for the callback; strings given are copied.
// Callbacks come from hotline_client_process() only, and may call anything but that, freeing the client included.
// Descriptors: about four a connection, so twenty-two a client, ten a query; raise RLIMIT_NOFILE for hundreds of them
// in one process.
#ifndef HOTLINE_CLIENT_H
#define HOTLINE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HOTLINE_API __attribute__((visibility("default")))
#else
#define HOTLINE_API
#endif

enum hotline_result {
    HOTLINE_OK = 0,
    HOTLINE_INVALID = -1,   // an argument is missing, too long or out of range
    HOTLINE_UNKNOWN = -2,   // no such call, offer or query here
    HOTLINE_TOO_MANY = -3,  // a bound of this client is reached
    HOTLINE_WRONG_STATE = -4,
    HOTLINE_BAD_KEY = -5,  // the key file: not there, not a secret key, readable by others, or another party's
};
HOTLINE_API const char *hotline_result_text(enum hotline_result result);

// ---- context: the connections' I/O thread, shared by any number of clients

struct hotline_context;
HOTLINE_API struct hotline_context *hotline_context_create(void);        // NULL: out of resources
HOTLINE_API void hotline_context_free(struct hotline_context *context);  // after its clients

// ---- a client's life

struct hotline_client;
HOTLINE_API int hotline_client_fd(const struct hotline_client *client);
// How long to wait at most before the next process(), from now; 0: at once. Never more than a second.
HOTLINE_API int hotline_client_timeout_ms(const struct hotline_client *client);
// Receives, sends, keeps time; calls the event and row callbacks. Never waits. A client that is not processed for
// longer than half a second counts no silence of its node for that time, but says again all that it does.
HOTLINE_API void hotline_client_process(struct hotline_client *client);
// Signs off in order (a desk goes offline, a gateway's calls end) and frees.
HOTLINE_API void hotline_client_free(struct hotline_client *client);
// Frees without a word, as a crash would.
HOTLINE_API void hotline_client_abandon(struct hotline_client *client);
HOTLINE_API bool hotline_client_is_attached(const struct hotline_client *client);
HOTLINE_API const char *hotline_client_node(const struct hotline_client *client);  // attached to; "" when to none

// Counted, never silently: messages that could not be sent or were of an older attachment of this client.
struct hotline_client_counts {
    uint64_t sent, received, not_sent, stale, malformed, failovers, events_dropped;
};
HOTLINE_API struct hotline_client_counts hotline_client_counts(const struct hotline_client *client);

// ---- events, for all kinds of client

enum hotline_event_type {
    HOTLINE_ATTACHED = 1,  // node, attach; after a DETACHED, again
    HOTLINE_DETACHED,      // the node fell silent; attaching to the next goes on by itself
    HOTLINE_REFUSED,     // reason, detail, call or what; node: another that may do it, or "". Attaching goes on, later
                         // and elsewhere
    HOTLINE_SUPERSEDED,  // somebody signed in later under this name: this client is over
    // desks
    HOTLINE_OFFER,           // call, number, queue, languages, km, deadline_ms, queued_ms, place, n; of a call-back
                             // (see desk.h) also call_back, owed_ms, tries
    HOTLINE_WITHDRAWN,       // call, reason
    HOTLINE_DESK_CONNECTED,  // call
    HOTLINE_DESK_ENDED,      // call, reason; ended_here: by hotline_desk_end
    HOTLINE_DESK_STATE,      // state, reason: of every change, the application's own as well as the node's
    // gateways
    HOTLINE_CALL_ACCEPTED,  // call, copies, place
    HOTLINE_CALL_WAITING,   // call, position, ewt_s
    HOTLINE_CALL_RINGING,   // call, agent, site, km
    HOTLINE_CALL_CONNECT,   // call, agent, site, contact, km: join the legs, then say hotline_gateway_joined
    HOTLINE_CALL_ENDED,     // call, reason (answered, abandoned, refused, expired, called_back, lost), detail
};

struct hotline_place {
    const char *placed_by;  // coordinates, country, prefix, gateway_site, unknown
    double lat, lon;        // degrees
    const char *country;    // ISO 3166 alpha-2 or ""
};

struct hotline_event {  // what a type does not name is 0 or ""
    enum hotline_event_type type;
    const char *node;
    uint64_t attach;
    const char *call;
    uint32_t n;          // which offer of the call
    const char *reason;  // stable code
    const char *detail;  // sentence for people
    const char *what;    // REFUSED: the thing refused
    const char *number;
    const char *queue;
    const char *const *languages;  // NULL-terminated, or NULL
    const char *state;             // offline, available, ringing, on_call, wrap_up, not_ready
    const char *agent;
    const char *site;
    const char *contact;
    uint32_t km;
    uint32_t deadline_ms;   // from now
    uint32_t copies;        // nodes that have the call on stable storage
    uint32_t position;      // 1: next
    uint32_t ewt_s;         // estimated waiting time, seconds
    uint64_t queued_ms;     // wall clock, ms since 1970
    const char *call_back;  // OFFER: the lost call that this one calls back, or ""
    uint64_t owed_ms;       // since when, wall clock
    uint32_t tries;         // dialled in vain
    struct hotline_place place;
};

typedef void hotline_event_callback(void *user, const struct hotline_event *event);

#ifdef __cplusplus
}
#endif
#endif
