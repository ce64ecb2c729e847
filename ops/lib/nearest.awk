# Says "nearest" when the agent of the event CONNECTED was the nearest of those who were available (JSON lines of
# agents, on the input; the place is that of the event ACCEPTED) and can serve the call; otherwise what is wrong. After world.awk.
BEGIN {
    accepted = ENVIRON["ACCEPTED"]
    connected = ENVIRON["CONNECTED"]
    split(place, expected, " ")
    lat = number(accepted, "lat")
    lon = number(accepted, "lon")
    agent = text(connected, "agent")
    needs = split(skills, need, ",")
    speaks = split(languages, speak, ",")
}
{
    if (text($0, "state") != "available") next
    fits = speaks == 0
    for (i = 1; i <= speaks; i++) fits = fits || has($0, "languages", speak[i])
    for (i = 1; i <= needs; i++) fits = fits && has($0, "skills", need[i])
    if (!fits) next
    km = km_between(lat, lon, number($0, "lat"), number($0, "lon"))
    if (best == "" || km < best_km) {
        best = text($0, "agent")
        best_km = km
    }
    if (text($0, "agent") == agent) agent_km = km
}
END {
    if (text(accepted, "placed_by") != expected[1])
        print "PLACED WRONG: expected by " expected[1]
    else if (expected[2] != "" && text(accepted, "country") != expected[2])
        print "PLACED WRONG: expected in " expected[2] ", not " text(accepted, "country")
    else if (agent_km == "")
        print "NOT ELIGIBLE"
    else if (agent_km > best_km + 0.5)
        printf "NOT NEAREST: %s is, %.0f km away\n", best, best_km
    else if (number(connected, "km") > agent_km + 1 || number(connected, "km") < agent_km - 1)
        printf "WRONG DISTANCE: it is %.0f km\n", agent_km
    else
        print "nearest"
}
