# A cluster of nodes on loopback in one directory: what ops/up, ops/down and the tests share. Sourced by bash.
#
#   DIR/cluster     nodes and base port, so that a second start finds its state
#   DIR/nodes       client endpoints, one a line, with the nodes' keys
#   DIR/keys/       everybody's keys, ROLE/NAME.key and .pub: on one machine, where it is no matter who has them
#   DIR/NODE/       node.yaml, data/, log, pid

# name site latitude longitude; the first K are started
CLUSTER_REGIONS="beijing beijing 39.9042 116.4074
singapore singapore 1.3521 103.8198
nairobi nairobi -1.2921 36.8219
frankfurt frankfurt 50.1109 8.6821
sao-paulo sao-paulo -23.5505 -46.6333
new-york new-york 40.7128 -74.0060
johannesburg johannesburg -26.2041 28.0473
sydney sydney -33.8688 151.2093
dubai dubai 25.2048 55.2708"
CLUSTER_NODES_MAX=9

cluster_names() { # K
    head -n "$1" <<<"$CLUSTER_REGIONS" | cut -d' ' -f1
}

# The pid of a node of ours that runs; nothing and false when it does not.
cluster_pid() { # NODE-DIR
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    # A pid is used again by others: it is ours only if it runs with this very configuration.
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$1/node.yaml" || return 1
    echo "$pid"
}

# A zombie whose parent does not look after it has ended.
cluster_alive() { # PID
    kill -0 "$1" 2>/dev/null && [ "$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null)" != Z ]
}

