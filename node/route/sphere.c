#include "node/route/sphere.h"

#include "cluster/base/check.h"

#include <math.h>

#define FINE_BITS 60  // sines are worked out in units of 2^-60, then rounded once
#define FINE_ONE (UINT64_C(1) << FINE_BITS)
#define RADIANS_BITS 88
#define RADIANS_PER_UDEG UINT64_C(5401532406949459315)  // pi / 180e6, in units of 2^-88
#define SERIES_TERMS 9                                  // the tenth is below 2^-60 up to 45 degrees
#define QUARTER_UDEG 90000000
#define EARTH_RADIUS_KM 6371.0088

static uint64_t fine_multiply(uint64_t a, uint64_t b)
{
    return (uint64_t)(((unsigned __int128)a * b) >> FINE_BITS);
}

// 1 - s/(k(k+1)) (1 - s/((k+2)(k+3)) (...)), from the innermost out. Cosine with k = 1, sine / x with k = 2.
static uint64_t series(uint64_t square, uint64_t k)
{
    uint64_t sum = FINE_ONE;
    for (uint64_t term = SERIES_TERMS; term-- > 0;) {
        uint64_t i = k + 2 * term;
        sum = FINE_ONE - fine_multiply(square, sum) / (i * (i + 1));
    }
    return sum;
}

// Of 0 to 90 degrees. The series runs to 45 degrees only; the other half is the complement's cosine.
static uint64_t fine_sine(uint32_t udeg)
{
    bool complement = udeg > QUARTER_UDEG / 2;
    uint32_t small = complement ? QUARTER_UDEG - udeg : udeg;
    uint64_t x = (uint64_t)(((unsigned __int128)small * RADIANS_PER_UDEG) >> (RADIANS_BITS - FINE_BITS));
    uint64_t square = fine_multiply(x, x);
    return complement ? series(square, 1) : fine_multiply(x, series(square, 2));
}

// Rounds to units of 2^-30. Signs come after rounding, so that mirrored places are mirrored exactly.
static int32_t round_fine(uint64_t fine, bool negative)
{
    int32_t magnitude =
        (int32_t)((fine + (UINT64_C(1) << (FINE_BITS - SPHERE_UNIT_BITS - 1))) >> (FINE_BITS - SPHERE_UNIT_BITS));
    return negative ? -magnitude : magnitude;
}

bool sphere_in_range(int64_t lat_udeg, int64_t lon_udeg)
{
    return lat_udeg >= -SPHERE_LAT_MAX_UDEG && lat_udeg <= SPHERE_LAT_MAX_UDEG && lon_udeg >= -SPHERE_LON_MAX_UDEG &&
           lon_udeg <= SPHERE_LON_MAX_UDEG;
}

struct sphere_point sphere_point(int32_t lat_udeg, int32_t lon_udeg)
{
    check(sphere_in_range(lat_udeg, lon_udeg));
    uint32_t lat = (uint32_t)(lat_udeg < 0 ? -lat_udeg : lat_udeg);
    uint32_t lon = (uint32_t)(lon_udeg < 0 ? -lon_udeg : lon_udeg);
    bool far_half = lon > QUARTER_UDEG;
    uint64_t cos_lat = fine_sine(QUARTER_UDEG - lat);
    uint64_t sin_lon = fine_sine(far_half ? SPHERE_LON_MAX_UDEG - lon : lon);
    uint64_t cos_lon = fine_sine(far_half ? lon - QUARTER_UDEG : QUARTER_UDEG - lon);
    return (struct sphere_point){
        .x = round_fine(fine_multiply(cos_lat, cos_lon), far_half),
        .y = round_fine(fine_multiply(cos_lat, sin_lon), lon_udeg < 0),
        .z = round_fine(fine_sine(lat), lat_udeg < 0),
    };
}

int64_t sphere_chord2(struct sphere_point a, struct sphere_point b)
{
    int64_t x = (int64_t)a.x - b.x;
    int64_t y = (int64_t)a.y - b.y;
    int64_t z = (int64_t)a.z - b.z;
    return x * x + y * y + z * z;
}

uint32_t sphere_km(struct sphere_point a, struct sphere_point b)
{
    double half_chord = sqrt((double)sphere_chord2(a, b)) / (double)(UINT64_C(2) << SPHERE_UNIT_BITS);
    if (half_chord > 1.0)
        half_chord = 1.0;  // opposite places, rounded away from each other
    return (uint32_t)(2.0 * EARTH_RADIUS_KM * asin(half_chord) + 0.5);
}
