#include "node/config/yaml_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEGREES_MAX 999
#define DECIMALS 6

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

bool yaml_is_nothing(const struct yaml_node *node)
{
    static const char *const nothing[] = {"", "~", "null", NULL};
    return node->kind == YAML_TEXT && node->plain && is_one_of(node->text, nothing);
}

static bool is_plain(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && node->plain;
}

bool yaml_to_number(const struct yaml_node *node, uint64_t *ret_number)
{
    if (!is_plain(node))
        return false;
    size_t digits = strspn(node->text, "0123456789");
    if (digits == 0 || digits > 19 || node->text[digits] != '\0' || (digits > 1 && node->text[0] == '0'))
        return false;
    *ret_number = strtoull(node->text, NULL, 10);
    return true;
}

bool yaml_to_truth(const struct yaml_node *node, bool *ret_truth)
{
    bool truth = is_plain(node) && strcmp(node->text, "true") == 0;
    if (!truth && !(is_plain(node) && strcmp(node->text, "false") == 0))
        return false;
    *ret_truth = truth;
    return true;
}

bool yaml_to_udeg(const struct yaml_node *node, int32_t *ret_udeg)
{
    if (!is_plain(node))
        return false;
    const char *text = node->text;
    bool negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+')
        text++;
    size_t whole = strspn(text, "0123456789");
    size_t decimals = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t end = text[whole] == '.' ? whole + 1 + decimals : whole;
    if (whole == 0 || whole > 3 || decimals > DECIMALS || (text[whole] == '.' && decimals == 0) || text[end] != '\0')
        return false;
    int32_t udeg = 0;
    for (size_t i = 0; i < whole; i++)
        udeg = udeg * 10 + text[i] - '0';
    for (size_t i = 0; i < DECIMALS; i++)
        udeg = udeg * 10 + (i < decimals ? text[whole + 1 + i] - '0' : 0);
    *ret_udeg = negative ? -udeg : udeg;
    return true;
}

// Words that other readers of YAML take for something else than text.
static bool is_reserved(const char *text)
{
    static const char *const reserved[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};
    return is_one_of(text, reserved);
}

static bool needs_quotes(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@";
    size_t length = strlen(text);
    return length == 0 || strchr(letters, text[0]) == NULL || strspn(text, inner) != length || is_reserved(text);
}

// A line or paragraph separator (U+2028, U+2029), a byte order mark (U+FEFF) or no character (U+FFFE, U+FFFF): readers
// fold or refuse them, so they are written by number. Returns it; 0: none of these.
static unsigned awkward(const unsigned char *at)
{
    if (at[0] < 0xe0 || at[0] > 0xef || at[1] == '\0' || at[2] == '\0')
        return 0;
    unsigned code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    return code == 0x2028 || code == 0x2029 || code == 0xfeff || code >= 0xfffe ? code : 0;
}

void yaml_print_text(const char *text, FILE *to)
{
    if (!needs_quotes(text)) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        unsigned code = awkward(at);
        if (code != 0) {
            fprintf(to, "\\u%04X", code);
            at += 2;
        } else if (*at < ' ' || *at == 0x7f) {
            fprintf(to, "\\x%02X", *at);
        } else {
            if (*at == '"' || *at == '\\')
                fputc('\\', to);
            fputc(*at, to);
        }
    }
    fputc('"', to);
}

void yaml_print_udeg(int32_t udeg, FILE *to)
{
    int64_t whole = udeg < 0 ? -(int64_t)udeg : udeg;
    fprintf(to, "%s%" PRId64 ".%06" PRId64, udeg < 0 ? "-" : "", whole / 1000000, whole % 1000000);
}