# Ends processes in order: TERM, and KILL for those that do not go within 10 s.
cluster_end() { # PID...
    local pid deadline=$((SECONDS + 10))
    [ $# -gt 0 ] || return 0
    kill -TERM "$@" 2>/dev/null || true
    for pid in "$@"; do
        while cluster_alive "$pid"; do
            if [ $SECONDS -ge $deadline ]; then
                echo "process $pid does not stop: killed" >&2
                kill -KILL "$pid" 2>/dev/null || true
                break
            fi
            sleep 0.05
        done
    done
}

# Makes the keys of that role that are not there yet.
cluster_keygen() { # HOTLINECTL DIR ROLE NAME...
    local ctl=$1 dir=$2 role=$3 name missing=()
    shift 3
    for name in "$@"; do
        [ -f "$dir/keys/$role/$name.key" ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] || "$ctl" --json keygen "$role" "${missing[@]}" --dir "$dir/keys" >/dev/null
}

cluster_public() { # DIR ROLE NAME
    sed -n 's/^public: //p' "$1/keys/$2/$3.pub"
}

# One node's configuration, on standard output.
cluster_node_yaml() { # NAME SITE LAT LON FIRST-PORT NODE-DIR SOURCE-DIR [ADDRESS]
    local data="$6/data" prefixes="$7/ops/data/itu-prefixes.tsv" address=${8:-127.0.0.1}
    cat <<END
node: $1
site: $2
position:
  lat: $3
  lon: $4
listen:
  client: tcp://$address:$5
  peer: tcp://$address:$(($5 + 1))
  bulk: tcp://$address:$(($5 + 2))
data: '${data//\'/\'\'}'
prefixes: '${prefixes//\'/\'\'}'
END
}

# Writes DIR/nodes and each node's configuration. All nodes have the same list of peers: each finds itself in it.
# Without HOTLINECTL, which makes the keys, they run insecure: for tests that are about something else. CLUSTER_LIMITS:
# other bounds of one key than the usual, as in node.yaml.
cluster_configure() { # DIR K BASE-PORT SOURCE-DIR [HOTLINECTL]
    local dir=$1 count=$2 base=$3 source=$4 ctl=${5:-} index=0 name site lat lon peers='peers:'
    if [ -n "$ctl" ]; then
        # shellcheck disable=SC2046
        cluster_keygen "$ctl" "$dir" node $(cluster_names "$count") && cluster_keygen "$ctl" "$dir" admin operator
    fi
    for name in $(cluster_names "$count"); do
        peers+=$'\n'"- node: $name"
        peers+=$'\n'"  peer: tcp://127.0.0.1:$((base + 3 * index + 1))"
        peers+=$'\n'"  bulk: tcp://127.0.0.1:$((base + 3 * index + 2))"
        [ -z "$ctl" ] || peers+=$'\n'"  key: $(cluster_public "$dir" node "$name")"
        index=$((index + 1))
    done
    index=0
    : >"$dir/nodes.new"
    while read -r name site lat lon; do
        mkdir -p "$dir/$name/data"
        {
            cluster_node_yaml "$name" "$site" "$lat" "$lon" $((base + 3 * index)) "$dir/$name" "$source"
            if [ -n "$ctl" ]; then
                echo "keys:"
                echo "  own: '${dir//\'/\'\'}/keys/node/$name.key'"
                echo "  admins: [$(cluster_public "$dir" admin operator)]"
            else
                echo "insecure: true"
            fi
            [ -z "${CLUSTER_LIMITS:-}" ] || echo "limits: $CLUSTER_LIMITS"
            echo "$peers"
        } >"$dir/$name/node.yaml"
        echo "tcp://127.0.0.1:$((base + 3 * index))${ctl:+#$(cluster_public "$dir" node "$name")}" >>"$dir/nodes.new"
        index=$((index + 1))
    done < <(head -n "$count" <<<"$CLUSTER_REGIONS")
    mv "$dir/nodes.new" "$dir/nodes"
    echo "$count $base" >"$dir/cluster"
}

# The directory's section of K nodes, for hotlinectl apply.
cluster_nodes_section() { # K
    local name site rest
    echo "primary: $(cluster_names 1)"
    echo "nodes:"
    while read -r name site rest; do
        echo "- {name: $name, site: $site}"
    done < <(head -n "$1" <<<"$CLUSTER_REGIONS")
}

# Enrols whom the directory does not know yet: every public key in DIR/keys.
cluster_enroll() { # HOTLINECTL DIR NODES
    local known missing=() file
    known=$("$1" --nodes "$3" --keys "$2/keys" export | grep -oE '[0-9a-f]{64}' || true)
    for file in "$2"/keys/*/*.pub; do
        grep -qxF "$(sed -n 's/^public: //p' "$file")" <<<"$known" || missing+=("$file")
    done
    [ ${#missing[@]} -eq 0 ] || "$1" --nodes "$3" --keys "$2/keys" --json enroll "${missing[@]}" >/dev/null
}

# Starts one node that does not run; its pid is in DIR/NODE/pid. It must outlive a Ctrl-C meant for its starter, so it
# is in a session of its own. Returns when the pid is the node's, or it has ended: until it is executed, it is the starter's.
cluster_start() { # HOTLINED NODE-DIR
    setsid "$1" --config "$2/node.yaml" </dev/null >>"$2/log" 2>&1 &
    echo $! >"$2/pid"
    until cluster_pid "$2" >/dev/null || ! cluster_alive $!; do
        sleep 0.01
    done
    disown $!
}

# Every node answers and sees all others. False after the time, or when a node is gone.
cluster_wait() { # HOTLINECTL DIR K SECONDS
    local ctl=$1 dir=$2 count=$3 deadline=$((SECONDS + $4)) index=0 name seen
    local endpoints keys=()
    mapfile -t endpoints <"$dir/nodes"
    grep -q '#' "$dir/nodes" && keys=(--keys "$dir/keys")
    for name in $(cluster_names "$count"); do
        while :; do
            seen=$("$ctl" --nodes "${endpoints[$index]}" "${keys[@]}" --json nodes 2>/dev/null | grep -cE '"state":"(self|up)"' || true)
            [ "$seen" -ge "$count" ] && break
            if ! cluster_pid "$dir/$name" >/dev/null; then
                echo "node $name has stopped; the end of $dir/$name/log:" >&2
                tail -n 15 "$dir/$name/log" >&2
                return 1
            fi
            if [ $SECONDS -ge $deadline ]; then
                echo "node $name sees $seen of $count nodes; the end of $dir/$name/log:" >&2
                tail -n 15 "$dir/$name/log" >&2
                return 1
            fi
            sleep 0.1
        done
        index=$((index + 1))
    done
}
