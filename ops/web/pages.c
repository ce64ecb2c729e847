// Files of the built pages, read once at the start, and the contract. What a page names is beside it: nothing is
// fetched from anywhere else.
#include "ops/common/output.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 128
#define FILE_MAX_BYTES ((size_t)8 * 1024 * 1024)

struct page_file {
    char path[300];  // as it is asked for
    struct bytes bytes;
};

struct pages {
    struct page_file files[FILES_MAX];
    size_t count;
};

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".json", "application/json"},
                 {".svg", "image/svg+xml"},
                 {".png", "image/png"},
                 {".yaml", "application/yaml"},
                 {".woff2", "font/woff2"}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i].end) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static void read_file(struct pages *self, const char *where, const char *path)
{
    struct stat stat;
    FILE *file = fopen(where, "re");
    if (file == NULL)
        return;
    if (fstat(fileno(file), &stat) == 0 && S_ISREG(stat.st_mode) && (size_t)stat.st_size <= FILE_MAX_BYTES &&
        self->count < FILES_MAX) {
        struct page_file *made = &self->files[self->count];
        snprintf(made->path, sizeof made->path, "%s", path);
        size_t bytes = (size_t)stat.st_size;
        if (fread(bytes_grow(&made->bytes, bytes + 1), 1, bytes, file) == bytes) {
            made->bytes.count = bytes;
            self->count++;
        }
    } else {
        output_fail(EXIT_DONE, "%s is left out: too large, or more than %d files", where, FILES_MAX);
    }
    fclose(file);
}

static void read_folder(struct pages *self, const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char where[4096], path[300];
        struct stat stat_;
        if (entry->d_name[0] == '.' || snprintf(where, sizeof where, "%s/%s", folder, entry->d_name) >= 4096 ||
            snprintf(path, sizeof path, "%s/%s", prefix, entry->d_name) >= 300 || stat(where, &stat_) != 0)
            continue;
        if (S_ISDIR(stat_.st_mode) && prefix[0] == '\0')
            read_folder(self, where, path);
        else if (S_ISREG(stat_.st_mode))
            read_file(self, where, path);
    }
    if (dir != NULL)
        closedir(dir);
}

struct pages *pages_create(const char *folder)
{
    struct pages *self = check_alloc(sizeof *self);
    if (folder != NULL)
        read_folder(self, folder, "");
    return self;
}

void pages_free(struct pages *self)
{
    for (size_t i = 0; self != NULL && i < self->count; i++)
        bytes_close(&self->files[i].bytes);
    free(self);
}

static const struct page_file *find(const struct pages *self, const char *path)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->files[i].path, path) == 0)
            return &self->files[i];
    return NULL;
}

void pages_get(struct request *request)
{
    const char *path = strcmp(request->path, "/") == 0       ? "/index.html"
                       : strcmp(request->path, "/desk") == 0 ? "/desk.html"
                                                             : request->path;
    const struct page_file *file = find(request->web->pages, path);
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (file == NULL || !reads) {
        reply_problem(request, 404, "not_found", "there is nothing at %.200s", request->path);
        return;
    }
    reply_bytes(request, 200, type_of(file->path), file->bytes.data, file->bytes.count);
    // What Vite builds is named by its contents.
    reply_header(request, "Cache-Control",
                 strncmp(path, "/assets/", 8) == 0 ? "public, max-age=31536000, immutable" : "no-cache");
    reply_header(request, "Content-Security-Policy",
                 "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; "
                 "frame-ancestors 'none'; form-action 'self'");
    reply_header(request, "Referrer-Policy", "no-referrer");
}
