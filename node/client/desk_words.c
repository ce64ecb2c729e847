// What a desk says to its node.
#include "node/client/desk.h"

#include <string.h>

#define WORD_TRIES_MAX 10
#define ACCEPT_TRIES_MAX 4  // its effect, the legs joined, may take the gateway seconds

void desk_say(struct desk *self, Cli__DeskWord__Word word, const char *call, uint32_t n, const char *reason)
{
    if (self->base.phase != CLIENT_ATTACHED)
        return;
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.attach = self->base.attach;
    words.word = word;
    words.call = (char *)call;
    words.n = n;
    words.reason = (char *)reason;
    if (word == CLI__DESK_WORD__WORD__NOT_REACHED)
        words.text = self->said_text;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_DESK_WORD;
    message.desk_word = &words;
    client_send(&self->base, self->base.primary, &message);
}

// Not attached: it waits for the attachment, which is at hand.
void desk_say_word(struct desk *self, struct word *word)
{
    word->tries++;
    word->at_us = client_now(&self->base) + CLIENT_REPEAT_MS * (uint64_t)1000;
    const char *reason = word == &self->state_word                         ? self->reason
                         : word == &self->disposition_word                 ? self->disposition
                         : word->word == CLI__DESK_WORD__WORD__NOT_REACHED ? self->said_reason
                                                                           : "";
    desk_say(self, word->word, word->call, word->n, reason);
}

void desk_set_word(struct desk *self, struct word *word, Cli__DeskWord__Word what, const char *call, uint32_t n)
{
    *word = (struct word){.word = what, .n = n};
    text_copy(word->call, sizeof word->call, call);
    desk_say_word(self, word);
}

void desk_repeat_word(struct desk *self, struct word *word, uint64_t now_us)
{
    uint32_t most = word->word == CLI__DESK_WORD__WORD__ACCEPT ? ACCEPT_TRIES_MAX : WORD_TRIES_MAX;
    if (word->tries == 0 || self->base.phase != CLIENT_ATTACHED || now_us < word->at_us)
        return;
    if (word->tries >= most)
        word->tries = 0;
    else
        desk_say_word(self, word);
}

bool desk_word_is_about(const struct word *word, const char *call, uint32_t n)
{
    return word->tries > 0 && strcmp(word->call, call) == 0 && (n == 0 || word->n == n);
}

// A test call has come as far as a person's desk: that the loop which serves the person runs is all that it asks.
// Nobody is told, and nothing changes.
void desk_say_tested(struct desk *self, const Cli__TestOffered *offered)
{
    Cli__TestAnswered words = CLI__TEST_ANSWERED__INIT;
    words.attach = self->base.attach;
    words.test = offered->test;
    words.node = offered->node;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_TEST_ANSWERED;
    message.test_answered = &words;
    client_send(&self->base, self->base.primary, &message);
}
