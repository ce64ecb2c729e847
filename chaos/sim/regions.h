// The regions of both worlds, the simulated and the live one, and how far they are from each other.
#ifndef CHAOS_SIM_REGIONS_H
#define CHAOS_SIM_REGIONS_H

#include <stdint.h>

#define SIM_REGIONS 6

struct city_region {
    const char *name, *country;
    const char *number;  // a caller's, less its last digits
    int32_t lat_udeg, lon_udeg;
};

extern const struct city_region city_regions[SIM_REGIONS];
uint32_t city_round_trip_ms(uint32_t from, uint32_t to);

#endif
