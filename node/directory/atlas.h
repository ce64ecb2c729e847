// Where numbers and countries are, from data files: tzdata's zone.tab (a country is at the city of its first zone) and
// a table of ITU number prefixes, which also names the zone of countries whose first is an outlying one.
#ifndef NODE_DIRECTORY_ATLAS_H
#define NODE_DIRECTORY_ATLAS_H

#include "cluster/base/check.h"
#include "cluster/base/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct atlas;

// NULL: the problem names file and line.
struct atlas *atlas_create(const char *zone_tab, const char *prefix_table, struct problem *ret_problem);
void atlas_free(struct atlas *self);
bool atlas_country_place(const struct atlas *self, const char *country, int32_t *ret_lat_udeg, int32_t *ret_lon_udeg);
// ISO 3166 alpha-2 by the longest prefix; NULL: unknown, or not one country's (satellite, freephone, ...).
const char *atlas_number_country(const struct atlas *self, const char *number);
// E.164: "+" and 3 to 15 digits; "" is a withheld number.
bool atlas_is_number(const char *text);

#endif
