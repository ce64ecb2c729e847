#include "node/directory/atlas.h"

#include "cluster/base/text.h"
#include "node/route/sphere.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define LINES_MAX 100000
#define ZONE_NAME_MAX_BYTES 39
#define LETTERS 26
#define DIGITS 10
#define PREFIX_DIGITS_MAX 15
#define PREFIXES_MAX 10000
#define BRANCHES_MAX 65535

struct country {
    bool known;
    char zone[ZONE_NAME_MAX_BYTES + 1];  // whose city stands for the country; "" is the first that is listed
    int32_t lat_udeg, lon_udeg;
};

struct branch {             // of the tree of prefixes, digit by digit
    uint16_t next[DIGITS];  // 0: none, since the root is nobody's branch
    bool ends_here;
    char country[3];  // "" when a prefix is not one country's
};

struct atlas {
    struct country countries[LETTERS * LETTERS];
    struct branch *branches;  // the root is the first
    uint32_t branch_count, branch_capacity;
    uint32_t prefix_count;
};

// Lines without comments, cut into columns at tabs.
struct table {
    const char *path;
    FILE *file;
    uint32_t line;
    char text[LINE_MAX_BYTES];
    char *column[3];
    uint32_t columns;
};

static bool table_open(struct table *self, const char *path, const char *what, struct problem *ret_problem)
{
    *self = (struct table){.path = path, .file = fopen(path, "re")};
    if (self->file == NULL)
        problem_set(ret_problem, "%s: %s cannot be read: %s", path, what, strerror(errno));
    return self->file != NULL;
}

static void table_close(struct table *self)
{
    if (self->file != NULL)
        fclose(self->file);
    self->file = NULL;
}

enum next { NEXT_ROW, NEXT_END, NEXT_PROBLEM };

static enum next table_next(struct table *self, struct problem *ret_problem)
{
    while (fgets(self->text, sizeof self->text, self->file) != NULL) {
        self->line++;
        size_t length = strcspn(self->text, "\n");
        if ((self->text[length] != '\n' && !feof(self->file)) || self->line > LINES_MAX) {
            problem_set(ret_problem, "%s:%u: more than %d bytes in a line or %d lines", self->path, self->line,
                        LINE_MAX_BYTES - 1, LINES_MAX);
            return NEXT_PROBLEM;
        }
        self->text[length] = '\0';
        if (self->text[0] == '#' || self->text[0] == '\0')
            continue;
        self->columns = 0;
        for (char *rest = self->text; rest != NULL && self->columns < 3;)
            self->column[self->columns++] = strsep(&rest, "\t");
        return NEXT_ROW;
    }
    if (!ferror(self->file))
        return NEXT_END;
    problem_set(ret_problem, "%s: cannot be read: %s", self->path, strerror(errno));
    return NEXT_PROBLEM;
}

