// The shape of an address: tcp://HOST:PORT.
#ifndef NODE_CONFIG_ENDPOINT_H
#define NODE_CONFIG_ENDPOINT_H

#include <stdbool.h>

// An IPv4 address, a host name or [IPv6], and a port from 1 to 65535. To listen on, * is every address.
bool endpoint_is_valid(const char *text, bool to_listen);
// It names no address that others could connect to: *, 0.0.0.0 or [::].
bool endpoint_is_everywhere(const char *text);
// 127.0.0.0/8, [::1] or localhost.
bool endpoint_is_loopback(const char *text);

#endif
