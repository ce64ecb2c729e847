#include "tests/unit/directory_fixture.h"

#include "cluster/base/problem.h"

#include <stdio.h>
#include <string.h>

static void init_places(struct fixture *self)
{
    static char *const sites[2] = {"khartoum", "cairo"};
    for (int i = 0; i < 2; i++) {
        rec__site__init(&self->site[i]);
        self->site[i].id = self->site[i].name = sites[i];
        self->site[i].country = i == 0 ? "SD" : "EG";
        self->site[i].lat_udeg = i == 0 ? 15588060 : 30051300;
        self->site[i].lon_udeg = i == 0 ? 32534900 : 31220400;
        self->site[i].contact = i == 0 ? "sip:khartoum@hotline.example" : "";
        self->sites[i] = &self->site[i];
        rec__dir_node__init(&self->node[i]);
        self->node[i].name = i == 0 ? "south" : "north";
        self->node[i].site = sites[i];
        self->nodes[i] = &self->node[i];
    }
}

static void init_agents(struct fixture *self)
{
    static char *const agents[3] = {"khartoum-1", "cairo-2", "cairo-1"};
    for (int i = 0; i < 3; i++) {
        rec__agent__init(&self->agent[i]);
        self->agent[i].id = self->agent[i].name = agents[i];
        self->agent[i].site = i == 0 ? "khartoum" : "cairo";
        self->agent[i].contact = i == 2 ? "sip:cairo-1@hotline.example" : "";
        self->languages[i][0] = "zh";
        self->languages[i][1] = "ar";
        self->languages[i][2] = "en";
        self->skills[i][0] = "emergency";
        self->skills[i][1] = "consular";
        self->agent[i].n_languages = i == 1 ? 1 : 3;
        self->agent[i].languages = self->languages[i];
        self->agent[i].n_skills = 2;
        self->agent[i].skills = self->skills[i];
        self->agents[i] = &self->agent[i];
    }
}

static void init_queues(struct fixture *self)
{
    static char *const queues[3] = {"emergency", "consular", "consultation"}, *const digits[3] = {"09", "1", "2"};
    for (int i = 0; i < 3; i++) {
        rec__queue__init(&self->queue[i]);
        self->queue[i].id = self->queue[i].name = queues[i];
        self->queue[i].priority = (uint32_t)(100 - i * 10);
        self->queue[i].ring_ms = 15000;
        self->queue[i].ring_width = i == 0 ? 3 : 1;
        self->queue[i].wait_limit_ms = 600000;
        self->queue[i].target_percent = 90;
        self->queue[i].target_ms = 15000;
        self->queue[i].emergency = i == 0;
        if (i < 2)
            self->queue[i].last_resort_queue = queues[i + 1];
        else
            self->queue[i].last_resort_contact = "sip:duty-officer@hotline.example";
        self->queues[i] = &self->queue[i];
        rec__menu_entry__init(&self->entry[i]);
        self->entry[i].digits = digits[i];
        self->entry[i].queue = queues[i];
        self->menu[i] = &self->entry[i];
    }
    self->queue_skills[0] = "emergency";
    self->queue[0].n_skills = 1;
    self->queue[0].skills = self->queue_skills;
}

void fixture_init(struct fixture *self)
{
    memset(self, 0, sizeof *self);
    rec__directory__init(&self->message);
    rec__settings__init(&self->settings);
    init_places(self);
    init_agents(self);
    init_queues(self);
    self->home[0] = "+86";
    self->settings.n_home_prefixes = 1;
    self->settings.home_prefixes = self->home;
    self->message.settings = &self->settings;
    self->message.primary = "north";
    self->message.n_nodes = self->message.n_sites = 2;
    self->message.n_agents = self->message.n_queues = self->message.n_menu = 3;
    self->message.nodes = self->nodes;
    self->message.sites = self->sites;
    self->message.agents = self->agents;
    self->message.queues = self->queues;
    self->message.menu = self->menu;
}

bool fixture_says(const struct problems *problems, const char *text)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (strcmp(problems->lines[i], text) == 0)
            return true;
    fprintf(stderr, "nobody says: %s\nbut:\n", text);
    for (uint32_t i = 0; i < problems->count; i++)
        fprintf(stderr, "  %s\n", problems->lines[i]);
    return false;
}
