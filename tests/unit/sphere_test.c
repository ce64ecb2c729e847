#include "tests/unit/route_random.h"

#include <math.h>

#define PI 3.14159265358979323846264338327950288L
#define RESOLUTION 4.0L  // in units of 2^-30: two places' roundings, and a little

static long double radians(int32_t udeg)
{
    return (long double)udeg * PI / 180000000.0L;
}

// The great-circle angle by haversine.
static long double angle(const int32_t a[2], const int32_t b[2])
{
    long double half_lat = sinl((radians(b[0]) - radians(a[0])) / 2);
    long double half_lon = sinl((radians(b[1]) - radians(a[1])) / 2);
    long double h = half_lat * half_lat + cosl(radians(a[0])) * cosl(radians(b[0])) * half_lon * half_lon;
    return 2 * asinl(sqrtl(h > 1 ? 1 : h));
}

static long double chord(const int32_t a[2], const int32_t b[2])
{
    return 2 * sinl(angle(a, b) / 2) * (1 << SPHERE_UNIT_BITS);
}

static struct sphere_point point(const int32_t place[2])
{
    return sphere_point(place[0], place[1]);
}

static void random_place(struct dice *dice, int32_t place[2])
{
    static const int32_t lats[] = {-90000000, -45000000, 0, 45000000, 90000000};
    static const int32_t lons[] = {-180000000, -90000000, 0, 90000000, 180000000};
    place[0] = dice_between(dice, -SPHERE_LAT_MAX_UDEG, SPHERE_LAT_MAX_UDEG);
    place[1] = dice_between(dice, -SPHERE_LON_MAX_UDEG, SPHERE_LON_MAX_UDEG);
    if (dice_percent(dice, 20))
        place[0] = lats[dice_below(dice, 5)];
    if (dice_percent(dice, 20))
        place[1] = lons[dice_below(dice, 5)];
}

static void assert_point(struct sphere_point at, int32_t x, int32_t y, int32_t z)
{
    assert_int_equal(at.x, x);
    assert_int_equal(at.y, y);
    assert_int_equal(at.z, z);
}

static void the_axes_are_exact(void **state)
{
    (void)state;
    int32_t one = 1 << SPHERE_UNIT_BITS;
    assert_point(sphere_point(0, 0), one, 0, 0);
    assert_point(sphere_point(0, 90000000), 0, one, 0);
    assert_point(sphere_point(0, -90000000), 0, -one, 0);
    assert_point(sphere_point(90000000, 0), 0, 0, one);
    assert_point(sphere_point(-90000000, 0), 0, 0, -one);
    assert_point(sphere_point(0, 180000000), -one, 0, 0);
}

static void the_date_line_is_one_line_and_a_pole_one_point(void **state)
{
    (void)state;
    for (int32_t lat = -90000000; lat <= 90000000; lat += 7500000) {
        struct sphere_point east = sphere_point(lat, 180000000), west = sphere_point(lat, -180000000);
        assert_point(east, west.x, west.y, west.z);
    }
    for (int32_t lon = -180000000; lon <= 180000000; lon += 7500000) {
        assert_point(sphere_point(90000000, lon), 0, 0, 1 << SPHERE_UNIT_BITS);
        assert_point(sphere_point(-90000000, lon), 0, 0, -(1 << SPHERE_UNIT_BITS));
    }
}

static void what_is_off_the_globe_is_out_of_range(void **state)
{
    (void)state;
    assert_true(sphere_in_range(90000000, -180000000));
    assert_true(sphere_in_range(-90000000, 180000000));
    assert_false(sphere_in_range(90000001, 0));
    assert_false(sphere_in_range(-90000001, 0));
    assert_false(sphere_in_range(0, 180000001));
    assert_false(sphere_in_range(0, -180000001));
    assert_false(sphere_in_range(INT64_MIN, INT64_MAX));
}

static void every_point_is_within_a_unit_of_the_truth(void **state)
{
    (void)state;
    struct dice dice = {random_seed("sphere_test points")};
    long double worst = 0;
    for (uint32_t round = random_rounds(2000) * 20; round > 0; round--) {
        int32_t place[2];
        random_place(&dice, place);
        struct sphere_point at = point(place);
        long double lat = radians(place[0]), lon = radians(place[1]), one = 1 << SPHERE_UNIT_BITS;
        worst = fmaxl(worst, fabsl((long double)at.x - cosl(lat) * cosl(lon) * one));
        worst = fmaxl(worst, fabsl((long double)at.y - cosl(lat) * sinl(lon) * one));
        worst = fmaxl(worst, fabsl((long double)at.z - sinl(lat) * one));
    }
    printf("worst error: %.4Lf units of 2^-30\n", worst);
    assert_true(worst < 0.51L);
}

