// What a queue did in the last day, from the calls this node saw ending, its own and copies: hourly counts, integers.
//   ASA                mean wait of the calls that were answered
//   service level      answered within the target / (answered + abandoned + expired)
//   abandonment rate   abandoned / (answered + abandoned + expired)
//   EWT                position x mean time between answers (moving average, quiet hours left out)
// (The usual definitions of call-centre practice; calls abandoned within the target count as abandoned.)
#ifndef NODE_SWITCHBOARD_STATS_H
#define NODE_SWITCHBOARD_STATS_H

#include "node/directory/directory.h"

#include <stdbool.h>
#include <stdint.h>

#define STATS_HOURS 24

struct stats_hour {
    uint64_t hour;  // since 1970
    uint32_t answered, answered_in_target, abandoned, expired, called_back;
    uint64_t answered_wait_ms;
};

struct stats_queue {
    char id[65];
    uint32_t waiting;  // now
    uint64_t last_answer_ms, answer_gap_ms;
    struct stats_hour hours[STATS_HOURS];
};

struct stats {  // zero is empty and valid
    struct stats_queue queues[DIRECTORY_QUEUES_MAX];
    uint32_t count;
};

enum stats_end { STATS_ANSWERED, STATS_ABANDONED, STATS_EXPIRED, STATS_CALLED_BACK };

// NULL past DIRECTORY_QUEUES_MAX names.
struct stats_queue *stats_queue(struct stats *self, const char *id);
void stats_count(struct stats_queue *queue, uint64_t ended_ms, enum stats_end end, uint64_t wait_ms,
                 uint32_t target_ms);
struct stats_hour stats_sum(const struct stats_queue *queue, uint64_t now_ms);
// Seconds until the call at this position is answered; 0 when nothing is known.
uint32_t stats_ewt_s(const struct stats_queue *queue, uint32_t position);

#endif
