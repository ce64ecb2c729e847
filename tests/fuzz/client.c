// What a client says to a node.
#include "node/node.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct node *node = fuzz_node();
    struct span input = {data, bytes}, message;
    for (uint8_t i = 0; fuzz_next(&input, &message); i++) {
        struct world_client client = {.id = {(uint8_t)(i % 3)}, .bytes = 1};
        node_client_message(node, &client, "", message);
        fuzz_node_turn(node);
    }
    return 0;
}
