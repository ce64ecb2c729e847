// What programs print: one JSON object a line, or the same for people. Every line is flushed at once.
#ifndef OPS_COMMON_OUTPUT_H
#define OPS_COMMON_OUTPUT_H

#include "cluster/base/check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,  // or failed
    EXIT_WRONG_USAGE = 2,
    EXIT_NO_NODE = 3,
};

// An event: the keys in their order. With JSON {"event":...}, for people "event  key value  key value".
// Takes `fields`.
void output_event(bool json, const char *event, json_t *fields);

struct output_column {
    const char *key;
    const char *title;
    bool right;       // aligned to the right
    const char *why;  // printed behind the value, such as "ms"; or NULL
};

// Rows for people are held back until output_table_close, to align them; JSON lines go out at once.
struct output_table {
    bool json;
    const struct output_column *columns;  // ends with a NULL key; people see only these
    json_t *rows;
};

void output_table_open(struct output_table *self, bool json, const struct output_column *columns);
void output_table_add(struct output_table *self, json_t *row);  // takes row
void output_table_close(struct output_table *self);

json_t *output_text(const char *text);          // never fails: what is no UTF-8 is shown with '?'
json_t *output_list(const char *const *items);  // NULL-terminated, or NULL: []
json_t *output_real(double value, int decimals);

// "PROGRAM: <sentence>" on stderr. Returns `status`.
int output_fail(int status, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
