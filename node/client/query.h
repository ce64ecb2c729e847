// Questions from within. Included by the query's two files, by nobody else.
#ifndef NODE_CLIENT_QUERY_H
#define NODE_CLIENT_QUERY_H

#include "node/client/core.h"

// Gives the rows of one part of an answer to on_row; parts of an export are collected in `export_` and given whole.
// False: the part makes no sense.
bool rows_give(struct arena *arena, const Cli__Answer *answer, struct bytes *export_, uint32_t *export_parts,
               hotline_row_callback *on_row, void *user);

#endif
