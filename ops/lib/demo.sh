# The example directory, desks at it and calls that real callers would make. Sourced by ops/up, which sets: here, dir,
# count, base, build, ctl, web, room, desks.

# The node list with the node nearest to a place first: as a client there would have it.
demo_nodes_from() { # LAT LON
    awk -v lat="$1" -v lon="$2" -f "$here/ops/lib/world.awk" -f <(cat <<'END'
        FILENAME == regions { split($0, word, " "); at_lat[FNR] = word[3]; at_lon[FNR] = word[4]; next }
        { endpoint[++count] = $0 }
        END {
            for (i = 1; i <= count; i++) {
                best = 0
                for (j = 1; j <= count; j++) {
                    km = km_between(lat, lon, at_lat[j], at_lon[j])
                    if (!(j in used) && (best == 0 || km < best_km)) { best = j; best_km = km }
                }
                used[best] = 1
                printf "%s%s", (i > 1 ? "," : ""), endpoint[best]
            }
            print ""
        }
END
    ) regions="$room/regions" "$room/regions" "$dir/nodes"
}

demo_apply() {
    local said try files=() agents
    echo "$CLUSTER_REGIONS" >"$room/regions"
    for file in "$here"/ops/example/*.yaml; do
        [ "$(basename "$file")" = nodes.yaml ] || files+=("$file")
    done
    cluster_nodes_section "$count" >"$room/nodes.yaml"
    demo_all=$(paste -sd, "$dir/nodes")
    # The primary writes once it has swept a majority: a moment after the start.
    for try in {1..100}; do
        if said=$("$ctl" --nodes "$demo_all" --json apply -f "${files[@]}" "$room/nodes.yaml" 2>&1); then
            break
        fi
        if [ "$try" = 100 ] || ! grep -q no_majority <<<"$said"; then
            echo "$said" >&2
            fail "the example directory was not applied"
        fi
        sleep 0.1
    done
    "$ctl" --nodes "$demo_all" --json agents >"$room/agents"
    if [ -n "${HOTLINE_KEYS:-}" ]; then
        mapfile -t agents < <(sed -nE 's/.*"agent":"([^"]*)".*/\1/p' "$room/agents")
        cluster_keygen "$ctl" "$dir" gateway demo
        cluster_keygen "$ctl" "$dir" desk "${agents[@]}"
        cluster_enroll "$ctl" "$dir" "$demo_all" || fail "the keys were not enrolled"
    fi
    # Every node has it before desks attach there.
    local endpoint want have
    want=$("$ctl" --nodes "$demo_all" --json export | cut -d, -f1,2)
    while read -r endpoint; do
        for try in {1..100}; do
            have=$("$ctl" --nodes "$endpoint" --json export 2>/dev/null | cut -d, -f1,2 || true)
            [ "$have" = "$want" ] && break
            [ "$try" != 100 ] || fail "the directory did not reach $endpoint"
            sleep 0.1
        done
    done <"$dir/nodes"
    echo "ops/up: directory $(grep -oE '"event":"(applied|unchanged)"' <<<"$said" | cut -d'"' -f4):" \
        "$(wc -l <"$room/agents") agents at $(grep -oE '"site":"[^"]*"' "$room/agents" | sort -u | wc -l) sites"
}

# what | callers' options | place to be taken | lat lon of the gateway | languages | skills
# The place is "how country"; a country's or a prefix's coordinates are the node's to find.
DEMO_CALLS="a number from Sudan|--from +249912345678 --queue consular|prefix SD|15.60 32.53||consular
a number from Vietnam|--from +84912345678 --queue consultation|prefix VN|10.75 106.67||
a number from Chile|--from +56912345678 --queue consular|prefix CL|-33.45 -70.67||consular
a roaming +86 number, the gateway says Kenya|--from +8613800138000 --country KE --queue consular|country KE|-1.28 36.82||consular
a position near Astana|--from +77011234567 --at 51.13,71.43 --queue consultation|coordinates|51.13 71.43||
a number from South Africa, dials 0 then 9|--from +27821234567 --dial 09|prefix ZA|-26.20 28.05||emergency
a Chinese speaker in Brazil|--from +5511912345678 --queue consultation --language zh|prefix BR|-23.55 -46.63|zh|
a Portuguese speaker in Japan|--from +819012345678 --queue consular --language pt|prefix JP|35.68 139.69|pt|consular"

