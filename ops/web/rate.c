#include "ops/web/rate.h"

#include "cluster/base/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WAYS 8
#define FORGET_US 60000000  // by then a bucket is full again

struct bucket {
    uint8_t address[16];
    uint64_t seen_us;  // 0: free
    uint64_t left_us;  // in microseconds of RATE_PER_S
};

struct rate {
    struct bucket buckets[RATE_ADDRESSES_MAX];
    struct bucket others;
};

struct rate *rate_create(void)
{
    return check_alloc(sizeof(struct rate));
}

void rate_free(struct rate *self)
{
    free(self);
}

static void address_bytes(const struct sockaddr *address, uint8_t bytes[16])
{
    memset(bytes, 0, 16);
    if (address != NULL && address->sa_family == AF_INET)
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address != NULL && address->sa_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 8);  // one household has a /64
}

static struct bucket *find(struct rate *self, const uint8_t address[16], uint64_t now_us)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < 16; i++)
        hash = (hash ^ address[i]) * 1099511628211u;
    struct bucket *set = &self->buckets[hash % (RATE_ADDRESSES_MAX / WAYS) * WAYS], *free_one = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].seen_us != 0 && memcmp(set[i].address, address, 16) == 0)
            return &set[i];
        if (free_one == NULL && (set[i].seen_us == 0 || now_us - set[i].seen_us > FORGET_US))
            free_one = &set[i];
    }
    if (free_one == NULL)
        return &self->others;
    *free_one = (struct bucket){.seen_us = 0};
    memcpy(free_one->address, address, 16);
    return free_one;
}

bool rate_allows(struct rate *self, const struct sockaddr *address, uint64_t now_us)
{
    const uint64_t one_us = 1000000 / RATE_PER_S, full_us = RATE_BURST * one_us;
    uint8_t bytes[16];
    address_bytes(address, bytes);
    struct bucket *bucket = find(self, bytes, now_us);
    uint64_t more_us = bucket->seen_us == 0 ? full_us : now_us - bucket->seen_us;
    bucket->left_us = bucket->left_us + more_us > full_us ? full_us : bucket->left_us + more_us;
    bucket->seen_us = now_us;
    if (bucket->left_us < one_us)
        return false;
    bucket->left_us -= one_us;
    return true;
}
