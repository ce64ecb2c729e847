// A round trip, smoothed. An answer that took long may have stood still at either end, and says little of the way: it
// counts as at most twice the known round trip and a little. One that came fast proves how short the way is: less than
// half of the known replaces it. So a stall, however long, is soon forgotten, and a way that became longer is known
// after some answers.
#ifndef CLUSTER_BASE_ROUND_TRIP_H
#define CLUSTER_BASE_ROUND_TRIP_H

#include <stdint.h>

#define ROUND_TRIP_GROWS_US 50000u

// `known_us` 0: not measured. The result is within 1 and most_us.
static inline uint32_t round_trip_take(uint32_t known_us, uint64_t trip_us, uint32_t most_us)
{
    trip_us = trip_us < 1 ? 1 : trip_us < most_us ? trip_us : most_us;
    if (known_us == 0 || trip_us < known_us / 2)
        return (uint32_t)trip_us;
    uint64_t believed_us = (uint64_t)known_us * 2 + ROUND_TRIP_GROWS_US;
    uint64_t counted_us = trip_us < believed_us ? trip_us : believed_us;
    return (uint32_t)(((uint64_t)known_us * 7 + counted_us + 4) / 8);
}

#endif