# Desks at a third of all sites. Those nearest to our callers pick up sooner than the others: of several who ring at once
# the first to pick up takes the call. Desks share processes, by node and by patience.
demo_desks() {
    local index=0 endpoint name site lat lon kind
    CALLERS=$DEMO_CALLS awk -f "$here/ops/lib/world.awk" -f "$here/ops/lib/pick.awk" "$room/regions" nodes="$count" \
        "$room/agents" >"$room/picked"
    mkfifo "$room/stdin"
    exec 8<>"$room/stdin" # desks stay until it closes, which it does when we are gone, however that came
    while read -r name site lat lon; do
        for kind in near far; do
            mapfile -t agents < <(awk -v node=$((index + 1)) -v kind=$kind '$1 == node && $2 == kind { print $3 }' \
                "$room/picked")
            [ ${#agents[@]} -gt 0 ] || continue
            "$ctl" --nodes "$(demo_nodes_from "$lat" "$lon")" --json desk "${agents[@]}" --wrap-up 300 \
                --accept-after "$([ $kind = near ] && echo 150 || echo 900)" \
                <"$room/stdin" 8>&- >"$room/desks-$name-$kind" 2>&1 &
            desks+=($!)
        done
        index=$((index + 1))
    done < <(head -n "$count" "$room/regions")
    local want try have
    want=$(wc -l <"$room/picked")
    for try in {1..150}; do
        have=$(demo_available | wc -l)
        [ "$have" -ge "$want" ] && break
        [ "$try" != 150 ] || {
            cat "$room"/desks-* | grep -v '"event":"\(attached\|state\)"' | head >&2
            fail "only $have of $want desks are available"
        }
        sleep 0.1
    done
    echo "ops/up: $want desks attached"
    echo
}

demo_available() {
    "$ctl" --nodes "$demo_all" --json agents | grep '"state":"available"' || true
}

demo_field() { # LINE KEY
    sed -nE "s/.*\"$2\":(\"([^\"]*)\"|([-0-9.e+]+)).*/\2\3/p" <<<"$1"
}

# Places one call; prints its line; false when it was not connected to the truly nearest.
demo_call() { # WHAT OPTIONS PLACE LATLON LANGUAGES SKILLS
    local options gateway nodes events accepted connected ringing verdict talk=300
    # A node alone says "accepted" only after durability_wait_ms: it cannot have two copies.
    [ "$count" -gt 1 ] || talk=2000
    read -ra options <<<"$2"
    read -ra gateway <<<"$4"
    nodes=$(demo_nodes_from "${gateway[@]}")
    # The node that is asked is the one that will route: what it knows of before the call.
    "$ctl" --nodes "$nodes" --json agents >"$room/before"
    events=$("$ctl" --nodes "$nodes" --json call "${options[@]}" --talk "$talk" --hang-up-after 20000 2>&1) || true
    accepted=$(grep -m1 '"event":"accepted"' <<<"$events" || true)
    ringing=$(grep -m1 '"event":"ringing"' <<<"$events" || true)
    connected=$(grep -m1 '"event":"connected"' <<<"$events" || true)
    if [ -z "$connected" ] || [ -z "$accepted" ]; then
        printf '%-45s NOT CONNECTED\n%s\n' "$1" "$events"
        return 1
    fi
    verdict=$(ACCEPTED=$accepted CONNECTED=$connected awk -f "$here/ops/lib/world.awk" \
        -f "$here/ops/lib/nearest.awk" -v place="$3" -v languages="$5" -v skills="$6" "$room/before")
    printf '%-45s %-16s %-20s at %-15s %6s km  rang after %s ms  %s\n' "$1" \
        "by $(demo_field "$accepted" placed_by)" "$(demo_field "$connected" agent)" \
        "$(demo_field "$connected" site)" "$(demo_field "$connected" km)" "$(demo_field "$ringing" ms)" "$verdict"
    [ "$verdict" = nearest ]
}

demo_calls() {
    local what options place latlon languages skills good=0 all=0
    while IFS='|' read -r what options place latlon languages skills; do
        all=$((all + 1))
        if demo_call "$what" "$options" "$place" "$latlon" "$languages" "$skills" </dev/null; then
            good=$((good + 1))
        fi
    done <<<"$DEMO_CALLS"
    echo
    echo "ops/up: $good of $all calls were connected to the truly nearest agent"
    [ "$good" -eq "$all" ]
}

# The wallboard and the desk page, beside the first node. Their lines are printed once it is ready.
demo_web() {
    local port=$((base + 3 * count)) folder=$dir/web try agent at
    mkdir -p "$folder"
    [ -x "$web" ] || { echo "ops/up: there is no $web: no wallboard"; return; }
    "$here/ops/web/make-tokens" "$folder/tokens"
    if ! "$here/ops/web/ui/build" "$build/ops/web/pages" >"$folder/pages.log" 2>&1; then
        echo "ops/up: the pages are not built (Node.js and npm are needed): $folder/pages.log"
        return
    fi
    # Descriptor 8 is the demo's desks': they must end with us.
    "$web" --nodes "$demo_all" --tokens "$folder/tokens" --listen "127.0.0.1:$port" --pages "$build/ops/web/pages" \
        8>&- >"$folder/log" 2>&1 &
    desks+=($!)
    for try in {1..100}; do
        grep -qs 'hotline-web: ready' "$folder/log" && break
        [ "$try" != 100 ] || { echo "ops/up: hotline-web did not start: $(cat "$folder/log")"; return; }
        sleep 0.1
    done
    at=http://127.0.0.1:$port
    agent=$(sed -nE '1s/.*"agent":"([^"]*)".*/\1/p' "$room/agents")
    cat <<END

In a browser (tokens: $folder/tokens):

  $at/#token=$(cut -d' ' -f2 "$folder/tokens/viewer")      the wallboard
  $at/desk#token=$(cut -d' ' -f2 "$folder/tokens/desk")&agent=$agent      a desk
END
}
