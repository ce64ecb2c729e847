// What the fuzz targets share: an input taken apart into messages, and a node that lives in no world.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "cluster/base/bytes.h"
#include "cluster/world/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;

// The one function of a target; 0. libFuzzer calls it, or replay.c with the files it is given.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

// Inputs are messages behind their sizes (16 bits, little end first). The next one; false at the end. What is left at
// the end, too short for its size, is a message too.
bool fuzz_next(struct span *input, struct span *ret_message);

// A file that a path names while it is open: what reads paths, reads the input.
struct fuzz_file {
    int file;
    char path[64];
};
void fuzz_file_open(struct fuzz_file *self, const uint8_t *data, size_t bytes);
void fuzz_file_close(struct fuzz_file *self);

// A node with a directory and a store, alone, time passing with every turn. Made anew after so many inputs, so that
// what they leave behind has a bound.
struct node *fuzz_node(void);
void fuzz_node_turn(struct node *node);
struct now fuzz_node_now(void);
void fuzz_node_sleep(uint32_t ms);  // time that passes without a turn
// From now on its disk lags, and is further between any two looks at it, as a disk's thread may be.
void fuzz_node_move_disk(void);
// Who hears what it says to clients; NULL: nobody.
typedef void fuzz_said(const struct world_client *client, struct span message);
void fuzz_node_listen(fuzz_said *said);

#endif
