# The rows of the table: each function measures and adds some. Sourced by tests/bench/run.

# route_bench measures many populations; the worst of them counts.
rows_route() {
    local size median p99 scene
    "$programs/route_bench" >"$room/route"
    for size in 10k 100k; do
        read -r median p99 scene < <(awk -v size="$size" '
            substr($0, 1, length(size)) == size && substr($0, 27) ~ /^ *[0-9]/ {
                name = substr($0, 1, 26)
                sub(/ +$/, "", name)
                split(substr($0, 27), at, " ")
                if (at[1] > median) median = at[1]
                if (at[2] + 0 > p99) { p99 = at[2]; worst = name }
            }
            END { print median, p99, worst }' "$room/route")
        if [ $size = 10k ]; then
            row "route: the nearest of 10,000 agents, worst population, median" "$median us" "under 10 us" "$median < 10"
            row "the same, p99 ($scene)" "$p99 us" "under 50 us" "$p99 < 50"
        else
            row "route: of 100,000 agents, worst population, p99 ($scene)" "$p99 us" "under 100 us" "$p99 < 100"
        fi
    done
}

rows_ring() {
    local ends name most nodes
    mapfile -t nodes <"$room/cluster/nodes"
    for ends in "same 0 3" "two 1 5"; do
        read -r name desk most <<<"$ends"
        take "$name" < <("$programs/ring_bench" --gateway "${nodes[0]}" --desk "${nodes[$desk]}" --agent beijing-1 \
            --echo "tcp://127.0.0.1:$((base + 20))" --calls "$RING_CALLS" "${keys[@]}")
        local bare=${figure[$name.bare_p50_us]} ring=${figure[$name.ring_p50_us]}
        local bare99=${figure[$name.bare_p99_us]} ring99=${figure[$name.ring_p99_us]}
        row "submit to ring, $([ $name = same ] && echo 'gateway and desk on one node' || echo 'across two nodes'), p50" \
            "$(calc "$ring / $bare" %.2f) bare round trips ($ring us of $bare us)" "at most $most" "$ring <= $most * $bare"
        row "the same, p99" "$(calc "$ring99 / $bare99" %.2f) bare round trips ($ring99 us of $bare99 us)" - ''
    done
    row "submit to connect, across two nodes, p50" "${figure[two.connect_p50_us]} us" - ''
}

rows_accept() {
    mkdir "$room/commits"
    accept_start one --node "$(head -n 1 "$room/cluster/nodes")" --store "$room/cluster/$(cluster_names 1)/data" \
        --calls "$ACCEPT_CALLS" --commits "$room/commits" "${keys[@]}"
    accept_round one
    local commit=${figure[one.commit_p50_us]} accepted=${figure[one.accepted_p50_us]}
    local commit99=${figure[one.commit_p99_us]} accepted99=${figure[one.accepted_p99_us]}
    row "submit to accepted(2), one in flight, three nodes, p50" \
        "$(calc "$accepted / $commit" %.2f) LMDB commits ($accepted us of $commit us)" "at most 4" \
        "$accepted <= 4 * $commit"
    row "the same, p99" "$(calc "$accepted99 / $commit99" %.2f) LMDB commits ($accepted99 us of $commit99 us)" - ''
    [ "${figure[one.fewer_copies]}" = 0.0 ] || row "of these at fewer than 2 copies" "${figure[one.fewer_copies]}" 0 0
}

# Rounds of both by turns: what disturbs the machine disturbs both.
rows_in_flight() {
    local round what
    accept_start many --node "$(head -n 1 "$room/cluster/nodes")" --store "$room/cluster/$(cluster_names 1)/data" \
        --rounds "$ROUNDS" --calls "$ROUND_CALLS" --in-flight 64 "${keys[@]}"
    if [ -n "$peers" ]; then
        etcd_start "$room/etcd" $((base + 30))
        read -r -u "$from" what figure[many.record_bytes]
        etcd_body "${figure[many.record_bytes]%.*}"
        etcd_round 1000 >/dev/null
    fi
    for ((round = 1; round <= ROUNDS; round++)); do
        accept_round "many$round"
        [ -z "$peers" ] || take "etcd$round" < <(etcd_round "$ROUND_CALLS")
    done
    local of=() name
    for name in per_s accepted_p50_us accepted_p99_us; do
        of+=("$(for ((round = 1; round <= ROUNDS; round++)); do echo "${figure[many$round.$name]}"; done | median)")
    done
    if [ -z "$peers" ]; then
        row "accepted(2), 64 in flight, three nodes" "${of[0]} calls/s, p50 ${of[1]} us, p99 ${of[2]} us" \
            "beside etcd: --peers" ''
        return
    fi
    etcd_check $((1000 + ROUNDS * ROUND_CALLS))
    etcd_stop
    local etcd=()
    for name in per_s p50_us p99_us; do
        etcd+=("$(for ((round = 1; round <= ROUNDS; round++)); do echo "${figure[etcd$round.$name]}"; done | median)")
    done
    row "accepted(2), 64 in flight, three nodes" \
        "$(calc "${of[0]} / ${etcd[0]}" %.2f) times etcd's puts (${of[0]}/s of ${etcd[0]}/s)" "at least 2" \
        "${of[0]} >= 2 * ${etcd[0]}"
    row "the same, p50" "${of[1]} us, etcd ${etcd[1]} us" "lower" "${of[1]} < ${etcd[1]}"
    row "the same, p99" "${of[2]} us, etcd ${etcd[2]} us" "lower" "${of[2]} < ${etcd[2]}"
}

rows_memory() {
    local node=$room/store/$(cluster_names 1) pid empty empty_own full full_own records
    pid=$(cat "$node/pid")
    sleep 2
    empty=$(memory_kib "$pid" VmRSS) empty_own=$(memory_kib "$pid" RssAnon)
    accept_start fill --node "$(cat "$room/store/nodes")" --store "$node/data" --copies 1 \
        --calls $((FILL_CALLS - 100)) --in-flight 1000 "${keys[@]}"
    accept_round fill
    sleep 2
    full=$(memory_kib "$pid" VmRSS) full_own=$(memory_kib "$pid" RssAnon)
    "$ctl" --nodes "$(cat "$room/store/nodes")" "${keys[@]}" --json status >"$room/status"
    accept_end
    cluster_end "$pid"
    local run opens=()
    for ((run = 1; run <= OPENS; run++)); do
        take open < <("$programs/open_bench" --hotlined "$build/node/hotlined" --config "$node/node.yaml" \
            --node "$(cat "$room/store/nodes")" --port $((base + 12)) --log "$node/log" --records "$FILL_CALLS" \
            "${keys[@]}")
        opens+=("${figure[open.answers_ms]}")
    done
    records=${figure[open.records]%.*}
    row "memory a record, $FILL_CALLS waiting calls, all indexes and what the process keeps beside them" \
        "$(calc "($full_own - $empty_own) * 1024 / $FILL_CALLS" %.0f) bytes" "at most 1024" \
        "($full_own - $empty_own) * 1024 <= 1024 * $FILL_CALLS"
    row "the same, with the pages of the store's file that are mapped" \
        "$(calc "($full - $empty) * 1024 / $FILL_CALLS" %.0f) bytes" - ''
    row "the same, after a restart" "$(calc "(${figure[open.anon_kib]} - $empty_own) * 1024 / $FILL_CALLS" %.0f) bytes" - ''
    row "start with $records records, exec to first answer" "$(printf '%s\n' "${opens[@]}" | median) ms" "under 1000" \
        "$(printf '%s\n' "${opens[@]}" | median) < 1000"
}
