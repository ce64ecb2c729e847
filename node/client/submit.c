#include "node/client/submit.h"

#include "cluster/base/check.h"
#include "cluster/base/text.h"

#include <math.h>
#include <string.h>

static const char *text(const char *given)
{
    return given == NULL ? "" : given;
}

static enum hotline_result check_list(const char *const *list, size_t *ret_count)
{
    size_t count = 0;
    for (; list != NULL && list[count] != NULL; count++) {
        if (count == SUBMIT_LIST_MAX)
            return HOTLINE_TOO_MANY;
        if (!text_is_name(list[count], NAME_MAX_BYTES))
            return HOTLINE_INVALID;
    }
    *ret_count = count;
    return HOTLINE_OK;
}

static bool is_at_most(const char *given, size_t max_bytes)
{
    return text_is_printable(text(given), max_bytes);
}

static bool is_well(const struct hotline_call_spec *spec, bool finds)
{
    bool queue = text(spec->queue)[0] != '\0', dialled = text(spec->dialled)[0] != '\0';
    if (spec->at && !(fabs(spec->lat) <= 90.0 && fabs(spec->lon) <= 180.0))  // also not a number
        return false;
    if ((queue && dialled) || (!finds && !queue && !dialled) || (queue && !text_is_name(spec->queue, NAME_MAX_BYTES)))
        return false;
    return is_at_most(spec->number, SUBMIT_NUMBER_MAX_BYTES) && is_at_most(spec->country, 2) &&
           is_at_most(spec->dialled, SUBMIT_DIALLED_MAX_BYTES);
}

struct block {
    Cli__Submit submit;
    char *languages[SUBMIT_LIST_MAX];
    char *skills[SUBMIT_LIST_MAX];
    char texts[];
};

static char *put(char **at, const char *given)
{
    char *copy = *at;
    size_t bytes = strlen(text(given)) + 1;
    memcpy(copy, text(given), bytes);
    *at += bytes;
    return copy;
}

static size_t list_bytes(const char *const *list, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(list[i]) + 1;
    return bytes;
}

Cli__Submit *submit_create(const struct hotline_call_spec *spec, const char *id, bool finds,
                           enum hotline_result *ret_result)
{
    size_t languages = 0, skills = 0;
    *ret_result = is_well(spec, finds) ? check_list(spec->languages, &languages) : HOTLINE_INVALID;
    if (*ret_result == HOTLINE_OK)
        *ret_result = check_list(spec->skills, &skills);
    if (*ret_result != HOTLINE_OK)
        return NULL;
    struct block *block =
        check_alloc(sizeof *block + strlen(id) + strlen(text(spec->number)) + strlen(text(spec->country)) +
                    strlen(text(spec->queue)) + strlen(text(spec->dialled)) + 5 +
                    list_bytes(spec->languages, languages) + list_bytes(spec->skills, skills));
    char *at = block->texts;
    Cli__Submit *submit = &block->submit;
    cli__submit__init(submit);
    submit->call = put(&at, id);
    submit->number = put(&at, spec->number);
    submit->country = put(&at, spec->country);
    submit->queue = put(&at, spec->queue);
    submit->dialled = put(&at, spec->dialled);
    submit->at = spec->at;
    submit->lat_udeg = spec->at ? (int32_t)lround(spec->lat * 1e6) : 0;
    submit->lon_udeg = spec->at ? (int32_t)lround(spec->lon * 1e6) : 0;
    submit->languages = block->languages;
    submit->skills = block->skills;
    submit->n_languages = languages;
    submit->n_skills = skills;
    for (size_t i = 0; i < languages; i++)
        block->languages[i] = put(&at, spec->languages[i]);
    for (size_t i = 0; i < skills; i++)
        block->skills[i] = put(&at, spec->skills[i]);
    return submit;
}
