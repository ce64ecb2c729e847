// What came late, behind the places up to which readers of events had read here; see mends.c.
#ifndef NODE_MENDS_H
#define NODE_MENDS_H

#include <stdbool.h>
#include <stdint.h>

struct Cli__FeedPlace;
struct node;
struct record;
struct version;

bool mends_is_told(uint8_t kind);  // whether readers of events are told of such records
// A record has come: if it came late, that is written down.
void mends_note(struct node *self, const struct record *record);

// Looks at what was noted since the reader was told, by nodes that it has read from. For each note, in the order of its
// feed, `visit` hears its place and the record that the reader has missed, or NULL: it is not there any more, or is
// told otherwise; `visit` moves the reader's place of that node's mends. `place`: the reader's, NULL if it has none;
// with `boot` 0, any of that owner.
struct mends_reader {
    void *context;
    const struct Cli__FeedPlace *(*place)(void *context, const char *owner, uint64_t boot);
    void (*visit)(void *context, const struct version *note, const struct record *missed);
};
void mends_tell(struct node *self, const struct mends_reader *reader);
void mends_pass_own(struct node *self,
                    const struct mends_reader *reader);  // visits all that this node noted: not missed

#endif
