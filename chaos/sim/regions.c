#include "chaos/sim/regions.h"

const struct city_region city_regions[SIM_REGIONS] = {
    {"beijing", "CN", "+861012345", 39920300, 116433100},      {"singapore", "SG", "+65612345", 1304700, 103823600},
    {"frankfurt", "DE", "+496912345", 50110600, 8682100},      {"new-york", "US", "+121255512", 40762700, -73999600},
    {"johannesburg", "ZA", "+271112345", -26204100, 28047300}, {"sao-paulo", "BR", "+551112345", -23550500, -46633300}};

// Round trips in ms, measured between these regions by public clouds.
static const uint32_t round_trip_ms[SIM_REGIONS][SIM_REGIONS] = {
    {1, 80, 170, 220, 290, 340}, {80, 1, 160, 217, 205, 325},  {170, 160, 1, 90, 155, 203},
    {220, 217, 90, 1, 227, 115}, {290, 205, 155, 227, 1, 337}, {340, 325, 203, 115, 337, 1}};

uint32_t city_round_trip_ms(uint32_t from, uint32_t to)
{
    return round_trip_ms[from][to];
}
