// hotline-web: HTTP and JSON beside a node, the wallboard and the desk page.
#include "cluster/base/service.h"
#include "cluster/keys/keys.h"
#include "ops/common/args.h"
#include "ops/common/credentials.h"
#include "ops/common/output.h"
#include "ops/web/http.h"
#include "ops/web/web.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PEM_MAX_BYTES 65536
#define TICK_US 50000
#define HEAR_OUT_US 200000
#define FILES_WANTED 8192  // of connections and of the library

struct options {
    const char *listen, *tokens, *pages, *certificate, *key, *gateway, *site;
};

static const char usage[] = "--nodes LIST --tokens DIR [--listen ADDRESS:PORT] [--pages DIR] [--tls-cert FILE "
                            "--tls-key FILE] [--gateway NAME] [--site SITE]";

// "127.0.0.1:8080", "[::1]:8080".
static bool read_listen(const char *text, char *ret_address, size_t room, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    char *end;
    size_t bytes = colon == NULL ? 0 : (size_t)(colon - text);
    if (bytes == 0 || bytes >= room)
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end != '\0' || port < 1 || port > 65535)
        return false;
    bool brackets = text[0] == '[' && text[bytes - 1] == ']';
    memcpy(ret_address, text + brackets, bytes - 2 * (size_t)brackets);
    ret_address[bytes - 2 * (size_t)brackets] = '\0';
    *ret_port = (uint16_t)port;
    return true;
}

static char *read_pem(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = check_alloc(PEM_MAX_BYTES);
    size_t bytes = file == NULL ? 0 : fread(text, 1, PEM_MAX_BYTES - 1, file);
    if (file != NULL)
        fclose(file);
    if (bytes > 0)
        return text;
    output_fail(EXIT_WRONG_USAGE, "%s: %s", path, file == NULL ? strerror(errno) : "nothing in it");
    free(text);
    return NULL;
}

static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool open_clients(struct web *web, const struct options *options)
{
    char name[65];
    enum hotline_result result;
    snprintf(name, sizeof name, "web-%ld", (long)getpid());
    web->context = hotline_context_create();
    check(web->context);
    struct credentials asker;
    if (!credentials_find_asker(&web->globals, &asker))
        return false;
    struct hotline_query_options query = {.nodes = web->nodes, .key_file = credentials_file(&asker), .user = web};
    web->query = hotline_query_create(web->context, &query, &result);
    if (web->query == NULL) {
        output_fail(EXIT_WRONG_USAGE, "--nodes '%s': %s", web->nodes, hotline_result_text(result));
        return false;
    }
    loop_add(&web->loop, web->query);
    web->desks = web_desks_create(web);
    web->changes = changes_create(web);
    web->view = view_create(web);
    web->pages = pages_create(options->pages);
    web->calls = calls_create(web, options->gateway != NULL ? options->gateway : name, options->site);
    return web->calls != NULL;
}

static void close_clients(struct web *web)
{
    calls_free(web->calls);
    web_desks_free(web->desks);
    if (web->query != NULL) {
        loop_remove(&web->loop, web->query);
        hotline_client_free(web->query);
    }
    changes_free(web->changes);
    view_free(web->view);
    pages_free(web->pages);
    if (web->context != NULL)
        hotline_context_free(web->context);
}

static void run(struct web *web)
{
    struct service service;
    service_open(&service);
    service_say(&service, "READY=1");
    while (!web->loop.stopping) {
        loop_turn(&web->loop, http_until_us(&web->http, loop_now_us() + TICK_US));
        uint64_t now_us = loop_now_us();
        changes_tick(web->changes, now_us);
        view_tick(web->view, now_us);
        calls_tick(web->calls, now_us);
        desks_tick(web->desks, now_us);
        http_turn(&web->http);
        service_turn(&service, now_us);
    }
    service_say(&service, "STOPPING=1");
    service_close(&service);
    // What was asked is heard out; nothing new is asked.
    for (uint64_t until_us = loop_now_us() + HEAR_OUT_US; loop_now_us() < until_us;)
        loop_turn(&web->loop, until_us);
}

static int serve(struct web *web, const struct options *options, struct http_options *http)
{
    int status = EXIT_WRONG_USAGE;
    loop_open(&web->loop);
    raise_files();
    if (open_clients(web, options) && http_open(&web->http, web, http, &web->loop)) {
        printf("hotline-web: ready: %s://%s:%u\n", http->certificate != NULL ? "https" : "http", http->address,
               http->port);
        fflush(stdout);
        run(web);
        status = EXIT_DONE;
    }
    web_give_up(web);
    http_close(&web->http);
    close_clients(web);
    loop_close(&web->loop);
    return status;
}

int main(int count, char **words)
{
    struct options options = {.listen = "127.0.0.1:8080"};
    const struct args_option table[] = {
        {"--listen", ARGS_TEXT, &options.listen, 0}, {"--tokens", ARGS_TEXT, &options.tokens, 0},
        {"--pages", ARGS_TEXT, &options.pages, 0},   {"--tls-cert", ARGS_TEXT, &options.certificate, 0},
        {"--tls-key", ARGS_TEXT, &options.key, 0},   {"--gateway", ARGS_TEXT, &options.gateway, 0},
        {"--site", ARGS_TEXT, &options.site, 0},     {0}};
    struct args_command command = {.name = "", .usage = usage, .options = table};
    struct globals globals = {0};
    struct web web = {0};
    struct http_options http = {.routes = web_routes, .otherwise = pages_get};
    char address[64], *certificate = NULL, *key = NULL;
    if (count == 2 && strcmp(words[1], "--help") == 0) {
        printf("usage: hotline-web %s\n", usage);
        return EXIT_DONE;
    }
    if (!args_parse(&command, &globals, words + 1, (size_t)(count - 1)))
        return EXIT_WRONG_USAGE;
    keys_guard_process();
    web.globals = globals;
    web.nodes = globals.nodes != NULL ? globals.nodes : getenv("HOTLINE_NODES");
    if (web.nodes == NULL || options.tokens == NULL)
        return args_wrong(&command, "--nodes (or HOTLINE_NODES) and --tokens are needed");
    if (!read_listen(options.listen, address, sizeof address, &http.port))
        return args_wrong(&command, "--listen: '%s' is not ADDRESS:PORT", options.listen);
    if ((options.certificate == NULL) != (options.key == NULL))
        return args_wrong(&command, "--tls-cert and --tls-key go together");
    signal(SIGPIPE, SIG_IGN);
    if (!tokens_read(&web.tokens, options.tokens))
        return EXIT_WRONG_USAGE;
    http.address = address;
    int status = EXIT_WRONG_USAGE;
    if (options.certificate == NULL ||
        ((certificate = read_pem(options.certificate)) != NULL && (key = read_pem(options.key)) != NULL)) {
        http.certificate = certificate;
        http.key = key;
        status = serve(&web, &options, &http);
    }
    free(certificate);
    if (key != NULL)
        explicit_bzero(key, PEM_MAX_BYTES);
    free(key);
    tokens_close(&web.tokens);
    return status;
}
