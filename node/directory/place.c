#include "node/directory/place.h"

#include "cluster/base/text.h"

#include <inttypes.h>
#include <string.h>

static bool is_country(const char *text)
{
    return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

static bool check_clues(const struct place_clues *clues, struct problem *ret_problem)
{
    if (!atlas_is_number(clues->number)) {
        problem_set(ret_problem, "number %.40s: must be + and 3 to 15 digits, or empty when it is withheld",
                    text_is_printable(clues->number, SIZE_MAX) ? clues->number : "(not printable)");
        return false;
    }
    if (clues->at && !sphere_in_range(clues->lat_udeg, clues->lon_udeg)) {
        problem_set(ret_problem,
                    "coordinates %" PRId64 ", %" PRId64 " (millionths of a degree): latitude must be -90 to 90 and "
                    "longitude -180 to 180 degrees",
                    clues->lat_udeg, clues->lon_udeg);
        return false;
    }
    if (clues->country[0] != '\0' && !is_country(clues->country)) {
        problem_set(ret_problem, "country %.40s: must be two capital letters (ISO 3166)",
                    text_is_printable(clues->country, SIZE_MAX) ? clues->country : "(not printable)");
        return false;
    }
    return true;
}

static bool at_country(const struct atlas *atlas, const char *country, enum place_by by, struct place *ret_place)
{
    struct place place = {.by = by};
    if (!atlas_country_place(atlas, country, &place.lat_udeg, &place.lon_udeg))
        return false;
    text_copy(place.country, sizeof place.country, country);
    *ret_place = place;
    return true;
}

bool place_caller(const struct atlas *atlas, const struct directory *directory, const struct place_clues *clues,
                  struct place *ret_place, struct problem *ret_problem)
{
    if (!check_clues(clues, ret_problem))
        return false;
    if (clues->at) {
        *ret_place = (struct place){PLACE_COORDINATES, (int32_t)clues->lat_udeg, (int32_t)clues->lon_udeg, ""};
        text_copy(ret_place->country, sizeof ret_place->country, clues->country);
        return true;
    }
    if (at_country(atlas, clues->country, PLACE_COUNTRY, ret_place))
        return true;
    bool home = directory != NULL && directory_is_home(directory, clues->number);
    const char *prefix = home ? NULL : atlas_number_country(atlas, clues->number);
    if (prefix != NULL && at_country(atlas, prefix, PLACE_PREFIX, ret_place))
        return true;
    *ret_place = (struct place){.by = PLACE_UNKNOWN};
    uint32_t site = directory != NULL ? directory_find_site(directory, clues->site) : DIRECTORY_NONE;
    if (site != DIRECTORY_NONE) {
        const struct directory_site *at = &directory->sites[site];
        *ret_place = (struct place){PLACE_GATEWAY_SITE, at->lat_udeg, at->lon_udeg, ""};
        text_copy(ret_place->country, sizeof ret_place->country, at->country);
    }
    return true;
}

const char *place_by_name(enum place_by by)
{
    switch (by) {
    case PLACE_UNKNOWN:
        return "unknown";
    case PLACE_COORDINATES:
        return "coordinates";
    case PLACE_COUNTRY:
        return "country";
    case PLACE_PREFIX:
        return "prefix";
    case PLACE_GATEWAY_SITE:
        return "gateway_site";
    }
    return "unknown";  // a number from elsewhere
}
