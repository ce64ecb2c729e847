// What people's programs say to hotline-web in HTTP and JSON, and what it makes of a node's answers.
//
// An input is a text of blocks, divided by lines "====". A block is a request, or "lie" and which answers of the node
// are changed: see web_alone.h.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/web_alone.h"

#include <string.h>

#define BLOCKS_MAX 24
#define BLOCK_TURNS 6  // a question is answered, a stream caught up

static struct span next_block(struct span *input)
{
    static const char line[] = "\n====\n";
    const char *end = memmem(input->data, input->bytes, line, sizeof line - 1);
    struct span block = *input;
    if (end == NULL) {
        *input = (struct span){NULL, 0};
        return block;
    }
    block.bytes = (size_t)(end - (const char *)input->data);
    size_t past = block.bytes + sizeof line - 1;
    *input = (struct span){(const char *)input->data + past, input->bytes - past};
    return block;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char lie[] = "lie\n";
    struct span input = {data, bytes};
    web_alone_begin();
    for (uint32_t i = 0; i < BLOCKS_MAX && input.bytes > 0; i++) {
        struct span block = next_block(&input);
        size_t head = sizeof lie - 1;
        if (block.bytes > head && memcmp(block.data, lie, head) == 0)
            web_alone_lie((struct span){(const uint8_t *)block.data + head, block.bytes - head});
        else if (block.bytes > 0)
            web_alone_ask(block);
        web_alone_turn(BLOCK_TURNS);
    }
    web_alone_finish();
    return 0;
}
