// Askers: one that writes the directory at the beginning, and one a node that asks for its digest, what its feeds lag
// and its orphan states at the end, through the client library as hotlinectl does.
#ifndef CHAOS_SIM_OBSERVERS_H
#define CHAOS_SIM_OBSERVERS_H

#include "chaos/sim/edge.h"

struct observer {
    struct edge edge;  // first
    uint32_t node;
    uint64_t digest, records;
    bool has_digest;
    uint32_t ups;  // nodes that its node sees, itself among them
    bool has_directory;
    bool answers;   // its node did when it was asked last
    uint64_t open;  // calls that are not over and promises that are open, as its node reads them
};

void observers_create(struct sim *sim);
void observers_free(struct sim *sim);
void observers_apply(struct sim *sim);    // again and again until it is done
void observers_connect(struct sim *sim);  // to every node
// Asks every node whom it sees, and whether it has the directory; the answers come later.
void observers_look(struct sim *sim);
bool observers_see_all(const struct sim *sim);
// How many calls and call-backs are not over: asked of all, the answers come later; the largest answer.
void observers_count_open(struct sim *sim);
uint64_t observers_open(const struct sim *sim);
// What became of the calls whose gateway vanished is asked of nodes that live, and told to the judge: of some calls
// that were not asked for yet; how many.
void observers_tell_wraps(struct sim *sim);  // what every node reads of the last dispositions
uint32_t observers_tell_kept(struct sim *sim);
// Asks all; when all have answered they are told to the judge, at one time.
void observers_ask(struct sim *sim);

#endif
