// A gateway: holds callers' legs (an SIP front, an IVR, a chat bridge). See client.h for the loop, threads and memory.
//
// A call's way: submit, ACCEPTED, (WAITING), RINGING, CONNECT; then the gateway joins the legs and says joined; ENDED
// comes once, when the call is over at either side: also for what was hung up, or refused. Media never runs through a
// node. A WAITING, RINGING or other CONNECT before joined takes the CONNECT back: let that agent's leg go. A leg that
// is joined is never connected to another.
#ifndef HOTLINE_GATEWAY_H
#define HOTLINE_GATEWAY_H

#include <hotline/client.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOTLINE_CALL_ID_BYTES 129        // with the closing zero
#define HOTLINE_GATEWAY_CALLS_MAX 15000  // at once; long numbers and lists of languages make it fewer

struct hotline_gateway_options {
    const char *nodes;    // client endpoints, nearest first, divided by commas
    const char *gateway;  // its name: at most 64 printable ASCII characters; its key's party, or that, a colon and more
    const char *key_file;  // as a desk's
    const char *site;      // where it stands, a site of the directory, or NULL
    uint64_t login;        // 0: this moment
    hotline_event_callback *on_event;
    void *user;
};

struct hotline_call_spec {
    const char *id;                // NULL: made from gateway, login and a count. The same id is the same call
    const char *number;            // E.164 ("+249..."), NULL or "": withheld
    bool at;                       // lat and lon are given
    double lat, lon;               // degrees
    const char *country;           // visited country, ISO 3166 alpha-2, or NULL
    const char *queue;             // or
    const char *dialled;           // digits, by the directory's menu
    const char *const *languages;  // any of them, NULL-terminated, or NULL
    const char *const *skills;     // all of them
};

HOTLINE_API struct hotline_client *hotline_gateway_create(struct hotline_context *context,
                                                          const struct hotline_gateway_options *options,
                                                          enum hotline_result *ret_result);
// May be called before ATTACHED: the call is then part of what the gateway says when it attaches.
HOTLINE_API enum hotline_result hotline_gateway_submit(struct hotline_client *gateway,
                                                       const struct hotline_call_spec *spec,
                                                       char ret_id[HOTLINE_CALL_ID_BYTES]);
HOTLINE_API enum hotline_result hotline_gateway_joined(struct hotline_client *gateway, const char *call);
HOTLINE_API enum hotline_result hotline_gateway_join_failed(struct hotline_client *gateway, const char *call,
                                                            const char *detail);
HOTLINE_API enum hotline_result hotline_gateway_hung_up(struct hotline_client *gateway, const char *call);
HOTLINE_API size_t hotline_gateway_calls(const struct hotline_client *gateway);  // held now

#ifdef __cplusplus
}
#endif
#endif
