// Where is the caller? The best of: coordinates the gateway gives, the country it gives, the number's country prefix
// (not for home prefixes), the gateway's own site, unknown.
#ifndef NODE_DIRECTORY_PLACE_H
#define NODE_DIRECTORY_PLACE_H

#include "node/directory/atlas.h"
#include "node/directory/directory.h"

#include <stdbool.h>
#include <stdint.h>

enum place_by {  // the numbers of rec.PlacedBy
    PLACE_UNKNOWN = 0,
    PLACE_COORDINATES = 1,
    PLACE_COUNTRY = 2,
    PLACE_PREFIX = 3,
    PLACE_GATEWAY_SITE = 4,
};

struct place {
    enum place_by by;
    int32_t lat_udeg, lon_udeg;  // 0, 0 when unknown
    char country[3];             // "" when not known
};

struct place_clues {
    const char *number;  // "" when withheld
    bool at;
    int64_t lat_udeg, lon_udeg;
    const char *country;  // "" when not given
    const char *site;     // the gateway's, "" when it has none
};

// False: a clue is out of range or malformed; the problem names it. An unlisted country or prefix is no error.
bool place_caller(const struct atlas *atlas, const struct directory *directory, const struct place_clues *clues,
                  struct place *ret_place, struct problem *ret_problem);
const char *place_by_name(enum place_by by);  // "coordinates", "country", "prefix", "gateway_site", "unknown"

#endif
