#include "tests/integration/attacker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

#define WAIT_MS 5000

struct key_pair attacker_key;
static void *context;
static char place[256];
static uint8_t server[KEY_BYTES];

bool attacker_open(const char *endpoint, const char *key_file)
{
    struct problem problem;
    struct rlimit files;
    const char *expected;
    check(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (!key_pair_read(key_file, &attacker_key, &problem) || attacker_key.secret == NULL) {
        fprintf(stderr, "%s\n", problem.text);
        return false;
    }
    check(key_split_endpoint(endpoint, place, sizeof place, &expected) && key_from_text(expected, server));
    check(strncmp(place, "tcp://", 6) == 0);
    context = zmq_ctx_new();
    check(context != NULL && zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 65535) == 0);
    return true;
}

void attacker_close(void)
{
    zmq_ctx_term(context);
    key_pair_close(&attacker_key);
}

void *attacker_dial(uint32_t connections)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int wait_ms = WAIT_MS, linger_ms = 0;
    check(socket != NULL);
    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &wait_ms, sizeof wait_ms);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof server);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, attacker_key.public_key, KEY_BYTES);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, attacker_key.secret, KEY_BYTES);
    for (uint32_t i = 0; i < connections; i++) {
        char from[300];  // a DEALER connects to a place once: so each comes from an address of its own
        snprintf(from, sizeof from, "tcp://127.%u.%u.%u:0;%s", 1 + (i >> 16), i >> 8 & 255, i & 255, place + 6);
        check(zmq_connect(socket, connections == 1 ? place : from) == 0);
    }
    return socket;
}

size_t attacker_pack(Cli__ToNode__BodyCase body_case, void *body, uint8_t *room, size_t bytes)
{
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.protocol = 1;
    message.body_case = body_case;
    message.ping = body;  // the members of a oneof share their place
    check(cli__to_node__get_packed_size(&message) <= bytes);
    return cli__to_node__pack(&message, room);
}

void attacker_say(void *socket, Cli__ToNode__BodyCase body_case, void *body)
{
    uint8_t packed[1024];
    size_t bytes = attacker_pack(body_case, body, packed, sizeof packed);
    check(zmq_send(socket, packed, bytes, 0) == (int)bytes);
}

uint64_t attacker_attach_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) << 20 | 1;
}
