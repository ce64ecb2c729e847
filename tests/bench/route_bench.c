// How long node/route takes for the nearest agent, and how a plain scan of all agents does in the same run. It asserts
// nothing but that both give the same answers. ROUTE_SEED and ROUTE_QUESTIONS choose the seed and the length.
#include "node/route/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define QUESTIONS 20000
#define SCANS 300
#define LANGUAGES 40
#define SKILLS 12
#define RARE_LANGUAGE 100
#define RARE_SKILL 100
#define PICKS 3

struct scene {
    const char *name;
    uint32_t agents, places, busy_percent;
    bool mixed;  // every agent draws languages and skills alone; otherwise those of one place are alike
    bool rare;   // the question is for a language and a skill that few have together
};

static const struct scene scenes[] = {
    {"10k agents, 300 places", 10000, 300, 30, false, false},
    {"10k agents, 2000 places", 10000, 2000, 30, false, false},
    {"10k agents, all mixed", 10000, 1000, 30, true, false},
    {"10k agents, 99 % busy", 10000, 1000, 99, true, false},
    {"10k agents, a rare need", 10000, 1000, 30, true, true},
    {"10k, rare and 99 % busy", 10000, 1000, 99, true, true},
    {"100k agents, 300 places", 100000, 300, 30, false, false},
    {"100k agents, 2000 places", 100000, 2000, 30, false, false},
    {"100k agents, all mixed", 100000, 2000, 30, true, false},
    {"100k agents, 99 % busy", 100000, 2000, 99, true, false},
    {"100k agents, a rare need", 100000, 2000, 30, true, true},
    {"100k, rare and 99 % busy", 100000, 2000, 99, true, true},
    {"100k agents, 10000 places", 100000, 10000, 30, true, false},
};

struct population {
    struct route_agent *agents;
    uint64_t *idle_since_ms;
    bool *available;
    uint32_t count;
    void *memory;
    struct route *route;
};

// ---- chance

static uint64_t dice;

static uint64_t draw_bits(void)  // splitmix64
{
    uint64_t z = dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t draw(uint32_t limit)
{
    return (uint32_t)((draw_bits() >> 32) * limit >> 32);
}

// The smaller of two draws, often: some languages are common, most are not.
static uint32_t draw_skewed(uint32_t limit)
{
    uint32_t a = draw(limit), b = draw(limit), c = draw(limit);
    a = a < b ? a : b;
    return a < c ? a : c;
}

static void add_bit(struct route_set *set, uint32_t bit)
{
    set->word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static struct sphere_point draw_point(void)  // more in the north, as people are
{
    return sphere_point((int32_t)draw(110000000) - 45000000, (int32_t)draw(360000000) - 180000000);
}

// ---- a population

static struct route_agent draw_agent(struct sphere_point at)
{
    struct route_agent agent = {.at = at};
    for (uint32_t i = 1 + draw(3); i > 0; i--)
        add_bit(&agent.languages, draw_skewed(LANGUAGES));
    for (uint32_t i = draw(3); i > 0; i--)
        add_bit(&agent.skills, draw_skewed(SKILLS));
    if (draw(100) < 2)
        add_bit(&agent.languages, RARE_LANGUAGE);
    if (draw(100) < 2)
        add_bit(&agent.skills, RARE_SKILL);
    return agent;
}

static void open_population(struct population *self, const struct scene *scene)
{
    uint32_t count = self->count = scene->agents;
    struct sphere_point *places = calloc(scene->places, sizeof *places);
    struct route_agent *typical = calloc((size_t)4 * scene->places, sizeof *typical);
    self->agents = calloc(count, sizeof *self->agents);
    self->idle_since_ms = calloc(count, sizeof *self->idle_since_ms);
    self->available = calloc(count, sizeof *self->available);
    self->memory = aligned_alloc(16, (route_bytes(count) + 15) / 16 * 16);
    if (!places || !typical || !self->agents || !self->idle_since_ms || !self->available || !self->memory)
        abort();
    for (uint32_t i = 0; i < scene->places; i++)
        places[i] = draw_point();
    for (uint32_t i = 0; i < 4 * scene->places; i++)
        typical[i] = draw_agent(places[i / 4]);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = draw(scene->places);
        self->agents[i] = scene->mixed ? draw_agent(places[place]) : typical[4 * place + draw(4)];
    }
    self->route = route_build(self->memory, self->agents, count);
    for (uint32_t i = 0; i < count; i++) {
        self->available[i] = draw(100) >= scene->busy_percent;
        self->idle_since_ms[i] = draw(3600000);
        if (self->available[i])
            route_set_available(self->route, i, self->idle_since_ms[i]);
    }
    free(typical);
    free(places);
}

static void close_population(struct population *self)
{
    free(self->memory);
    free(self->available);
    free(self->idle_since_ms);
    free(self->agents);
}

static struct route_need draw_need(const struct scene *scene)
{
    struct route_need need = {0};
    if (scene->rare) {
        add_bit(&need.languages, RARE_LANGUAGE);
        add_bit(&need.skills, RARE_SKILL);
        return need;
    }
    add_bit(&need.languages, draw_skewed(LANGUAGES));
    if (draw(2))
        add_bit(&need.languages, draw_skewed(LANGUAGES));
    if (draw(2))
        add_bit(&need.skills, draw_skewed(SKILLS));
    return need;
}

// ---- the plain scan

static bool ranks_before(const struct population *self, const struct route_pick *a, const struct route_pick *b)
{
    if (a->chord2 != b->chord2)
        return a->chord2 < b->chord2;
    if (self->idle_since_ms[a->agent] != self->idle_since_ms[b->agent])
        return self->idle_since_ms[a->agent] < self->idle_since_ms[b->agent];
    return a->agent < b->agent;
}

static uint32_t scan(const struct population *self, struct sphere_point from, const struct route_need *need,
                     struct route_pick *ret_picks)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (!self->available[i] || !route_eligible(&self->agents[i], need))
            continue;
        struct route_pick pick = {i, sphere_chord2(self->agents[i].at, from)};
        if (found == PICKS && !ranks_before(self, &pick, &ret_picks[PICKS - 1]))
            continue;
        uint32_t at = found < PICKS ? found++ : PICKS - 1;
        for (; at > 0 && ranks_before(self, &pick, &ret_picks[at - 1]); at--)
            ret_picks[at] = ret_picks[at - 1];
        ret_picks[at] = pick;
    }
    return found;
}

