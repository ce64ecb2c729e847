// Questions from within. Included by the query's files, by nobody else.
#ifndef NODE_CLIENT_QUERY_H
#define NODE_CLIENT_QUERY_H

#include "node/client/core.h"
#include "node/client/cursor.h"
#include "node/client/submit.h"

#define QUESTIONS_MAX 64
#define QUESTION_PLACE_MAX_BYTES 512

struct question {
    uint64_t id;  // of this try; 0: not asked
    uint32_t tries;
    uint32_t slot;
    int endpoint;
    uint64_t asked_us, heard_us, again_us, deadline_us;
    Cli__Query__What what;  // UNSET: an apply
    Cli__Submit *find;
    uint32_t limit;
    char call[CALL_ID_MAX_BYTES + 1];
    char node[NAME_MAX_BYTES + 1];
    uint8_t place[QUESTION_PLACE_MAX_BYTES];
    size_t place_bytes;
    struct cursor cursor;  // EVENTS: from here; while its rows are given: up to the last one given
    bool from_now;
    char number[SUBMIT_NUMBER_MAX_BYTES + 1];
    bool show_numbers, only_failing;
    struct bytes directory;
    uint64_t over_claim, over_revision;
    bool force;
    uint32_t parts_sent;
    struct bytes answer;  // messages, each behind its size
    void *user;
    hotline_row_callback *on_row;
    hotline_done_callback *on_done;
};

struct query {
    struct hotline_client base;
    struct question *questions[QUESTIONS_MAX];  // in the order asked
    uint32_t count;
    uint64_t last_id;
    struct arena arena;
};

extern const struct client_kind query_kind;

static inline struct query *query_of(struct hotline_client *client)
{
    return (struct query *)client;
}

void question_free(struct question *question);
void query_take_out(struct query *self, struct question *question);
// Asks it, asks it again elsewhere, or gives it up: whatever it is time for.
void query_see_to(struct query *self, struct question *question, uint64_t now_us);

// Gives the rows of one part of an answer to on_row; parts of an export are collected in `export_` and given whole,
// `cursor` goes on with every event. False: the part makes no sense.
bool rows_give(struct arena *arena, const Cli__Answer *answer, struct bytes *export_, uint32_t *export_parts,
               struct cursor *cursor, hotline_row_callback *on_row, void *user);
bool rows_give_events(struct arena *arena, const Cli__Events *events, bool last, struct cursor *cursor,
                      hotline_row_callback *on_row, void *user);

#endif