static int country_index(const char *country)
{
    if (strlen(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z')
        return -1;
    return (country[0] - 'A') * LETTERS + country[1] - 'A';
}

// One half of ISO 6709: a sign, whole degrees, minutes and, in the long form, seconds. Returns its length; 0: it is
// none.
static size_t read_half(const char *text, size_t degree_digits, int32_t *ret_udeg)
{
    size_t digits = strspn(text + 1, "0123456789");
    if ((text[0] != '+' && text[0] != '-') || (digits != degree_digits + 2 && digits != degree_digits + 4))
        return 0;
    int64_t part[3] = {0};  // degrees, minutes, seconds
    for (size_t i = 0; i < digits; i++) {
        size_t which = i < degree_digits ? 0 : 1 + (i - degree_digits) / 2;
        part[which] = part[which] * 10 + text[1 + i] - '0';
    }
    if (part[1] > 59 || part[2] > 59)
        return 0;
    int64_t seconds = part[0] * 3600 + part[1] * 60 + part[2];
    int64_t udeg = (seconds * 1000000 + 1800) / 3600;
    *ret_udeg = (int32_t)(text[0] == '-' ? -udeg : udeg);
    return 1 + digits;
}

static bool read_coordinates(const char *text, struct country *ret_country)
{
    struct country country = {.known = true};
    size_t latitude = read_half(text, 2, &country.lat_udeg);
    size_t longitude = latitude ? read_half(text + latitude, 3, &country.lon_udeg) : 0;
    if (longitude == 0 || text[latitude + longitude] != '\0' || !sphere_in_range(country.lat_udeg, country.lon_udeg))
        return false;
    *ret_country = country;
    return true;
}

static bool read_zones(struct atlas *self, struct table *table, struct problem *ret_problem)
{
    for (;;) {
        enum next next = table_next(table, ret_problem);
        if (next != NEXT_ROW)
            return next == NEXT_END;
        struct country country;
        int index = country_index(table->column[0]);
        if (table->columns < 3 || index < 0 || !read_coordinates(table->column[1], &country)) {
            problem_set(ret_problem, "%s:%u: needs a country (two capital letters), coordinates (ISO 6709) and a zone",
                        table->path, table->line);
            return false;
        }
        struct country *known = &self->countries[index];
        if (!known->known || strcmp(known->zone, table->column[2]) == 0) {
            memcpy(country.zone, known->zone, sizeof country.zone);
            *known = country;
        }
    }
}

static uint32_t add_branch(struct atlas *self)
{
    if (self->branch_count == self->branch_capacity) {
        self->branch_capacity = self->branch_capacity ? self->branch_capacity * 2 : 256;
        self->branches = check_realloc(self->branches, self->branch_capacity * sizeof *self->branches);
    }
    self->branches[self->branch_count] = (struct branch){0};
    return self->branch_count++;
}

// NULL: added. Otherwise what is wrong.
static const char *add_prefix(struct atlas *self, const char *prefix, const char *country)
{
    size_t digits = strspn(prefix, "0123456789");
    if (digits == 0 || digits > PREFIX_DIGITS_MAX || prefix[digits] != '\0')
        return "the prefix must be 1 to 15 digits";
    bool none = strcmp(country, "-") == 0;
    if (!none && country_index(country) < 0)
        return "the country must be two capital letters, or -";
    if (++self->prefix_count > PREFIXES_MAX || self->branch_count + digits > BRANCHES_MAX)
        return "too many prefixes";
    uint32_t at = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = prefix[i] - '0';
        if (self->branches[at].next[digit] == 0) {
            uint32_t added = add_branch(self);
            self->branches[at].next[digit] = (uint16_t)added;
        }
        at = self->branches[at].next[digit];
    }
    if (self->branches[at].ends_here)
        return "this prefix is there twice";
    self->branches[at].ends_here = true;
    if (!none)
        memcpy(self->branches[at].country, country, sizeof self->branches[at].country);
    return NULL;
}

static const char *set_zone(struct atlas *self, const char *country, const char *zone)
{
    int index = country_index(country);
    if (index < 0 || !text_is_name(zone, ZONE_NAME_MAX_BYTES))
        return "a zone row needs a country (two capital letters) and a zone";
    memcpy(self->countries[index].zone, zone, strlen(zone) + 1);
    return NULL;
}

static bool read_prefixes(struct atlas *self, struct table *table, struct problem *ret_problem)
{
    for (;;) {
        enum next next = table_next(table, ret_problem);
        if (next != NEXT_ROW)
            return next == NEXT_END;
        const char *wrong = "needs a prefix, a country and a name, divided by tabs";
        if (table->columns == 3 && strcmp(table->column[0], "zone") == 0)
            wrong = set_zone(self, table->column[1], table->column[2]);
        else if (table->columns >= 2)
            wrong = add_prefix(self, table->column[0], table->column[1]);
        if (wrong != NULL) {
            problem_set(ret_problem, "%s:%u: %s", table->path, table->line, wrong);
            return false;
        }
    }
}

struct atlas *atlas_create(const char *zone_tab, const char *prefix_table, struct problem *ret_problem)
{
    struct atlas *self = check_alloc(sizeof *self);
    add_branch(self);
    struct table zones = {0}, prefixes = {0};
    bool ready = table_open(&zones, zone_tab, "the table of time zones", ret_problem) &&
                 table_open(&prefixes, prefix_table, "the table of number prefixes", ret_problem) &&
                 read_prefixes(self, &prefixes, ret_problem) && read_zones(self, &zones, ret_problem);
    table_close(&zones);
    table_close(&prefixes);
    if (ready)
        return self;
    atlas_free(self);
    return NULL;
}

void atlas_free(struct atlas *self)
{
    if (self == NULL)
        return;
    free(self->branches);
    free(self);
}

bool atlas_country_place(const struct atlas *self, const char *country, int32_t *ret_lat_udeg, int32_t *ret_lon_udeg)
{
    int index = country_index(country);
    if (index < 0 || !self->countries[index].known)
        return false;
    *ret_lat_udeg = self->countries[index].lat_udeg;
    *ret_lon_udeg = self->countries[index].lon_udeg;
    return true;
}

const char *atlas_number_country(const struct atlas *self, const char *number)
{
    if (number[0] != '+')
        return NULL;
    const char *country = "";
    uint32_t at = 0;
    for (const char *digit = number + 1; *digit >= '0' && *digit <= '9'; digit++) {
        at = self->branches[at].next[*digit - '0'];
        if (at == 0)
            break;
        if (self->branches[at].ends_here)
            country = self->branches[at].country;
    }
    return country[0] != '\0' ? country : NULL;
}

bool atlas_is_number(const char *text)
{
    if (text[0] == '\0')
        return true;
    size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits >= 3 && digits <= 15 && text[1 + digits] == '\0';
}
