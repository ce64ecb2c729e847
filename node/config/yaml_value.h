// What a text in YAML means, where a number, a truth value or degrees are wanted, and the other way round. Exact: no
// floating point.
#ifndef NODE_CONFIG_YAML_VALUE_H
#define NODE_CONFIG_YAML_VALUE_H

#include "node/config/yaml_tree.h"

#include <stdio.h>

bool yaml_is_nothing(const struct yaml_node *node);                       // "key:", "key: ~", "key: null"
bool yaml_to_number(const struct yaml_node *node, uint64_t *ret_number);  // decimal, unsigned, no leading zeros
bool yaml_to_truth(const struct yaml_node *node, bool *ret_truth);        // true or false
// Degrees with at most six decimals, as millionths, within +-1000; ranges are the reader's business.
bool yaml_to_udeg(const struct yaml_node *node, int32_t *ret_udeg);

void yaml_print_text(const char *text, FILE *to);  // in quotes where it needs them; takes valid UTF-8
void yaml_print_udeg(int32_t udeg, FILE *to);      // "-33.448890"

#endif
