# Picks agents to sit at desks: "NODE-NUMBER near|far AGENT" a line. Input: the regions, then agents as JSON lines.
# One of every third site is picked. CALLERS: the calls that will be placed; of those picked the nearest to each, who can
# serve it, is near. After world.awk.
FNR == NR {
    split($0, word, " ")
    node_lat[FNR] = word[3]
    node_lon[FNR] = word[4]
    next
}
{
    line[++count] = $0
    site = text($0, "site")
    if (!(site in seen) && sites++ % 3 == 0) kind[count] = "far"
    seen[site] = 1
}
function fits(agent, languages, skills) {
    return (languages == "" || has(agent, "languages", languages)) && (skills == "" || has(agent, "skills", skills))
}
END {
    calls = split(ENVIRON["CALLERS"], call, "\n")
    for (c = 1; c <= calls; c++) {
        split(call[c], part, "|")
        split(part[4], at, " ")
        best = 0
        for (i = 1; i <= count; i++) {
            if (!(i in kind) || !fits(line[i], part[5], part[6])) continue
            km = km_between(at[1], at[2], number(line[i], "lat"), number(line[i], "lon"))
            if (!best || km < best_km) {
                best = i
                best_km = km
            }
        }
        if (best) kind[best] = "near"
    }
    for (i = 1; i <= count; i++) {
        if (!(i in kind)) continue
        best = 1
        for (n = 1; n <= nodes; n++) {
            km = km_between(node_lat[n], node_lon[n], number(line[i], "lat"), number(line[i], "lon"))
            if (n == 1 || km < best_km) {
                best = n
                best_km = km
            }
        }
        print best, kind[i], text(line[i], "agent")
    }
}
