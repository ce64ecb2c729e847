// P2's distance: a call that comes in calm, with nothing else waiting, rings one of the nearest agents that are free.
//
// Only what nobody doubts is judged, and one call at a time: it waits alone, its gateway and the agents' desks are
// attached and quiet for a while, and places are told. When a farther desk rings first, those that were passed over
// have a while to show that they were busy after all: their word may have been under way.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define QUIET_MS 2000  // what is so for so long is known everywhere
#define SAME_KM 1.0    // the nodes count in integers
#define EARTH_KM 6371.0

// ---- distance

bool judge_place_read(const char *text, struct judge_place *ret_place)
{
    int lat_udeg, lon_udeg, end = 0;
    text = text_or_none(text);
    *ret_place = (struct judge_place){0};
    if (sscanf(text, "%d,%d%n", &lat_udeg, &lon_udeg, &end) != 2 || text[end] != '\0')
        return false;
    *ret_place = (struct judge_place){.known = true, .lat = lat_udeg / 1e6, .lon = lon_udeg / 1e6};
    return true;
}

static double radians(double degrees)
{
    return degrees * 3.14159265358979323846 / 180;
}

static double km_between(struct judge_place a, struct judge_place b)
{
    double lat = sin(radians(b.lat - a.lat) / 2), lon = sin(radians(b.lon - a.lon) / 2);
    double chord = lat * lat + cos(radians(a.lat)) * cos(radians(b.lat)) * lon * lon;
    return 2 * EARTH_KM * asin(chord < 1 ? sqrt(chord) : 1);
}

// ---- a call begins to be watched

static bool was_quiet(const struct judge *self, uint64_t since_us)
{
    return self->us >= since_us + (uint64_t)QUIET_MS * 1000;
}

static bool is_surely_free(const struct judge *self, const struct client *desk)
{
    return desk->is_desk && desk->place.known && desk->available && desk->has == HAS_NOTHING &&
           !judge_client_lost_word(desk) && was_quiet(self, desk->free_us) && was_quiet(self, desk->settled_us) &&
           desk->attached && !desk->stalls && judge_client_leads(desk);
}

static bool is_alone(const struct judge *self, const struct leg *leg)
{
    if (!was_quiet(self, self->unserved_us))
        return false;
    for (const struct leg *other = self->legs; other != NULL; other = other->hh.next)
        if (other != leg && other->state != LEG_JOINED && other->state != LEG_OVER)
            return false;
    return true;
}

// Keeps the nearest `width` in order.
static void consider(struct judge_watch *watch, const struct client *desk, double km)
{
    uint32_t at = watch->count < watch->width ? watch->count++ : watch->width;
    for (; at > 0 && km < watch->nearest[at - 1].km; at--)
        if (at < watch->width)
            watch->nearest[at] = watch->nearest[at - 1];
    if (at < watch->width)
        watch->nearest[at] = (struct judge_near){desk->number, km};
}

static void watch_from_now(struct judge *self, const struct history_event *event)
{
    const struct leg *leg = judge_leg_find(self, event->call);
    struct judge_watch watch = {.open = true, .width = (uint32_t)event->number};
    bool is_calm = judge_passed(self, 0, QUIET_MS) && judge_world_serves(self) && leg != NULL && leg->gateway != NULL &&
                   !leg->is_shared && was_quiet(self, leg->gateway->settled_us) && is_alone(self, leg);
    if (!is_calm || event->number == 0 || event->number > JUDGE_NEAREST_MAX ||
        !judge_place_read(event->place, &watch.place))
        return;
    for (const struct client *desk = self->clients; desk != NULL; desk = desk->hh.next)
        if (is_surely_free(self, desk) && judge_leg_suits(leg, desk))
            consider(&watch, desk, km_between(watch.place, desk->place));
    if (watch.count < watch.width)
        return;
    text_copy(watch.call, sizeof watch.call, leg->id);
    self->watch = watch;
}

// ---- until it rings

static bool is_near(const struct judge_watch *watch, uint32_t client)
{
    for (uint32_t i = 0; i < watch->count; i++)
        if (watch->nearest[i].client == client)
            return true;
    return false;
}

static bool ends_watch(const struct judge_watch *watch, const struct history_event *event)
{
    bool is_its = strcmp(text_or_none(event->call), watch->call) == 0;
    switch (event->word) {
    case HISTORY_AT_FAULT:
    case HISTORY_NODE_STARTED:
    case HISTORY_NODE_DIED:
    case HISTORY_NODE_STALLED:
        return true;
    case HISTORY_SUBMITTED:
        return !is_its;
    case HISTORY_MOVED:
    case HISTORY_HUNG_UP:
    case HISTORY_LEG_ENDED:
        return is_its && watch->rung_us == 0;
    case HISTORY_STATE:  // the ring itself comes beside it
        return is_near(watch, event->client) && strcmp(text_or_none(event->reason), "ringing") != 0;
    default:
        return is_near(watch, event->client) && !is_its;
    }
}

static void rings(struct judge *self, const struct history_event *event)
{
    struct judge_watch *watch = &self->watch;
    const struct client *desk = judge_client_find(self, event->client);
    if (watch->rung_us != 0 || desk == NULL || strcmp(text_or_none(event->call), watch->call) != 0)
        return;
    double km = km_between(watch->place, desk->place);
    if (!desk->place.known || km <= watch->nearest[watch->width - 1].km + SAME_KM) {
        self->count.nearest += desk->place.known;
        watch->open = false;
        return;
    }
    watch->rung_us = self->us;
    watch->rung_km = km;
    watch->rung = desk->name;
}

void judge_nearest_hear(struct judge *self, const struct history_event *event)
{
    struct judge_watch *watch = &self->watch;
    if (watch->open && ends_watch(watch, event))
        watch->open = false;
    if (event->word == HISTORY_SUBMITTED && !watch->open)
        watch_from_now(self, event);
    if (event->word == HISTORY_RINGS && watch->open)
        rings(self, event);
}

static void condemn_if_passed_over(struct judge *self)
{
    struct judge_watch *watch = &self->watch;
    if (!watch->open || watch->rung_us == 0 || !was_quiet(self, watch->rung_us))
        return;
    watch->open = false;
    const struct client *passed = judge_client_find(self, watch->nearest[0].client);
    judge_condemn(self, JUDGE_NOT_NEAREST,
                  "call %s rings %s at %.3f s, %.0f km away, and desk %s, %.0f km away, was free before and after it",
                  watch->call, watch->rung.text, seconds(watch->rung_us), watch->rung_km,
                  passed != NULL ? passed->name.text : "?", watch->nearest[0].km);
}

void judge_nearest_look(struct judge *self, const struct history_event *event)
{
    condemn_if_passed_over(self);
    const struct leg *leg = event->call == NULL ? NULL : judge_leg_find(self, event->call);
    if (leg != NULL && leg->state != LEG_JOINED)
        self->unserved_us = self->us;
}
