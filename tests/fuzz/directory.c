// A directory as people write it, and what comes of it: what was read is written and read again.
#include "node/directory/directory_yaml.h"
#include "tests/fuzz/fuzz.h"

#include "cluster/base/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct problems problems;
    struct fuzz_file file;
    struct bytes encoded = {0};
    fuzz_file_open(&file, data, bytes);
    problems_init(&problems);
    const char *paths[] = {file.path};
    if (directory_yaml_read(paths, 1, (struct span){NULL, 0}, &encoded, &problems)) {
        char *text = NULL;
        size_t text_bytes = 0;
        FILE *to = open_memstream(&text, &text_bytes);
        check(to != NULL && directory_yaml_write((struct span){encoded.data, encoded.count}, to));
        fclose(to);
        free(text);
    }
    problems_close(&problems);
    bytes_close(&encoded);
    fuzz_file_close(&file);
    return 0;
}
