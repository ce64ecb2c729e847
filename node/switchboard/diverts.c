// A call whose wait limit is over goes to its queue's last resort: another queue, or a contact outside the cluster, to
// which its gateway sends the caller.
//
//   WAITING ──limit over, its gateway is told──▶ WAITING, diverted ──LET_GO, or listed no more──▶ ENDED expired
//      ▲                                            │  │
//      └──────────── its gateway lists it ──────────┘  └── its gateway is lost ──▶ ENDED called_back
//
// A diverted call is offered to nobody. Its end is the gateway's to know: one that dies unheard may have died before it
// was told, and then nobody has sent the caller anywhere.
#include "node/switchboard/board.h"

#include "cluster/base/rule.h"

#define DIVERT_REPEAT_MS 1000

static const char *last_resort(const struct board *self, const struct call *call)
{
    return call->queue == DIRECTORY_NONE ? "" : self->directory->queues[call->queue].last_resort_contact;
}

void call_divert(struct board *self, struct call *call)
{
    if (!call->diverted) {
        call_dequeue(self, call);
        offer_close_all(self, call, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "caller_gone");
        call->diverted = true;
    }
    call->news_us = self->now.mono_us + (uint64_t)DIVERT_REPEAT_MS * 1000;
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.what = CLI__CALL_NEWS__WHAT__ENDED;
    news.end = REC__END_REASON__EXPIRED;
    news.detail = (char *)last_resort(self, call);
    news.asks = true;
    say_call_news(self, call, &news);
}

void call_end_diverted(struct board *self, struct call *call)
{
    call_end(self, call, REC__END_REASON__EXPIRED, last_resort(self, call));
}

// `apply` saw to it that this comes to an end.
void call_expire(struct board *self, struct call *call)
{
    const struct directory_queue *queue = &self->directory->queues[call->queue];
    if (queue->last_resort_queue == DIRECTORY_NONE) {
        if (RULE(expired_is_heard) && call->gateway != NULL && call->gateway->lets_go)
            call_divert(self, call);
        else  // a call-back, or its gateway's library is old, and will not say
            call_end(self, call, REC__END_REASON__EXPIRED, queue->last_resort_contact);
        return;
    }
    const struct directory_queue *next = &self->directory->queues[queue->last_resort_queue];
    Rec__Call *body = board_change(self, call);
    body->queue = board_text(self, next->id);
    call_dequeue(self, call);
    board_read_call(self, call, body);
    call_start_wait(self, call);
    call->news_us = 0;
    if (call->state == REC__CALL_STATE__WAITING)
        call_enqueue(self, call);
    call_ring(self, call);
}
