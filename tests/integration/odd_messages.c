// Sends a node what no client of ours would: empty, random, many-framed and huge messages, on a client's or a peer's
// socket. usage: odd_messages ENDPOINT SEED. What a node makes of it is for the test to see.
#include <zmq.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGE_BYTES ((size_t)24 * 1024 * 1024)
#define RANDOM_MESSAGES 2000
#define SEND_WAIT_MS 2000

static uint64_t state;

static uint64_t next_random(void)  // xorshift64*
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du;
}

static void send_random(void *socket, size_t bytes, int flags)
{
    uint8_t *data = malloc(bytes + 1);
    if (!data)
        abort();
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(next_random() >> 56);
    // Begin as a message of ours does, every other time: protocol, then a body of a random kind.
    if (bytes > 4 && next_random() % 2 == 0) {
        data[0] = 0x08;
        data[1] = 0x01;
        data[2] = (uint8_t)(((next_random() % 12 + 2) << 3) | 2);
        data[3] = (uint8_t)(bytes - 4 < 128 ? bytes - 4 : 127);
    }
    zmq_send(socket, data, bytes, flags);
    free(data);
}

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    state = strtoull(words[2], NULL, 10) | 1;
    printf("seed %s\n", words[2]);
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int wait_ms = SEND_WAIT_MS;
    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &wait_ms, sizeof wait_ms);
    zmq_setsockopt(socket, ZMQ_LINGER, &wait_ms, sizeof wait_ms);
    if (zmq_connect(socket, words[1]) != 0)
        return 1;
    zmq_send(socket, "", 0, 0);
    for (int i = 0; i < RANDOM_MESSAGES; i++)
        send_random(socket, next_random() % 300, 0);
    for (int i = 0; i < 20; i++)
        send_random(socket, 10, i < 19 ? ZMQ_SNDMORE : 0);
    send_random(socket, 200 * 1024, 0);
    send_random(socket, HUGE_BYTES, 0);
    send_random(socket, 100, 0);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