// ---- measuring

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

struct times {
    double median_us, p99_us;
};

static struct times times_of(uint64_t *ns, uint32_t count)
{
    qsort(ns, count, sizeof *ns, compare_ns);
    return (struct times){(double)ns[count / 2] / 1000, (double)ns[count - 1 - count / 100] / 1000};
}

static void change_one(struct population *self)
{
    uint32_t agent = draw(self->count), other = draw(self->count);
    if (self->available[agent] == self->available[other])
        return;  // as many stay available
    for (int i = 0; i < 2; i++, agent = other) {
        self->available[agent] = !self->available[agent];
        self->idle_since_ms[agent] = draw(3600000);
        if (self->available[agent])
            route_set_available(self->route, agent, self->idle_since_ms[agent]);
        else
            route_set_busy(self->route, agent);
    }
}

static void run(const struct scene *scene, uint32_t questions)
{
    struct population population;
    struct route_pick picks[PICKS], scanned[PICKS];
    uint64_t *ns = calloc(questions, sizeof *ns), scan_ns[SCANS], change_ns = 0, started, built;
    if (!ns)
        abort();
    started = now_ns();
    open_population(&population, scene);
    built = now_ns() - started;
    uint32_t differ = 0, scans = 0;
    uint64_t answered = 0;
    for (uint32_t i = 0; i < questions; i++) {
        struct sphere_point from = draw_point();
        struct route_need need = draw_need(scene);
        started = now_ns();
        uint32_t found = route_nearest(population.route, from, &need, NULL, 0, picks, 1);
        ns[i] = now_ns() - started;
        answered += found;
        if (scans < SCANS && i % (questions / SCANS + 1) == 0) {
            started = now_ns();
            uint32_t count = scan(&population, from, &need, scanned);
            scan_ns[scans++] = now_ns() - started;
            found = route_nearest(population.route, from, &need, NULL, 0, picks, PICKS);
            differ += found != count;
            for (uint32_t k = 0; k < found && k < count; k++)
                differ += picks[k].agent != scanned[k].agent || picks[k].chord2 != scanned[k].chord2;
        }
        started = now_ns();
        change_one(&population);
        change_ns += now_ns() - started;
    }
    struct times index = times_of(ns, questions), plain = times_of(scan_ns, scans);
    printf("%-26s %8.2f %8.2f %10.1f %10.1f %8.0f %8.0f %9.1f %7.0f%%\n", scene->name, index.median_us, index.p99_us,
           plain.median_us, plain.p99_us, plain.median_us / index.median_us, plain.p99_us / index.p99_us,
           (double)built / 1e6, 100.0 * (double)answered / questions);
    if (differ)
        printf("    WRONG: %" PRIu32 " answers are not the scan's\n", differ);
    (void)change_ns;
    close_population(&population);
    free(ns);
}

int main(void)
{
    const char *seed = getenv("ROUTE_SEED"), *given = getenv("ROUTE_QUESTIONS");
    uint32_t questions = given ? (uint32_t)strtoul(given, NULL, 10) : QUESTIONS;
    dice = seed ? strtoull(seed, NULL, 10) : 1;
    if (questions < SCANS)
        questions = SCANS;
    printf("route: the nearest of all agents, %" PRIu32 " questions each, seed %" PRIu64 "; times in us\n", questions,
           dice);
    printf("%-26s %8s %8s %10s %10s %8s %8s %9s %8s\n", "", "median", "p99", "scan", "scan p99", "ratio", "ratio",
           "build ms", "answered");
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        run(&scenes[i], questions);
    return 0;
}
