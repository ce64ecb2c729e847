# The yardstick: a three-node etcd on loopback, at its own defaults, written to without pause while its leader is killed.
# Sourced by measure.

ETCD_NODES=() ETCD_AT=0 ETCD_ROOM=''

etcd_post() { # INDEX PATH JSON
    local fd
    { exec {fd}<>"/dev/tcp/127.0.0.1/$((ETCD_AT + $1))"; } 2>/dev/null || return 1
    printf 'POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#3}" "$3" >&"$fd"
    timeout "${ETCD_PATIENCE:-5}" cat <&"$fd"
    exec {fd}>&-
}

etcd_start_one() { # INDEX new|existing
    local i cluster=''
    for i in 0 1 2; do
        cluster+=${cluster:+,}n$i=http://127.0.0.1:$((ETCD_AT + 10 + i))
    done
    etcd --name "n$1" --data-dir "$ETCD_ROOM/$1" --logger zap --log-outputs stderr \
        --listen-client-urls "http://127.0.0.1:$((ETCD_AT + $1))" \
        --advertise-client-urls "http://127.0.0.1:$((ETCD_AT + $1))" \
        --listen-peer-urls "http://127.0.0.1:$((ETCD_AT + 10 + $1))" \
        --initial-advertise-peer-urls "http://127.0.0.1:$((ETCD_AT + 10 + $1))" \
        --initial-cluster "$cluster" --initial-cluster-state new >>"$ETCD_ROOM/$1.log" 2>&1 &
    ETCD_NODES[$1]=$!
}

etcd_leader() { # its index; false: none, or not all answer
    local i answer self leader=''
    for i in 0 1 2; do
        answer=$(etcd_post "$i" /v3/maintenance/status '{}') || return 1
        [[ $answer =~ \"member_id\":\"([0-9]+)\" ]] || return 1
        self=${BASH_REMATCH[1]}
        [[ $answer =~ \"leader\":\"([0-9]+)\" ]] || return 1
        [ "$self" != "${BASH_REMATCH[1]}" ] || leader=$i
    done
    [ -n "$leader" ] && echo "$leader"
}

etcd_end() {
    local pid
    for pid in "${ETCD_NODES[@]}"; do
        kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    ETCD_NODES=()
}

# A writer puts one key after another, at a node that is not killed, and asks again what is not answered in 200 ms: what was
# under way to the dead leader is answered by nobody. One line a put: when it was answered, in us.
etcd_write() { # INDEX UNTIL-US
    local now=0 ETCD_PATIENCE=0.2
    while now=${EPOCHREALTIME/[.,]/}; [ "$now" -lt "$2" ]; do
        [[ $(etcd_post "$1" /v3/kv/put '{"key":"aG90bGluZQ==","value":"aG90bGluZQ=="}') != *'"revision"'* ]] ||
            echo "${EPOCHREALTIME/[.,]/}"
    done
}

etcd_gaps() { # DIR KILLS: a row of the table
    local try leader writer at killed gaps=()
    ETCD_ROOM=$1 ETCD_AT=$((28000 + RANDOM % 2000))
    mkdir -p "$ETCD_ROOM"
    for at in 0 1 2; do
        etcd_start_one "$at"
    done
    for ((killed = 0; killed < $2; killed++)); do
        leader=''
        for try in {1..150}; do
            leader=$(etcd_leader) && break
            sleep 0.2
        done
        [ -n "$leader" ] || { echo "etcd has no leader" >&2; etcd_end; return 1; }
        etcd_write $(((leader + 1) % 3)) $((${EPOCHREALTIME/[.,]/} + 8000000)) >"$ETCD_ROOM/puts" &
        writer=$!
        sleep 1.5
        kill -KILL "${ETCD_NODES[$leader]}"
        wait "${ETCD_NODES[$leader]}" 2>/dev/null || true
        wait "$writer" || true
        gaps+=("$(awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print int(most / 1000) }' \
            "$ETCD_ROOM/puts")")
        etcd_start_one "$leader"
    done
    etcd_end
    mapfile -t gaps < <(printf '%s\n' "${gaps[@]}" | sort -n)
    echo "| *beside it:* the leader of a three-node etcd, on loopback: the longest gap in writes | $2 | - |" \
        "${gaps[$((($2 - 1) / 2))]} | ${gaps[-1]} | ${gaps[-1]} |"
}
