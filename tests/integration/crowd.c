// One key that is a crowd. usage: crowd ENDPOINT#KEY KEY-FILE CROWD COUNT SECONDS REASON
//   agents, gateways: attaches under so many names of other parties, on one connection    names: under so many of its
//   own, after the first    connections: opens so many, and says a word on each, and again
//   silent: says one word, and holds its connection for SECONDS
// It waits for the answers, so that none is dropped, and stops after COUNT or SECONDS. Status 0: each that it said (of
// connections: one at least) was refused with that reason.
#include "tests/integration/attacker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define WINDOW 4000  // unanswered at a time: less than the node keeps for a client
#define ROOM_BYTES 4096
#define MORE_MS 60000

static uint64_t sent, answered, refused;
static const char *reason;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// False: nothing came.
static bool hear(void *socket, int flags)
{
    uint8_t data[ROOM_BYTES];
    int bytes = zmq_recv(socket, data, sizeof data, flags);
    if (bytes < 0)
        return false;
    Cli__ToClient *message = cli__to_client__unpack(NULL, (size_t)bytes, data);
    check(message != NULL);
    bool is_refusal = message->body_case == CLI__TO_CLIENT__BODY_REFUSED;
    answered++;
    refused += is_refusal && strcmp(message->refused->reason, reason) == 0;
    cli__to_client__free_unpacked(message, NULL);
    return true;
}

static void attach_as(void *socket, const char *name, bool as_agent)
{
    Cli__AttachDesk desk = CLI__ATTACH_DESK__INIT;
    Cli__AttachGateway gateway = CLI__ATTACH_GATEWAY__INIT;
    desk.agent = gateway.gateway = (char *)name;
    desk.attach = gateway.attach = attacker_attach_now();
    desk.state = REC__AGENT_STATE__AVAILABLE;
    if (as_agent)
        attacker_say(socket, CLI__TO_NODE__BODY_ATTACH_DESK, &desk);
    else
        attacker_say(socket, CLI__TO_NODE__BODY_ATTACH_GATEWAY, &gateway);
}

static void names(const char *crowd, uint64_t count, uint64_t until_ms)
{
    void *socket = attacker_dial(1);
    bool own = strcmp(crowd, "names") == 0;
    char name[160];
    if (own) {
        attach_as(socket, attacker_key.party, false);
        check(hear(socket, 0) && refused == 0);
        answered = 0;
    }
    while (sent < count && now_ms() < until_ms) {
        snprintf(name, sizeof name, "%s:%" PRIu64, own ? attacker_key.party : "nobody", sent++);
        attach_as(socket, name, strcmp(crowd, "agents") == 0);
        while (hear(socket, sent < answered + WINDOW ? ZMQ_DONTWAIT : 0))
            continue;
    }
    while (answered < sent && hear(socket, 0))
        continue;
    zmq_close(socket);
}

static void connections(uint32_t count, uint64_t until_ms)
{
    void *socket = attacker_dial(count);
    uint8_t packed[64];
    Cli__Ping ping = CLI__PING__INIT;
    ping.sent_us = 1;
    size_t bytes = attacker_pack(CLI__TO_NODE__BODY_PING, &ping, packed, sizeof packed);
    // One after the other in turn, as DEALERs do. A machine that is busy makes few connections in that time: at least
    // as many as are refused.
    while (now_ms() < until_ms || (refused == 0 && now_ms() < until_ms + MORE_MS)) {
        struct timespec pause = {0, 1000000};
        sent += zmq_send(socket, packed, bytes, ZMQ_DONTWAIT) >= 0;
        while (hear(socket, ZMQ_DONTWAIT))
            continue;
        nanosleep(&pause, NULL);
    }
    zmq_close(socket);
}

static void be_silent(uint64_t until_ms)
{
    void *socket = attacker_dial(1);
    Cli__Ping ping = CLI__PING__INIT;
    ping.sent_us = 1;
    attacker_say(socket, CLI__TO_NODE__BODY_PING, &ping);
    while (now_ms() < until_ms)
        hear(socket, 0);
    zmq_close(socket);
}

int main(int count, char **words)
{
    if (count != 7 || !attacker_open(words[1], words[2]))
        return 2;
    uint64_t began_ms = now_ms(), until_ms = began_ms + strtoull(words[5], NULL, 10) * 1000;
    bool connects = strcmp(words[3], "connections") == 0;
    reason = words[6];
    if (connects)
        connections((uint32_t)strtoul(words[4], NULL, 10), until_ms);
    else if (strcmp(words[3], "silent") == 0)
        be_silent(until_ms);
    else
        names(words[3], strtoull(words[4], NULL, 10), until_ms);
    attacker_close();
    printf("%" PRIu64 " said, %" PRIu64 " refused as %s, in %" PRIu64 " ms\n", sent, refused, reason,
           now_ms() - began_ms);
    return connects ? refused == 0 : refused != sent;
}
