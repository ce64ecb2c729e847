// A node's configuration.
#include "node/config/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct config config;
    struct problems problems;
    struct fuzz_file file;
    fuzz_file_open(&file, data, bytes);
    problems_init(&problems);
    (void)!config_read(file.path, &config, &problems);
    problems_close(&problems);
    fuzz_file_close(&file);
    return 0;
}
