#include "ops/common/output.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX_BYTES 256

int output_fail(int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    return status;
}

json_t *output_text(const char *text)
{
    json_t *made = json_string(text ? text : "");
    if (made)
        return made;
    char *copy = check_strdup(text);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    made = json_string(copy);
    free(copy);
    check(made);
    return made;
}

json_t *output_list(const char *const *items)
{
    json_t *list = json_array();
    for (; items && *items; items++)
        json_array_append_new(list, output_text(*items));
    return list;
}

json_t *output_real(double value, int decimals)
{
    double scale = pow(10, decimals);
    return json_real(round(value * scale) / scale);
}

static void output_json(const json_t *object)
{
    // 15 digits print a rounded number as it was rounded.
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    check(line);
    puts(line);
    fflush(stdout);
    free(line);
}

static void cell_text(const json_t *value, char room[CELL_MAX_BYTES])
{
    size_t index;
    json_t *item;
    size_t used = 0;
    switch (json_typeof(value)) {
    case JSON_STRING:
        snprintf(room, CELL_MAX_BYTES, "%s", json_string_value(value));
        return;
    case JSON_INTEGER:
        snprintf(room, CELL_MAX_BYTES, "%lld", (long long)json_integer_value(value));
        return;
    case JSON_REAL:
        snprintf(room, CELL_MAX_BYTES, "%.10g", json_real_value(value));
        return;
    case JSON_TRUE:
        snprintf(room, CELL_MAX_BYTES, "yes");
        return;
    case JSON_FALSE:
    case JSON_NULL:
    case JSON_OBJECT:
        room[0] = 0;
        return;
    case JSON_ARRAY:
        room[0] = 0;
        json_array_foreach(value, index, item)
        {
            int wrote = snprintf(room + used, CELL_MAX_BYTES - used, "%s%s", index > 0 ? "," : "",
                                 json_is_string(item) ? json_string_value(item) : "");
            if (wrote < 0 || used + (size_t)wrote >= CELL_MAX_BYTES)
                return;
            used += (size_t)wrote;
        }
        return;
    }
}

void output_event(bool json, const char *event, json_t *fields)
{
    if (json) {
        json_t *line = json_pack("{s:s}", "event", event);
        json_object_update(line, fields);
        output_json(line);
        json_decref(line);
    } else {
        const char *key;
        json_t *value;
        char cell[CELL_MAX_BYTES];
        printf("%-10s", event);
        json_object_foreach(fields, key, value)
        {
            cell_text(value, cell);
            if (cell[0])
                printf("  %s %s", key, cell);
        }
        putchar('\n');
        fflush(stdout);
    }
    json_decref(fields);
}

// How many columns of a terminal a text takes: East Asian wide characters take two.
static size_t cell_width(const char *text)
{
    size_t width = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c & 0xC0) == 0x80)
            continue;
        bool wide = *c == 0xF0 || (*c >= 0xE3 && *c <= 0xED) || (*c == 0xEF && c[1] >= 0xBC && c[1] <= 0xBD);
        width += wide ? 2 : 1;
    }
    return width;
}

void output_table_open(struct output_table *self, bool json, const struct output_column *columns)
{
    *self = (struct output_table){json, columns, json ? NULL : json_array()};
}

void output_table_add(struct output_table *self, json_t *row)
{
    if (self->json) {
        output_json(row);
        json_decref(row);
    } else {
        json_array_append_new(self->rows, row);
    }
}

static void row_cell(const struct output_column *column, json_t *row, char room[CELL_MAX_BYTES])
{
    json_t *value = row ? json_object_get(row, column->key) : NULL;
    room[0] = 0;
    if (!row)
        snprintf(room, CELL_MAX_BYTES, "%s", column->title);
    else if (value)
        cell_text(value, room);
    if (row && room[0] && column->why) {
        size_t used = strlen(room);
        snprintf(room + used, CELL_MAX_BYTES - used, "%s", column->why);
    }
}

static void row_print(const struct output_column *columns, const size_t *widths, json_t *row)
{
    char cell[CELL_MAX_BYTES];
    for (size_t c = 0; columns[c].key; c++) {
        row_cell(&columns[c], row, cell);
        int pad = (int)(widths[c] - cell_width(cell));
        bool last = columns[c + 1].key == NULL;
        if (columns[c].right)
            printf("%*s%s", pad, "", cell);
        else
            printf("%s%*s", cell, last ? 0 : pad, "");
        fputs(last ? "\n" : "  ", stdout);
    }
}

void output_table_close(struct output_table *self)
{
    if (!self->json && self->rows) {
        size_t widths[32] = {0};
        char cell[CELL_MAX_BYTES];
        size_t index;
        json_t *row;
        for (size_t c = 0; self->columns[c].key; c++) {
            check(c < 32);
            widths[c] = cell_width(self->columns[c].title);
            json_array_foreach(self->rows, index, row)
            {
                row_cell(&self->columns[c], row, cell);
                size_t width = cell_width(cell);
                widths[c] = width > widths[c] ? width : widths[c];
            }
        }
        row_print(self->columns, widths, NULL);
        json_array_foreach(self->rows, index, row) row_print(self->columns, widths, row);
        fflush(stdout);
    }
    json_decref(self->rows);
    self->rows = NULL;
}
