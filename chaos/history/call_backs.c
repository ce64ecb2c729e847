// Lost callers, and their call-backs: who makes one and what was known then, whom a desk is rung for, who was reached.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <string.h>

#define MAJORITY_MS 15000  // a node that started longer ago counts its turns as all others do
#define AT_ONCE_MS 1000    // nodes make call-backs in turn: further apart than this, if they have known equally long

// The call that the call-back `id` stands for; NULL: not known, or no call-back.
static struct leg *lost_of(struct judge *self, const char *id)
{
    const char *mark = strchr(id, '~');
    char base[ID_MAX_BYTES];
    if (mark == NULL || !text_copy(base, sizeof base, id))
        return NULL;
    base[mark - id] = '\0';
    return judge_leg_find(self, base);
}

void judge_call_back_tried(struct judge *self, const char *caller)
{
    if (caller[0] == '\0' || self->count.owed == 0)
        return;
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next)
        if (leg->state == LEG_OWED && name_is(&leg->caller, caller))
            leg->is_tried = true;
}

void judge_call_back_settle(struct judge *self, const struct leg *leg, const char *reason)
{
    bool settles =
        strcmp(reason, "answered") == 0 || strcmp(reason, "abandoned") == 0 || strcmp(reason, "expired") == 0;
    struct leg *owed = settles ? lost_of(self, leg->id) : NULL;
    if (owed != NULL && owed->state == LEG_OWED)
        judge_leg_end(self, owed);
}

// One whose maker is gone counts as not made, though it still rings. Which of two makers a call-back is of, and when
// their copies met, is not told: so no node may have died since a while before the ring.
static bool maker_may_be_gone(const struct judge *self, uint64_t rings_us)
{
    return self->nodes_us + (uint64_t)self->options.digests_ms * 1000 > rings_us;
}

// Its node lets a ring end at the deadline as the node counts it, and the desk hears of that a way later.
static bool ring_is_ending(const struct judge *self, const struct client *desk)
{
    return desk->deadline_ms != 0 &&
           self->us + (uint64_t)AT_ONCE_MS * 1000 >= desk->has_us + (uint64_t)desk->deadline_ms * 1000;
}

static bool rings_for_nobody(const struct judge *self, const struct client *desk)
{
    return desk->has == HAS_RINGING && (ring_is_ending(self, desk) || maker_may_be_gone(self, desk->has_us));
}

// A desk that goes on, has had a call-back of this call since everybody should know of it. `other_than`: of another
// number; NULL: of any.
static const struct client *desk_with(const struct judge *self, const struct leg *lost, const char *other_than)
{
    for (const struct client *desk = self->clients; desk != NULL && lost->backs > 0; desk = desk->hh.next)
        if (desk->is_desk && desk->lost == lost && (other_than == NULL || strcmp(desk->call, other_than) != 0) &&
            judge_client_is_sound(desk, desk->has_us) && judge_passed(self, desk->has_us, self->options.digests_ms) &&
            !rings_for_nobody(self, desk))
            return desk;
    return NULL;
}

// ---- made

static uint32_t names_in(const char *list, const char *wanted, bool *ret_found)
{
    uint32_t count = 0;
    for (const char *rest = list; *rest != '\0'; count++) {
        size_t bytes = strcspn(rest, ",");
        *ret_found = *ret_found || (strlen(wanted) == bytes && memcmp(rest, wanted, bytes) == 0);
        rest += bytes + (rest[bytes] == ',');
    }
    return count;
}

void judge_call_back_made(struct judge *self, const struct history_event *event)
{
    const char *id = text_or_none(event->call), *node = text_or_none(event->node);
    struct leg *lost = lost_of(self, id);
    bool sees_maker = false;
    uint32_t reach = 1 + names_in(text_or_none(event->list), lost != NULL ? lost->maker.text : "", &sees_maker);
    self->count.made++;
    if (event->party != NULL && event->party[0] != '\0')
        judge_condemn(self, JUDGE_CALLED_BACK_HELD,
                      "node %s makes %s at %.3f s, though a node in its reach hears %s, which owns the call", node, id,
                      seconds(self->us), event->party);
    if (2 * (uint64_t)reach <= event->records && event->number < self->options.alone_ms)
        judge_condemn(self, JUDGE_CALLED_BACK_ALONE,
                      "node %s makes %s at %.3f s, owed for %" PRIu64 " ms, and sees %" PRIu32 " of %" PRIu64 " nodes",
                      node, id, seconds(self->us), event->number, reach, event->records);
    const struct node *maker = judge_world_node(self, node);
    if (maker != NULL && maker->is_behind)
        judge_condemn(self, JUDGE_CALLED_BACK_ALONE,
                      "node %s makes %s at %.3f s, and has not caught up since it was made from a backup at %.3f s",
                      node, id, seconds(self->us), seconds(maker->backup_us));
    if (event->reason != NULL && event->reason[0] != '\0')
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE,
                      "node %s makes %s at %.3f s, and knows another call-back of the call, which %s", node, id,
                      seconds(self->us), strcmp(event->reason, "kept") == 0 ? "had its outcome" : event->reason);
    if (lost == NULL)
        return;
    bool equal = event->number < lost->made_owed_ms + AT_ONCE_MS && lost->made_owed_ms < event->number + AT_ONCE_MS;
    if (sees_maker && equal && self->us < lost->made_us + (uint64_t)AT_ONCE_MS * 1000 &&
        judge_passed(self, 0, self->options.progress_ms) && self->us >= self->nodes_us + (uint64_t)MAJORITY_MS * 1000)
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE,
                      "node %s makes %s at %.3f s, and node %s, in its reach, made one at %.3f s", node, id,
                      seconds(self->us), lost->maker.text, seconds(lost->made_us));
    const struct client *desk = desk_with(self, lost, NULL);
    if (desk != NULL)
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE, "node %s makes %s at %.3f s, and desk %s is at %s since %.3f s",
                      node, id, seconds(self->us), desk->name.text, desk->call, seconds(desk->has_us));
    name_set(&lost->maker, node);
    lost->made_us = self->us;
    lost->made_owed_ms = event->number;
}