static void mirrored_places_are_mirrored_exactly(void **state)
{
    (void)state;
    struct dice dice = {random_seed("sphere_test mirrors")};
    for (uint32_t round = random_rounds(2000); round > 0; round--) {
        int32_t place[2];
        random_place(&dice, place);
        struct sphere_point at = point(place);
        assert_point(sphere_point(-place[0], place[1]), at.x, at.y, -at.z);
        assert_point(sphere_point(place[0], -place[1]), at.x, -at.y, at.z);
    }
}

static void the_longest_distance_does_not_overflow(void **state)
{
    (void)state;
    struct dice dice = {random_seed("sphere_test opposite places")};
    int64_t largest = 0;
    for (uint32_t round = random_rounds(2000) * 20; round > 0; round--) {
        int32_t place[2];
        random_place(&dice, place);
        int32_t opposite[2] = {-place[0], place[1] > 0 ? place[1] - 180000000 : place[1] + 180000000};
        int64_t chord2 = sphere_chord2(point(place), point(opposite));
        assert_true(chord2 == plain_chord2(point(place), point(opposite)));
        assert_true(chord2 > (INT64_C(1) << 62) - (INT64_C(1) << 34));
        largest = chord2 > largest ? chord2 : largest;
    }
    assert_true(largest < (INT64_C(1) << 62) + (INT64_C(1) << 34));
}

// Only where two distances differ by less than the resolution may either be called nearer.
static void chords_rank_as_great_circles_do(void **state)
{
    (void)state;
    struct dice dice = {random_seed("sphere_test ranks")};
    uint32_t decided = 0, close = 0;
    for (uint32_t round = random_rounds(2000) * 20; round > 0; round--) {
        int32_t from[2], a[2], b[2];
        random_place(&dice, from);
        random_place(&dice, a);
        random_place(&dice, b);
        if (dice_percent(&dice, 30)) {  // a few steps of 0.1 m apart
            b[0] = a[0] + (a[0] > 0 ? -1 : 1) * dice_between(&dice, 0, 3);
            b[1] = a[1] + (a[1] > 0 ? -1 : 1) * dice_between(&dice, 0, 3);
        }
        long double to_a = chord(from, a), to_b = chord(from, b);
        int64_t chord2_a = sphere_chord2(point(from), point(a)), chord2_b = sphere_chord2(point(from), point(b));
        if (fabsl(to_a - to_b) <= RESOLUTION) {
            close++;
            continue;
        }
        decided++;
        assert_true((to_a < to_b) == (chord2_a < chord2_b) && chord2_a != chord2_b);
    }
    printf("%u pairs ranked, %u too close to call\n", decided, close);
    assert_true(decided > close);
}

static void assert_km(int32_t lat, int32_t lon, int32_t other_lat, int32_t other_lon, uint32_t km)
{
    assert_in_range(sphere_km(sphere_point(lat, lon), sphere_point(other_lat, other_lon)), km - 1, km + 1);
}

static void kilometres_are_those_of_the_great_circle(void **state)
{
    (void)state;
    assert_int_equal(sphere_km(sphere_point(1000000, 2000000), sphere_point(1000000, 2000000)), 0);
    assert_km(0, 0, 0, 180000000, 20015);               // half of the equator
    assert_km(90000000, 0, -90000000, 0, 20015);        // pole to pole
    assert_km(80000000, 0, 80000000, 180000000, 2224);  // over the pole
    assert_km(0, 179000000, 0, -179000000, 222);        // over the date line
    assert_km(0, 0, 1000000, 0, 111);

    struct dice dice = {random_seed("sphere_test km")};
    for (uint32_t round = random_rounds(2000); round > 0; round--) {
        int32_t a[2], b[2];
        random_place(&dice, a);
        random_place(&dice, b);
        long double km = angle(a, b) * 6371.0088L;
        assert_true(fabsl((long double)sphere_km(point(a), point(b)) - km) < 0.8L);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_axes_are_exact),
        cmocka_unit_test(the_date_line_is_one_line_and_a_pole_one_point),
        cmocka_unit_test(what_is_off_the_globe_is_out_of_range),
        cmocka_unit_test(every_point_is_within_a_unit_of_the_truth),
        cmocka_unit_test(mirrored_places_are_mirrored_exactly),
        cmocka_unit_test(the_longest_distance_does_not_overflow),
        cmocka_unit_test(chords_rank_as_great_circles_do),
        cmocka_unit_test(kilometres_are_those_of_the_great_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
