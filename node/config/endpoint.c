#include "node/config/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "tcp://"
#define HOST_MAX_BYTES 253
#define LABEL_MAX_BYTES 63

static const char digits[] = "0123456789";

static bool is_port(const char *text)
{
    size_t length = strspn(text, digits);
    if (length == 0 || length > 5 || text[length] != '\0' || text[0] == '0')
        return false;
    return strtol(text, NULL, 10) <= 65535;
}

static bool is_host_name(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    bool number_last = false;  // 10.0.0.300 is a mistake, not a name
    while (true) {
        size_t length = strspn(host, letters);
        if (length == 0 || length > LABEL_MAX_BYTES || host[0] == '-' || host[length - 1] == '-')
            return false;
        number_last = strspn(host, digits) == length;
        if (host[length] == '\0')
            return !number_last;
        if (host[length] != '.')
            return false;
        host += length + 1;
    }
}

// Copies the host, without brackets; false: there is none. The port is what follows the last colon.
static bool split(const char *text, char host[HOST_MAX_BYTES + 1], bool *ret_brackets, const char **ret_port)
{
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return false;
    const char *from = text + strlen(SCHEME), *colon = strrchr(from, ':');
    if (colon == NULL)
        return false;
    size_t length = (size_t)(colon - from);
    *ret_brackets = length >= 2 && from[0] == '[' && from[length - 1] == ']';
    if (*ret_brackets) {
        from++;
        length -= 2;
    }
    if (length == 0 || length > HOST_MAX_BYTES)
        return false;
    memcpy(host, from, length);
    host[length] = '\0';
    *ret_port = colon + 1;
    return true;
}

bool endpoint_is_valid(const char *text, bool to_listen)
{
    char host[HOST_MAX_BYTES + 1];
    bool brackets;
    const char *port;
    unsigned char address[sizeof(struct in6_addr)];
    if (!split(text, host, &brackets, &port) || !is_port(port))
        return false;
    if (brackets)
        return inet_pton(AF_INET6, host, address) == 1;
    if (strcmp(host, "*") == 0)
        return to_listen;
    return inet_pton(AF_INET, host, address) == 1 || is_host_name(host);
}

bool endpoint_is_everywhere(const char *text)
{
    char host[HOST_MAX_BYTES + 1];
    bool brackets;
    const char *port;
    static const struct in6_addr any = IN6ADDR_ANY_INIT;
    struct in6_addr address;
    if (!split(text, host, &brackets, &port))
        return false;
    if (brackets)
        return inet_pton(AF_INET6, host, &address) == 1 && memcmp(&address, &any, sizeof any) == 0;
    return strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0;
}

bool endpoint_is_loopback(const char *text)
{
    char host[HOST_MAX_BYTES + 1];
    bool brackets;
    const char *port;
    struct in6_addr address6;
    struct in_addr address4;
    if (!split(text, host, &brackets, &port))
        return false;
    if (brackets)
        return inet_pton(AF_INET6, host, &address6) == 1 && memcmp(&address6, &in6addr_loopback, sizeof address6) == 0;
    return strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &address4) == 1 && ntohl(address4.s_addr) >> 24 == 127);
}