// ---- rung

// A wrong verdict may call back somebody who is on the line; but not while all is well and everybody knows better.
static void look_if_held(struct judge *self, const struct client *desk, const struct leg *lost)
{
    uint64_t held_us = (uint64_t)self->options.held_ms * 1000;
    bool is_held = lost->gateway != NULL && lost->state != LEG_OVER && !lost->hung_up && !lost->is_shared;
    if (is_held && self->us >= held_us && judge_passed(self, lost->submitted_us, self->options.held_ms) &&
        judge_client_is_sound(lost->gateway, self->us - held_us))
        judge_condemn(self, JUDGE_CALLED_BACK_HELD,
                      "desk %s is rung for %s at %.3f s, though gateway %s holds the call since %.3f s without a break",
                      desk->name.text, desk->call, seconds(self->us), lost->gateway_name.text,
                      seconds(lost->submitted_us));
    // An end of the storm's time may have died with the node that wrote it.
    if (lost->state == LEG_OVER && lost->is_settled && !lost->is_shared && lost->over_us >= self->calm_us &&
        judge_passed(self, lost->over_us, self->options.digests_ms))
        judge_condemn(self, JUDGE_RUNG_IN_VAIN, "desk %s is rung at %.3f s for %s, whose call has ended at %.3f s",
                      desk->name.text, seconds(self->us), desk->call, seconds(lost->over_us));
}

// Not twice, as soon as everybody can know of the first.
static void look_if_twice(struct judge *self, const struct client *desk, const struct leg *lost)
{
    const struct client *other = desk_with(self, lost, desk->call);
    if (lost->speaker != 0 && judge_passed(self, lost->speaker_us, self->options.held_ms))
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE,
                      "desk %s is rung for %s at %.3f s, whose caller speaks with client %" PRIu32 " since %.3f s",
                      desk->name.text, desk->call, seconds(self->us), lost->speaker, seconds(lost->speaker_us));
    else if (lost->reached_us != 0 && lost->reached_us >= self->calm_us &&
             judge_passed(self, lost->reached_us, self->options.digests_ms))
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE,
                      "desk %s is rung for %s at %.3f s, whose caller was reached, and spoken with, by %.3f s",
                      desk->name.text, desk->call, seconds(self->us), seconds(lost->reached_us));
    else if (other != NULL)
        judge_condemn(self, JUDGE_CALLED_BACK_TWICE,
                      "desk %s is rung for %s at %.3f s, and desk %s is at %s since %.3f s", desk->name.text,
                      desk->call, seconds(self->us), other->name.text, other->call, seconds(other->has_us));
}

void judge_call_back_rings(struct judge *self, struct client *desk, const struct history_event *event)
{
    struct leg *lost = lost_of(self, desk->call);
    judge_call_back_tried(self, text_or_none(event->party));
    if (lost == NULL)
        return;
    look_if_twice(self, desk, lost);
    look_if_held(self, desk, lost);
    desk->lost = lost;
    lost->backs++;
    lost->is_tried = true;
    judge_call_back_tried(self, lost->caller.text);
}

// ---- dialled

void judge_call_back_reached(struct judge *self, struct client *desk)
{
    struct leg *lost = desk->lost;
    self->count.called_back++;
    if (lost == NULL)
        return;
    lost->speaker = desk->number;
    lost->speaker_us = self->us;
    judge_call_back_tried(self, lost->caller.text);
}

void judge_call_back_left(struct judge *self, struct client *desk)
{
    struct leg *lost = desk->lost;
    desk->lost = NULL;
    if (lost == NULL)
        return;
    if (lost->speaker == desk->number) {
        lost->speaker = 0;
        // A desk that is not sound may have told nobody.
        lost->reached_us = judge_client_is_sound(desk, lost->speaker_us) ? self->us : 0;
    }
    lost->backs--;
    judge_leg_drop(self, lost);
}
