// The directory as people write it, in YAML files, and what a change would do. Keys are the fields of rec.Directory;
// times in milliseconds (_ms), lat and lon in degrees with up to six decimals. The format, by example: ops/example.
//
// All files are one change. A section (primary, settings, nodes, sites, agents, queues, menu, keys) that any of them
// gives replaces that section whole, and may be spread over several files; the others stay as they are in the base.
#ifndef NODE_DIRECTORY_DIRECTORY_YAML_H
#define NODE_DIRECTORY_DIRECTORY_YAML_H

#include "cluster/base/bytes.h"
#include "cluster/base/problem.h"

#include <stdbool.h>
#include <stdio.h>

// The base, encoded, may be empty. False: problems say everything that is wrong, "file:line: ..." ("agents.yaml:17:
// agent cairo-3: there is no site cairoo"); a thing of the base that no longer fits has no file and line.
bool directory_yaml_read(const char *const *files, size_t count, struct span base, struct bytes *ret_encoded,
                         struct problems *ret_problems);

// YAML that, applied over whatever there is, gives this directory again, byte for byte. False: these bytes are not a
// directory, or it could not be written.
bool directory_yaml_write(struct span encoded, FILE *to);

// What is different, a line each: "+ agent x", "- site y", "~ queue z: ring_ms 15000 -> 20000". False: as above.
bool directory_diff(struct span before, struct span after, FILE *to, size_t *ret_changes);

#endif
