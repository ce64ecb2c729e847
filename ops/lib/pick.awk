# Picks agents to sit at desks: "NODE-NUMBER near|far AGENT" a line. Input: the regions, then agents as JSON lines.
# CALLERS: the calls that will be placed. After world.awk.
FNR == NR {
    if (split($0, word, " ") == 4) {
        node_lat[FNR] = word[3]
        node_lon[FNR] = word[4]
    }
    next
}
{
    kind = text($0, "site") " " ($0 ~ /"languages":\[[^]]*\]/ ? substr($0, index($0, "\"languages\"")) : "")
    sub(/\].*/, "]", kind)
    site = text($0, "site")
    if (kind in seen || sites[site] >= 2) next
    seen[kind] = 1
    sites[site]++
    line[++picked] = $0
}
END {
    calls = split(ENVIRON["CALLERS"], call, "\n")
    for (c = 1; c <= calls; c++) {
        split(call[c], part, "|")
        split(part[4], at, " ")
        best_km = -1
        for (i = 1; i <= picked; i++) {
            km[i] = km_between(at[1], at[2], number(line[i], "lat"), number(line[i], "lon"))
            if (part[5] != "" && !has(line[i], "languages", part[5])) km[i] = 1e9
            if (part[6] != "" && !has(line[i], "skills", part[6])) km[i] = 1e9
            if (best_km < 0 || km[i] < best_km) best_km = km[i]
        }
        for (i = 1; i <= picked; i++)
            if (km[i] < best_km + 0.5) near[i] = 1
    }
    for (i = 1; i <= picked; i++) {
        best = 1
        for (n = 1; n <= nodes; n++) {
            node_km = km_between(node_lat[n], node_lon[n], number(line[i], "lat"), number(line[i], "lon"))
            if (n == 1 || node_km < best_node_km) {
                best = n
                best_node_km = node_km
            }
        }
        print best, (i in near ? "near" : "far"), text(line[i], "agent")
    }
}
