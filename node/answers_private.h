// Between the files that answer questions.
#ifndef NODE_ANSWERS_PRIVATE_H
#define NODE_ANSWERS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

struct Cli__Answer;
struct Cli__Query;
struct node;

struct reply {  // to one question
    struct node *node;
    uint64_t session, query;
};

void answers_say(const struct reply *reply, struct Cli__Answer *answer, bool last);
void answers_refuse(const struct reply *reply, const char *reason, const char *detail);
// What only the node named can be asked; another refuses, and says where to ask.
bool answers_is_for_other(const struct reply *reply, const char *name);
bool answers_lack_directory(struct node *node, const struct reply *reply);  // and says so
// A caller's, in place: the first four characters, which say the country, and the last two stay; a short one is hidden
// whole.
void answers_mask(char *number);

void answer_status(struct node *node, const struct reply *reply);
void answer_agents(struct node *node, const struct reply *reply);
void answer_find(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_calls(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_audit(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_explain(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_backup(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_selftest(struct node *node, const struct reply *reply, const struct Cli__Query *query);
void answer_events(struct node *node, const struct reply *reply, const struct Cli__Query *query);

#endif
