// A small directory to build on: whoever tests changes what the test is about.
#ifndef TESTS_UNIT_DIRECTORY_FIXTURE_H
#define TESTS_UNIT_DIRECTORY_FIXTURE_H

#include <records.pb-c.h>

#include <stdbool.h>

struct problems;

struct fixture {
    Rec__Directory message;
    Rec__Settings settings;
    Rec__DirNode node[2], *nodes[2];
    Rec__Site site[2], *sites[2];
    Rec__Agent agent[3], *agents[3];
    Rec__Queue queue[3], *queues[3];
    Rec__MenuEntry entry[3], *menu[3];
    char *languages[3][3], *skills[3][2], *queue_skills[1], *home[1];
};

// Cairo and Khartoum, three agents, queues emergency -> consular -> consultation -> a contact. Points into itself.
void fixture_init(struct fixture *self);
// Some problem is exactly this text.
bool fixture_says(const struct problems *problems, const char *text);

#endif
