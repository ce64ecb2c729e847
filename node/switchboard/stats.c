#include "node/switchboard/stats.h"

#include "cluster/base/text.h"

#include <string.h>

#define HOUR_MS ((uint64_t)3600 * 1000)
#define EWT_MAX_S 86400
#define ANSWER_GAP_MAX_MS 120000  // a longer pause was a quiet hour, not a slow one

struct stats_queue *stats_queue(struct stats *self, const char *id)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (strcmp(self->queues[i].id, id) == 0)
            return &self->queues[i];
    if (self->count == DIRECTORY_QUEUES_MAX)
        return NULL;
    struct stats_queue *queue = &self->queues[self->count++];
    text_copy(queue->id, sizeof queue->id, id);
    return queue;
}

static void count_gap(struct stats_queue *queue, uint64_t answered_ms)
{
    if (answered_ms <= queue->last_answer_ms)
        return;
    uint64_t gap_ms = answered_ms - queue->last_answer_ms;
    bool first = queue->last_answer_ms == 0;
    queue->last_answer_ms = answered_ms;
    if (first)
        return;
    if (gap_ms > ANSWER_GAP_MAX_MS)
        gap_ms = ANSWER_GAP_MAX_MS;
    queue->answer_gap_ms = queue->answer_gap_ms == 0 ? gap_ms : (7 * queue->answer_gap_ms + gap_ms) / 8;
}

void stats_count(struct stats_queue *queue, uint64_t ended_ms, enum stats_end end, uint64_t wait_ms, uint32_t target_ms)
{
    uint64_t hour = ended_ms / HOUR_MS;
    struct stats_hour *counts = &queue->hours[hour % STATS_HOURS];
    if (counts->hour > hour)
        return;  // older than a day
    if (counts->hour < hour)
        *counts = (struct stats_hour){.hour = hour};
    switch (end) {
    case STATS_ANSWERED:
        counts->answered++;
        counts->answered_in_target += wait_ms <= target_ms;
        counts->answered_wait_ms += wait_ms;
        count_gap(queue, ended_ms);
        break;
    case STATS_ABANDONED:
        counts->abandoned++;
        break;
    case STATS_EXPIRED:
        counts->expired++;
        break;
    case STATS_CALLED_BACK:
        counts->called_back++;
        break;
    }
}

struct stats_hour stats_sum(const struct stats_queue *queue, uint64_t now_ms)
{
    struct stats_hour total = {0};
    uint64_t hour = now_ms / HOUR_MS;
    for (uint32_t i = 0; i < STATS_HOURS; i++) {
        const struct stats_hour *counts = &queue->hours[i];
        if (counts->hour + STATS_HOURS <= hour)
            continue;
        total.answered += counts->answered;
        total.answered_in_target += counts->answered_in_target;
        total.abandoned += counts->abandoned;
        total.expired += counts->expired;
        total.called_back += counts->called_back;
        total.answered_wait_ms += counts->answered_wait_ms;
    }
    return total;
}

uint32_t stats_ewt_s(const struct stats_queue *queue, uint32_t position)
{
    uint64_t ewt = (position * queue->answer_gap_ms + 999) / 1000;
    return ewt < EWT_MAX_S ? (uint32_t)ewt : EWT_MAX_S;
}
