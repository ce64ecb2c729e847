// A history as text.
#include "chaos/history/history.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[HISTORY_WORDS_COUNT] = {[HISTORY_NONE] = "none",
#define X(name, word) [HISTORY_##name] = word,
                                                       HISTORY_WORDS(X)
#undef X
};

enum shape { TEXT, NUMBER32, NUMBER64, HEX64 };

static const struct key {
    const char *name;
    enum shape shape;
    size_t offset;
} keys[] = {
    {"client", NUMBER32, offsetof(struct history_event, client)},
    {"party", TEXT, offsetof(struct history_event, party)},
    {"node", TEXT, offsetof(struct history_event, node)},
    {"call", TEXT, offsetof(struct history_event, call)},
    {"agent", TEXT, offsetof(struct history_event, agent)},
    {"reason", TEXT, offsetof(struct history_event, reason)},
    {"list", TEXT, offsetof(struct history_event, list)},
    {"place", TEXT, offsetof(struct history_event, place)},
    {"attach", NUMBER64, offsetof(struct history_event, attach)},
    {"boot", HEX64, offsetof(struct history_event, boot)},
    {"n", NUMBER32, offsetof(struct history_event, n)},
    {"priority", NUMBER32, offsetof(struct history_event, priority)},
    {"deadline_ms", NUMBER32, offsetof(struct history_event, deadline_ms)},
    {"skills", HEX64, offsetof(struct history_event, skills)},
    {"languages", HEX64, offsetof(struct history_event, languages)},
    {"queued_ms", NUMBER64, offsetof(struct history_event, queued_ms)},
    {"number", NUMBER64, offsetof(struct history_event, number)},
    {"records", NUMBER64, offsetof(struct history_event, records)},
};
#define KEYS_COUNT (sizeof keys / sizeof keys[0])

const char *history_word_text(enum history_word word)
{
    return (unsigned)word < HISTORY_WORDS_COUNT ? words[word] : "unknown";
}

// ---- out

static void put(struct bytes *text, const char *from)
{
    bytes_append(text, from, strlen(from));
}

static bool is_plain(char c)
{
    return c > ' ' && c < 0x7f && c != '%';
}

static void put_value(struct bytes *text, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        char escaped[4];
        if (is_plain(*c)) {
            bytes_append(text, c, 1);
        } else {
            snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char)*c);
            put(text, escaped);
        }
    }
}

static void put_key(struct bytes *text, const struct key *key, const struct history_event *event)
{
    const char *field = (const char *)event + key->offset;
    char number[24];
    if (key->shape == TEXT) {
        const char *value = *(const char *const *)field;
        if (value == NULL || value[0] == '\0')
            return;
        put(text, " ");
        put(text, key->name);
        put(text, "=");
        put_value(text, value);
        return;
    }
    uint64_t value = key->shape == NUMBER32 ? *(const uint32_t *)field : *(const uint64_t *)field;
    if (value == 0)
        return;
    snprintf(number, sizeof number, key->shape == HEX64 ? "0x%" PRIx64 : "%" PRIu64, value);
    put(text, " ");
    put(text, key->name);
    put(text, "=");
    put(text, number);
}

void history_print(const struct history_event *event, struct bytes *text)
{
    char time[24];
    snprintf(time, sizeof time, "%" PRIu64 " ", event->us);
    put(text, time);
    put(text, history_word_text(event->word));
    for (size_t i = 0; i < KEYS_COUNT; i++)
        put_key(text, &keys[i], event);
    put(text, "\n");
}

// ---- in

static bool read_number(const char *text, uint64_t *ret_number)
{
    bool hex = text[0] == '0' && text[1] == 'x';
    uint64_t number = 0, base = hex ? 16 : 10;
    const char *digits = "0123456789abcdef", *c = hex ? text + 2 : text;
    if (*c == '\0')
        return false;
    for (; *c != '\0'; c++) {
        const char *digit = strchr(digits, *c);
        uint64_t value = digit == NULL ? base : (uint64_t)(digit - digits);
        if (value >= base || number > (UINT64_MAX - value) / base)
            return false;
        number = number * base + value;
    }
    *ret_number = number;
    return true;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789ABCDEF", *digit = c == '\0' ? NULL : strchr(digits, c);
    return digit == NULL ? -1 : (int)(digit - digits);
}

// In place: what is escaped only gets shorter.
static bool unescape(char *value)
{
    char *to = value;
    for (const char *from = value; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

static const char *read_key(char *token, struct history_event *event)
{
    char *equals = strchr(token, '=');
    if (equals == NULL)
        return "a key without '='";
    *equals = '\0';
    char *value = equals + 1;
    for (size_t i = 0; i < KEYS_COUNT; i++) {
        if (strcmp(keys[i].name, token) != 0)
            continue;
        char *field = (char *)event + keys[i].offset;
        uint64_t number;
        if (keys[i].shape == TEXT) {
            *(const char **)field = value;
            return unescape(value) ? NULL : "a wrong %XX in a value";
        }
        if (!read_number(value, &number))
            return "a number was expected";
        if (keys[i].shape == NUMBER32) {
            if (number > UINT32_MAX)
                return "a number is too large";
            *(uint32_t *)field = (uint32_t)number;
        } else {
            *(uint64_t *)field = number;
        }
        return NULL;
    }
    return "a key that is not known";
}

static char *next_token(char **rest)
{
    while (**rest == ' ')
        ++*rest;
    if (**rest == '\0')
        return NULL;
    char *token = *rest;
    *rest += strcspn(token, " ");
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return token;
}

const char *history_parse(char *line, struct history_event *ret_event)
{
    struct history_event event = {.word = HISTORY_NONE};
    char *rest = line, *token = next_token(&rest);
    if (token == NULL || token[0] == '#') {
        *ret_event = event;
        return NULL;
    }
    if (!read_number(token, &event.us))
        return "a line begins with its time in microseconds";
    token = next_token(&rest);
    for (int i = 1; token != NULL && i < HISTORY_WORDS_COUNT; i++)
        if (strcmp(words[i], token) == 0)
            event.word = (enum history_word)i;
    if (event.word == HISTORY_NONE)
        return "a word that is not known";
    while ((token = next_token(&rest)) != NULL) {
        const char *wrong = read_key(token, &event);
        if (wrong != NULL)
            return wrong;
    }
    *ret_event = event;
    return NULL;
}
