#include "node/client/texts.h"

struct hotline_place place_of(const Rec__Place *place)
{
    struct hotline_place made = {.placed_by = "unknown", .country = ""};
    if (place == NULL)
        return made;
    made.lat = place->lat_udeg / 1e6;
    made.lon = place->lon_udeg / 1e6;
    made.country = place->country;
    switch (place->by) {
    case REC__PLACED_BY__COORDINATES:
        made.placed_by = "coordinates";
        break;
    case REC__PLACED_BY__COUNTRY:
        made.placed_by = "country";
        break;
    case REC__PLACED_BY__PREFIX:
        made.placed_by = "prefix";
        break;
    case REC__PLACED_BY__GATEWAY_SITE:
        made.placed_by = "gateway_site";
        break;
    case REC__PLACED_BY__PLACED_UNKNOWN:
    case _REC__PLACED_BY_IS_INT_SIZE:
        break;
    }
    return made;
}

const char *agent_state_text(Rec__AgentState state)
{
    switch (state) {
    case REC__AGENT_STATE__OFFLINE:
        return "offline";
    case REC__AGENT_STATE__AVAILABLE:
        return "available";
    case REC__AGENT_STATE__RINGING:
        return "ringing";
    case REC__AGENT_STATE__ON_CALL:
        return "on_call";
    case REC__AGENT_STATE__WRAP_UP:
        return "wrap_up";
    case REC__AGENT_STATE__NOT_READY:
        return "not_ready";
    case _REC__AGENT_STATE_IS_INT_SIZE:
        break;
    }
    return "unknown";  // of a newer protocol
}

const char *call_state_text(Rec__CallState state)
{
    switch (state) {
    case REC__CALL_STATE__CALL_STATE_UNSET:
        return "";
    case REC__CALL_STATE__WAITING:
        return "waiting";
    case REC__CALL_STATE__CALL_RINGING:
        return "ringing";
    case REC__CALL_STATE__CONNECTED:
        return "connected";
    case REC__CALL_STATE__ENDED:
        return "ended";
    case _REC__CALL_STATE_IS_INT_SIZE:
        break;
    }
    return "unknown";  // of a newer protocol
}

const char *end_text(Rec__EndReason end)
{
    switch (end) {
    case REC__END_REASON__NOT_ENDED:
        return "";
    case REC__END_REASON__ANSWERED:
        return "answered";
    case REC__END_REASON__ABANDONED:
        return "abandoned";
    case REC__END_REASON__REFUSED:
        return "refused";
    case REC__END_REASON__EXPIRED:
        return "expired";
    case REC__END_REASON__CALLED_BACK:
        return "called_back";
    case REC__END_REASON__LOST:
        return "lost";
    case REC__END_REASON__CANCELLED:
        return "cancelled";
    case _REC__END_REASON_IS_INT_SIZE:
        break;
    }
    return "unknown";  // of a newer protocol
}

const char *outcome_text(Rec__OfferOutcome outcome)
{
    switch (outcome) {
    case REC__OFFER_OUTCOME__OFFER_OPEN:
        return "open";
    case REC__OFFER_OUTCOME__OFFER_ACCEPTED:
        return "accepted";
    case REC__OFFER_OUTCOME__OFFER_DECLINED:
        return "declined";
    case REC__OFFER_OUTCOME__OFFER_NO_ANSWER:
        return "no_answer";
    case REC__OFFER_OUTCOME__OFFER_REFUSED:
        return "refused";
    case REC__OFFER_OUTCOME__OFFER_WITHDRAWN:
        return "withdrawn";
    case REC__OFFER_OUTCOME__OFFER_UNREACHABLE:
        return "unreachable";
    case REC__OFFER_OUTCOME__OFFER_FAILED:
        return "failed";
    case _REC__OFFER_OUTCOME_IS_INT_SIZE:
        break;
    }
    return "unknown";  // of a newer protocol
}

const char *test_reason_text(Rec__TestResult result)
{
    switch (result) {
    case REC__TEST_RESULT__TEST_UNSET:
    case REC__TEST_RESULT__TEST_PASSED:
    case REC__TEST_RESULT__TEST_NOBODY:
    case REC__TEST_RESULT__TEST_OLD:
        return "";
    case REC__TEST_RESULT__TEST_NO_CONNECTION:
        return "no_connection";
    case REC__TEST_RESULT__TEST_SILENT:
        return "silent";
    case REC__TEST_RESULT__TEST_REFUSED:
        return "refused";
    case REC__TEST_RESULT__TEST_NO_DIRECTORY:
        return "no_directory";
    case REC__TEST_RESULT__TEST_OVERLOAD:
        return "overload";
    case REC__TEST_RESULT__TEST_DRAINING:
        return "draining";
    case REC__TEST_RESULT__TEST_DISK_FULL:
        return "disk_full";
    case REC__TEST_RESULT__TEST_DISK_FAILED:
        return "disk_failed";
    case REC__TEST_RESULT__TEST_GOING:
        return "going";
    case REC__TEST_RESULT__TEST_NOT_STORED:
        return "not_stored";
    case REC__TEST_RESULT__TEST_FEW_COPIES:
        return "few_copies";
    case REC__TEST_RESULT__TEST_NO_ROUTE:
        return "no_route";
    case REC__TEST_RESULT__TEST_NODE_SILENT:
        return "node_silent";
    case REC__TEST_RESULT__TEST_DESK_SILENT:
        return "desk_silent";
    case REC__TEST_RESULT__TEST_DESK_GONE:
        return "desk_gone";
    case _REC__TEST_RESULT_IS_INT_SIZE:
        break;
    }
    return "unknown";  // of a newer protocol
}

const char *test_state_text(Rec__TestResult result)
{
    if (test_reason_text(result)[0] != '\0')
        return "failing";
    return result == REC__TEST_RESULT__TEST_PASSED   ? "passed"
           : result == REC__TEST_RESULT__TEST_NOBODY ? "nobody"
           : result == REC__TEST_RESULT__TEST_OLD    ? "old"
                                                     : "none";
}
