# Three etcd on loopback, and h2load as their client: it speaks HTTP/2 natively, so that the client costs etcd as little
# as possible. One key is put over and over, each time a revision that etcd stores; the one body that h2load can send
# allows no more, and a small tree of keys is to etcd's advantage. Sourced by tests/bench/run.

ETCD_PIDS=()
ETCD_DIR='' ETCD_BASE='' ETCD_LEADER='' ETCD_PUTS=0
ETCD_KEY=accept-bench-00000-000000

# POST to etcd's JSON gateway; prints the answer.
etcd_ask() { # PORT PATH JSON
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#3}" "$3" >&"$fd"
    cat <&"$fd"
    exec {fd}>&-
}

etcd_find_leader() {
    local i answer self leader='' found=0
    for i in 0 1 2; do
        answer=$(etcd_ask $((ETCD_BASE + i)) /v3/maintenance/status '{}' 2>/dev/null) || return 1
        [[ $answer =~ \"member_id\":\"([0-9]+)\" ]] || return 1
        self=${BASH_REMATCH[1]}
        [[ $answer =~ \"leader\":\"([0-9]+)\" ]] || return 1
        if [ "$self" = "${BASH_REMATCH[1]}" ]; then
            leader=$((ETCD_BASE + i))
        fi
        found=$((found + 1))
    done
    [ $found -eq 3 ] && [ -n "$leader" ] && ETCD_LEADER=$leader
}

# Everything at etcd's own defaults, its durability above all: only names, places and its log are given.
etcd_start() { # DIR BASE-PORT
    local i cluster='' try
    ETCD_DIR=$1 ETCD_BASE=$2
    mkdir -p "$ETCD_DIR"
    for i in 0 1 2; do
        cluster+=${cluster:+,}bench$i=http://127.0.0.1:$((ETCD_BASE + 10 + i))
    done
    for i in 0 1 2; do
        env -u ETCD_UNSUPPORTED_ARCH etcd --name "bench$i" --data-dir "$ETCD_DIR/$i" --logger zap --log-outputs stderr \
            --listen-client-urls "http://127.0.0.1:$((ETCD_BASE + i))" \
            --advertise-client-urls "http://127.0.0.1:$((ETCD_BASE + i))" \
            --listen-peer-urls "http://127.0.0.1:$((ETCD_BASE + 10 + i))" \
            --initial-advertise-peer-urls "http://127.0.0.1:$((ETCD_BASE + 10 + i))" \
            --initial-cluster "$cluster" --initial-cluster-state new >"$ETCD_DIR/$i.log" 2>&1 &
        ETCD_PIDS+=($!)
    done
    for try in {1..100}; do
        etcd_find_leader && return 0
        sleep 0.2
    done
    tail -n 5 "$ETCD_DIR"/*.log >&2
    return 1
}

etcd_stop() {
    cluster_end "${ETCD_PIDS[@]}"
    ETCD_PIDS=()
}

varint() { # NUMBER: as a printf format, for numbers below 16384
    if [ "$1" -lt 128 ]; then
        printf '\\x%02x' "$1"
    else
        printf '\\x%02x\\x%02x' $(($1 % 128 + 128)) $(($1 / 128))
    fi
}

# A gRPC frame with a PutRequest {bytes key = 1; bytes value = 2} of so many bytes of value.
etcd_body() { # VALUE-BYTES
    local head
    head="\\x0a$(varint ${#ETCD_KEY})$ETCD_KEY\\x12$(varint "$1")"
    printf "$head" >"$ETCD_DIR/message"
    head -c "$1" /dev/urandom >>"$ETCD_DIR/message"
    printf "\\x00\\x00\\x00\\x$(printf %02x $(($(stat -c %s "$ETCD_DIR/message") / 256)))\\x$(
        printf %02x $(($(stat -c %s "$ETCD_DIR/message") % 256)))" >"$ETCD_DIR/body"
    cat "$ETCD_DIR/message" >>"$ETCD_DIR/body"
}

# Prints: puts a second, p50 and p99 in microseconds. 64 in flight as 4 connections of 16: etcd is fastest so.
etcd_round() { # PUTS
    rm -f "$ETCD_DIR/times"
    h2load -n "$1" -c 4 -m 16 -t 1 --log-file="$ETCD_DIR/times" -d "$ETCD_DIR/body" \
        -H 'content-type: application/grpc' -H 'te: trailers' \
        "http://127.0.0.1:$ETCD_LEADER/etcdserverpb.KV/Put" >"$ETCD_DIR/h2load.log"
    awk '/^finished in/ { sub(/,/, "", $4); print "per_s", $4 }' "$ETCD_DIR/h2load.log"
    sort -n -k 3 "$ETCD_DIR/times" | awk '{ us[NR] = $3 }
        END { print "p50_us", us[int((NR - 1) * 0.5) + 1]; print "p99_us", us[int((NR - 1) * 0.99) + 1] }'
}

# gRPC fails inside of a good HTTP answer: what counts is how often the key was really put.
etcd_check() { # PUTS
    local answer
    answer=$(etcd_ask "$ETCD_LEADER" /v3/kv/range "{\"key\":\"$(printf %s "$ETCD_KEY" | base64)\"}")
    [[ $answer == *"\"version\":\"$1\""* ]] || {
        echo "etcd has not stored $1 puts: ${answer##*$'\n'}" >&2
        return 1
    }
}
