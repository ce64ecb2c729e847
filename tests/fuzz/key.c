// A key file, and an address with a key.
#include "cluster/keys/keys.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct key_pair pair;
    struct problem problem;
    struct fuzz_file file;
    char text[512], place[256];
    const char *key;
    fuzz_file_open(&file, data, bytes);
    if (key_pair_read(file.path, &pair, &problem))
        check(key_text_is_valid(pair.public_text));
    key_pair_close(&pair);
    fuzz_file_close(&file);
    size_t length = bytes < sizeof text - 1 ? bytes : sizeof text - 1;
    if (length > 0)
        memcpy(text, data, length);
    text[length] = '\0';
    if (key_split_endpoint(text, place, sizeof place, &key))
        check(key[0] == '\0' || key_text_is_valid(key));
    return 0;
}
