// What another node says.
#include "node/node.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct node *node = fuzz_node();
    struct span input = {data, bytes}, message;
    while (fuzz_next(&input, &message)) {
        node_peer_message(node, "", message);
        fuzz_node_turn(node);
    }
    return 0;
}
