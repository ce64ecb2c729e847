// How much one address may ask: a bucket each, in a table of bounded size. Addresses beyond the table share one bucket.
#ifndef OPS_WEB_RATE_H
#define OPS_WEB_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_ADDRESSES_MAX 4096
#define RATE_PER_S 200
#define RATE_BURST 2000

struct sockaddr;
struct rate;

struct rate *rate_create(void);
void rate_free(struct rate *self);
bool rate_allows(struct rate *self, const struct sockaddr *address, uint64_t now_us);

#endif
