// A desk from within. Included by the desk's own files, by nobody else.
#ifndef NODE_CLIENT_DESK_H
#define NODE_CLIENT_DESK_H

#include "node/client/core.h"

#include <hotline/desk.h>

enum desk_state { DESK_AVAILABLE, DESK_RINGING, DESK_ACCEPTED, DESK_ON_CALL, DESK_WRAP_UP, DESK_NOT_READY };

struct word {  // tries 0: there is none
    Cli__DeskWord__Word word;
    char call[CALL_ID_MAX_BYTES + 1];
    uint32_t n;
    uint32_t tries;
    uint64_t at_us;  // to be said again
};

struct desk {
    struct hotline_client base;
    enum desk_state state;
    char reason[CLIENT_REASON_MAX_BYTES + 1];  // of NOT_READY
    uint64_t since_ms;
    uint32_t moves, moves_attached;  // in all, and when it attached last
    bool said_call;                  // it had one when it attached last
    bool unsaid;                     // it moved since, and no word of ours says so
    struct {
        char call[CALL_ID_MAX_BYTES + 1];
        uint64_t call_attach;
        uint32_t n;
        uint32_t deadline_ms;
        uint64_t over_us;
    } offer;                // RINGING, ACCEPTED, ON_CALL
    struct word call_word;  // ACCEPT, DECLINE, END, NO_CALL, REACHED, NOT_REACHED
    char said_reason[16];   // with NOT_REACHED
    char said_text[HOTLINE_TEXT_MAX_BYTES + 1];
    struct word state_word;        // READY, AWAY, WRAPPING
    struct word disposition_word;  // said again whenever it attaches, until the next conversation
    char disposition[CLIENT_REASON_MAX_BYTES + 1];
    char spoken_call[CALL_ID_MAX_BYTES + 1];   // the last conversation
    char reached_call[CALL_ID_MAX_BYTES + 1];  // the last call-back whose caller was reached
    bool then_not_ready;                       // once the call is over
    char then_reason[CLIENT_REASON_MAX_BYTES + 1];
    char ended_call[CALL_ID_MAX_BYTES + 1];  // ended here: to be told in process()
    const char *told_state;
    char told_reason[CLIENT_REASON_MAX_BYTES + 1];
};

extern const struct client_kind desk_kind;

static inline struct desk *desk_of(struct hotline_client *client)
{
    return (struct desk *)client;
}

const char *desk_state_text(enum desk_state state);
bool desk_has_call(const struct desk *self);
void desk_move(struct desk *self, enum desk_state to, const char *reason);
// To `state`, or to not ready when that was asked for meanwhile.
void desk_rest(struct desk *self, enum desk_state state);
void desk_has_spoken(struct desk *self, const char *call);
void desk_emit_call(struct desk *self, enum hotline_event_type type, const char *call, uint32_t n, const char *reason);
void desk_ended_by_other(struct desk *self, const char *reason, bool node_knows_wrap_up);

// ---- desk_heard.c

void desk_message(struct hotline_client *client, const Cli__ToClient *message);
void desk_refused(struct hotline_client *client, const Cli__Refused *words);
void desk_start_ring_time(struct desk *self);

// ---- desk_words.c

void desk_say(struct desk *self, Cli__DeskWord__Word word, const char *call, uint32_t n, const char *reason);
void desk_say_word(struct desk *self, struct word *word);
void desk_set_word(struct desk *self, struct word *word, Cli__DeskWord__Word what, const char *call, uint32_t n);
void desk_repeat_word(struct desk *self, struct word *word, uint64_t now_us);  // if it is due
bool desk_word_is_about(const struct word *word, const char *call, uint32_t n);
void desk_say_tested(struct desk *self, const Cli__TestOffered *offered);

#endif
