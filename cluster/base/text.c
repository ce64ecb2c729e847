#include "cluster/base/text.h"

#include <string.h>

bool text_copy(char *to, size_t room, const char *from)
{
    size_t length = strlen(from);
    bool whole = length < room;
    if (!whole)
        length = room - 1;
    memcpy(to, from, length);
    to[length] = '\0';
    return whole;
}

bool text_is_name(const char *text, size_t max_bytes)
{
    size_t length = strlen(text);
    if (length == 0 || length > max_bytes)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '}' || strchr("\"'\\,", *c) != NULL)
            return false;
    return true;
}

bool text_is_call_id(const char *text)
{
    char name[CALL_ID_MAX_BYTES + 1];
    const char *number = strchr(text, '~');
    if (number == NULL)
        return text_is_name(text, CALL_NAME_MAX_BYTES);
    size_t bytes = (size_t)(number - text), digits = strspn(number + 1, "0123456789");
    if (bytes > CALL_NAME_MAX_BYTES || digits == 0 || number[1] == '0' || number[1 + digits] != '\0' ||
        bytes + 1 + digits > CALL_ID_MAX_BYTES)
        return false;
    memcpy(name, text, bytes);
    name[bytes] = '\0';
    return text_is_name(name, CALL_NAME_MAX_BYTES);
}

bool text_is_call_back(const char *id)
{
    return strchr(id, '~') != NULL;
}

// Length of the UTF-8 sequence that begins with this byte; 0: none does.
static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    if (first >= 0xf0 && first < 0xf5)
        return 4;
    return 0;
}

// Among what is well formed by its lengths: control characters, longer forms than needed, halves of UTF-16 pairs and
// what lies beyond Unicode.
static bool is_character(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xc2:
        return second >= 0xa0;
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return first >= ' ' && first != 0x7f;
    }
}

bool text_is_printable(const char *text, size_t max_bytes)
{
    size_t length = strlen(text);
    if (length > max_bytes)
        return false;
    for (size_t i = 0; i < length;) {
        unsigned char first = (unsigned char)text[i];
        size_t bytes = sequence_bytes(first);
        if (bytes == 0 || !is_character(first, (unsigned char)text[i + 1]))
            return false;
        for (size_t k = 1; k < bytes; k++)  // the closing zero is no continuation byte
            if (((unsigned char)text[i + k] & 0xc0) != 0x80)
                return false;
        i += bytes;
    }
    return true;
}
