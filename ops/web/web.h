// hotline-web as a whole: what its files share. One thread; the node is reached through include/hotline alone.
#ifndef OPS_WEB_WEB_H
#define OPS_WEB_WEB_H

#include "cluster/base/histogram.h"
#include "ops/common/args.h"
#include "ops/common/loop.h"
#include "ops/web/http.h"
#include "ops/web/tokens.h"

#include <hotline/query.h>

#define WEB_LONG_POLL_MAX_S 60
#define WEB_NODE_MS 5000  // how long any node may take to answer
#define WEB_GOING "hotline-web stops"

struct calls;
struct changes;
struct desks;
struct directory_task;
struct pages;
struct view;
struct web_question;

struct web {
    const char *nodes;
    struct globals globals;  // whose keys it speaks with (ops/common/credentials.h)
    struct loop loop;
    struct hotline_context *context;
    struct hotline_client *query;
    struct tokens tokens;
    struct http http;
    struct calls *calls;      // placed here
    struct desks *desks;      // signed in here
    struct changes *changes;  // of all calls and agents
    struct view *view;        // for wallboards
    struct pages *pages;
    struct web_question *questions;          // asked, not answered
    struct directory_task *directory_tasks;  // the same; some have clients of their own
    bool going;                              // nothing is asked any more, and no request taken
    struct histogram failover;               // of desks and of the gateway, from one node to the next
};

extern const struct http_route web_routes[];

// ---- questions (inquiry.c)

// hotline_ask() of the common client. Answered once, by web_give_up() at the latest.
enum hotline_result web_ask(struct web *web, enum hotline_question question, struct hotline_question_args args,
                            uint32_t timeout_ms, hotline_row_callback *on_row, hotline_done_callback *on_done);
// What is open is refused as "going", and so is every question and request from then on.
void web_give_up(struct web *web);

// The rows as JSON, an array that is freed behind the call, and how it ended.
typedef void inquiry_done(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer);
enum hotline_result inquire(struct web *web, enum hotline_question question, struct hotline_question_args args,
                            inquiry_done *done, void *user);
// For a handler: the request is answered by `done`, or here when it cannot be asked. `user` is the request.
void inquire_for(struct request *request, enum hotline_question question, struct hotline_question_args args,
                 inquiry_done *done);

// ---- reading (api_read.c)

http_handler read_nodes, read_selftest, read_queues, read_agents, read_nearest, read_status, read_digest, read_sites,
    read_ready;
// The call as one object, with its offers when asked for; NULL: the rows are none of an explain.
json_t *read_call_of_rows(json_t *rows, bool offers);
bool read_spec(struct request *request, const json_t *body, struct hotline_call_spec *ret_spec,
               const char *ret_lists[2][17]);

// ---- calls (api_calls.c): a gateway whose legs are held by those who speak HTTP

struct calls *calls_create(struct web *web, const char *gateway, const char *site);
void calls_free(struct calls *self);
void calls_tick(struct calls *self, uint64_t now_us);
// Something is new about the call: who waits for it looks again.
void calls_changed(struct calls *self, const char *call);
size_t calls_held(const struct calls *self);
http_handler calls_post, calls_list, calls_get, calls_explain, calls_delete, calls_joined, calls_events;

// ---- desks (api_desks.c)

struct desks *web_desks_create(struct web *web);
void web_desks_free(struct desks *self);
void desks_tick(struct desks *self, uint64_t now_us);
size_t desks_count(const struct desks *self);
http_handler desks_sign_in, desks_get, desks_events, desks_word, desks_sign_out;

// ---- changes (changes.c)

struct changes *changes_create(struct web *web);
void changes_free(struct changes *self);
void changes_tick(struct changes *self, uint64_t now_us);
http_handler changes_get;

// ---- the wallboard's picture (view.c)

struct view *view_create(struct web *web);
void view_free(struct view *self);
void view_tick(struct view *self, uint64_t now_us);
void view_look_again(struct view *self);  // something has changed
http_handler view_events;

// ---- directory, pages, metrics

http_handler directory_get, directory_put;
void directory_give_up(struct web *web);         // see web_give_up
struct pages *pages_create(const char *folder);  // NULL folder: none
void pages_free(struct pages *self);
http_handler pages_get;
http_handler metrics_get;

#endif
