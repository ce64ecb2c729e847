#include "tests/fuzz/fuzz.h"

#include "cluster/base/check.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

bool fuzz_next(struct span *input, struct span *ret_message)
{
    if (input->bytes < 2)
        return false;
    const uint8_t *data = input->data;
    size_t bytes = (size_t)data[0] | (size_t)data[1] << 8;
    bytes = bytes < input->bytes - 2 ? bytes : input->bytes - 2;
    *ret_message = (struct span){data + 2, bytes};
    *input = (struct span){data + 2 + bytes, input->bytes - 2 - bytes};
    return true;
}

void fuzz_file_open(struct fuzz_file *self, const uint8_t *data, size_t bytes)
{
    self->file = memfd_create("fuzz", MFD_CLOEXEC);
    check(self->file >= 0 && write(self->file, data, bytes) == (ssize_t)bytes && lseek(self->file, 0, SEEK_SET) == 0);
    snprintf(self->path, sizeof self->path, "/proc/self/fd/%d", self->file);
}

void fuzz_file_close(struct fuzz_file *self)
{
    close(self->file);
}
