// Runs a target on files, where there is no fuzzer: what was once found stays found, with every compiler.
// usage: fuzz_TARGET FILE-OR-FOLDER...
#include "tests/fuzz/fuzz.h"

#include "cluster/base/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define PATH_BYTES 1024

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    uint8_t *data = check_alloc(FILE_MAX_BYTES);
    size_t bytes = fread(data, 1, FILE_MAX_BYTES, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    return true;
}

static bool run(const char *path, uint32_t *ret_count)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return false;
    if (!S_ISDIR(about.st_mode)) {
        ++*ret_count;
        return run_file(path);
    }
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    bool good = count >= 0;
    for (int i = 0; i < count; i++) {
        char inner[PATH_BYTES];
        if (good && names[i]->d_name[0] != '.') {
            good = snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name) < (int)sizeof inner &&
                   run(inner, ret_count);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return good;
}

int main(int count, char **words)
{
    uint32_t inputs = 0;
    for (int i = 1; i < count; i++)
        if (!run(words[i], &inputs)) {
            perror(words[i]);
            return 1;
        }
    printf("%u inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
