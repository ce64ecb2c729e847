// Rows of answers as JSON objects, with the keys that scripts rely on.
#ifndef OPS_COMMON_ROWS_H
#define OPS_COMMON_ROWS_H

#include <hotline/query.h>

#include <jansson.h>

// Of NODE, AGENT, CALL, QUEUE, EXPLAIN and OFFERED rows; the caller's.
json_t *rows_json(const struct hotline_row *row);
json_t *rows_digest(const char *node, uint64_t digest, uint64_t records);
// Adds placed_by, lat, lon (null when unknown) and country.
void rows_add_place(json_t *to, const struct hotline_place *place);

#endif
