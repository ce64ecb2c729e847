// Places on the globe in integers, so that every build on every processor ranks alike.
// A place is a vector of length 2^30 towards it from the earth's centre. Its sines come from an integer series, not
// from libm. Distances compare as squared chords: monotonic in the great-circle distance and, unlike dot products,
// exact for places that are close together.
#ifndef NODE_ROUTE_SPHERE_H
#define NODE_ROUTE_SPHERE_H

#include <stdbool.h>
#include <stdint.h>

#define SPHERE_UNIT_BITS 30
#define SPHERE_LAT_MAX_UDEG 90000000
#define SPHERE_LON_MAX_UDEG 180000000

struct sphere_point {
    int32_t x, y, z;
};

// lat in -90..90, lon in -180..180 degrees, in millionths. Checked.
struct sphere_point sphere_point(int32_t lat_udeg, int32_t lon_udeg);
bool sphere_in_range(int64_t lat_udeg, int64_t lon_udeg);
// Squared chord in units of 2^-30 earth radii: 0 to 2^62 and a little (rounding), so it never overflows for places
// that sphere_point made.
int64_t sphere_chord2(struct sphere_point a, struct sphere_point b);
// For showing, never for ranking, and so the one function here with floating point: kilometres on a sphere of
// 6371.0088 km (IUGG mean radius), rounded.
uint32_t sphere_km(struct sphere_point a, struct sphere_point b);

#endif
