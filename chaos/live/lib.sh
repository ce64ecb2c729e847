# What a scenario stands on: addresses, network namespaces and the switch, disks, preloaded libraries. Sourced by run and
# measure, which have: here, build, live, prefix, count, network ('' on loopback).
#
# Only what has this run's own prefix is touched: namespaces $prefix-REGION, and mounts under the run's own folder.

LIVE_WHY=''         # what is not possible, and why
LIVE_OPTIONS=()     # of hotline-live
LIVE_ENVIRONMENT=() # of it, and so of its nodes
LIVE_WITHIN=()      # what it is run by
LIVE_NOTE=''        # of what is not as it should be
LIVE_NAMESPACES=() LIVE_MOUNTS=() LIVE_SWITCH=''

# ---- may we?

live_network_allowed() {
    local probe=$prefix-probe
    LIVE_WHY=''
    if ! command -v ip >/dev/null; then
        LIVE_WHY="there is no ip (iproute2)"
    elif [ ! -c /dev/net/tun ]; then
        LIVE_WHY="there is no /dev/net/tun"
    elif ! ip netns add "$probe" 2>/dev/null; then
        LIVE_WHY="network namespaces are not allowed here"
    else
        ip -n "$probe" tuntap add dev hl0 mode tap 2>/dev/null || LIVE_WHY="TAP devices are not allowed here"
        ip netns del "$probe"
    fi
    [ -z "$LIVE_WHY" ]
}

# ---- the network

live_regions() {
    "$live" --regions | cut -d' ' -f1
}

live_address() { # INDEX
    [ -n "$network" ] && echo "10.77.0.$(($1 + 1))" || echo 127.0.0.1
}

live_port() { # INDEX
    [ -n "$network" ] && echo 7100 || echo $((LIVE_PORT + 3 * $1))
}

live_network_up() { # DIR
    local region index=0 try
    for region in $(live_regions); do
        ip netns add "$prefix-$region"
        LIVE_NAMESPACES+=("$prefix-$region")
    done
    "$build/chaos/live/hotline-switch" --namespaces "$prefix" --socket "$1/switch.sock" >"$1/switch.log" 2>&1 &
    LIVE_SWITCH=$!
    for try in {1..100}; do
        [ -S "$1/switch.sock" ] && break
        sleep 0.05
    done
    for region in $(live_regions); do
        ip -n "$prefix-$region" link set lo up
        ip -n "$prefix-$region" addr add "10.77.0.$((index + 1))/24" dev hl0
        ip -n "$prefix-$region" link set hl0 up
        index=$((index + 1))
    done
}

# ---- nodes

# All nodes that may run, the one that is added among them, have a configuration.
live_configure() { # DIR
    local dir=$1 index=0 name lat lon peers='peers:'
    LIVE_PORT=$((12000 + RANDOM % 15000))
    "$live" --write-keys "$dir/keys"
    LIVE_ENVIRONMENT+=("HOTLINE_KEYS=$dir/keys")
    : >"$dir/nodes"
    while read -r name lat lon; do
        [ $index -lt $((count + 1)) ] || break
        echo "$name tcp://$(live_address $index):$(live_port $index)#$(cluster_public "$dir" node "$name")" >>"$dir/nodes"
        # The last is not known to the others: it is added later, and makes itself known.
        if [ $index -lt "$count" ]; then
            peers+=$'\n'"- node: $name"
            peers+=$'\n'"  peer: tcp://$(live_address $index):$(($(live_port $index) + 1))"
            peers+=$'\n'"  bulk: tcp://$(live_address $index):$(($(live_port $index) + 2))"
            peers+=$'\n'"  key: $(cluster_public "$dir" node "$name")"
        fi
        index=$((index + 1))
    done < <("$live" --regions)
    index=0
    while read -r name lat lon; do
        [ $index -lt $((count + 1)) ] || break
        mkdir -p "$dir/$name/data"
        {
            cluster_node_yaml "$name" "$name" "$(live_degrees "$lat")" "$(live_degrees "$lon")" "$(live_port $index)" \
                "$dir/$name" "$here" "$(live_address $index)"
            echo "keys:"
            echo "  own: '${dir//\'/\'\'}/keys/node/$name.key'"
            echo "  admins: [$(cluster_public "$dir" admin observer)]"
            echo "$peers"
            echo "log_decisions: true"
        } >"$dir/$name/node.yaml"
        index=$((index + 1))
    done < <("$live" --regions)
}

live_degrees() { # MILLIONTHS
    local sign='' value=$1
    [ "$value" -ge 0 ] || sign=- value=$((-value))
    printf '%s%d.%06d\n' "$sign" $((value / 1000000)) $((value % 1000000))
}

# ---- disks

live_mount_ext4() { # DIR
    local name
    while read -r name _; do
        truncate -s 64M "$1/$name/disk" && mkfs.ext4 -q -F "$1/$name/disk" 2>/dev/null &&
            mount -o loop "$1/$name/disk" "$1/$name/data" 2>/dev/null || return 1
        LIVE_MOUNTS+=("$1/$name/data")
    done <"$1/nodes"
}

live_small_disks_allowed() { # in a mount namespace of one's own, so that nothing is left behind
    unshare --mount --propagation private mount -t tmpfs -o size=64k tmpfs /mnt 2>/dev/null
}

# ---- a scenario

live_library() { # NAME: where the dynamic linker's libraries have it
    local place
    for place in /usr/lib/*/"$1" /usr/lib/"$1" /usr/lib64/"$1"; do
        [ ! -f "$place" ] || { echo "$place"; return 0; }
    done
    return 1
}

# False: it cannot be run here, LIVE_WHY says why.
live_prepare() { # DIR SCENARIO NEEDS
    local dir=$1 need=$3 library name
    LIVE_WITHIN=() LIVE_NOTE=''
    LIVE_ENVIRONMENT=(ASAN_OPTIONS=verify_asan_link_order=0) # where built so: it need not come before what is preloaded
    if [ "$need" = switch ] && [ -z "$network" ]; then
        LIVE_WHY="needs the switch, and runs on loopback"
        return 1
    fi
    live_configure "$dir"
    if [ -n "$network" ]; then
        live_network_up "$dir"
        LIVE_OPTIONS+=(--namespaces "$prefix")
    fi
    case $need in
    preload)
        LIVE_OPTIONS+=(--preload "$build/chaos/live/libhotline-flush.so")
        ;;
    faketime)
        library=$(live_library faketime/libfaketimeMT.so.1) || {
            LIVE_WHY="libfaketime is not installed (ops/install-deps)"
            return 1
        }
        LIVE_OPTIONS+=(--preload "$library")
        while read -r name _; do
            echo +0 >"$dir/$name/clock"
        done <"$dir/nodes"
        LIVE_ENVIRONMENT+=(FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1)
        ;;
    small_disk)
        if live_small_disks_allowed; then
            LIVE_WITHIN=(unshare --mount --propagation private "$here/chaos/live/disk" with "$dir")
            LIVE_OPTIONS+=(--disk-tool "$here/chaos/live/disk")
        else
            LIVE_NOTE="no tmpfs may be mounted here: disks are full by a preloaded library"
            LIVE_OPTIONS+=(--preload "$build/chaos/live/libhotline-flush.so")
        fi
        ;;
    mount)
        command -v mkfs.ext4 >/dev/null || { LIVE_WHY="there is no mkfs.ext4"; return 1; }
        live_mount_ext4 "$dir" || { LIVE_WHY="loop mounts are not allowed here"; return 1; }
        LIVE_OPTIONS+=(--disk-tool "$here/chaos/live/disk")
        ;;
    esac
}

live_take_down() {
    local name
    if [ -n "$LIVE_SWITCH" ]; then
        kill -TERM "$LIVE_SWITCH" 2>/dev/null || true
        wait "$LIVE_SWITCH" 2>/dev/null || true
    fi
    for name in "${LIVE_MOUNTS[@]}"; do
        umount -l "$name" 2>/dev/null || true
    done
    for name in "${LIVE_NAMESPACES[@]}"; do
        ip netns del "$name" 2>/dev/null || true
    done
    LIVE_NAMESPACES=() LIVE_MOUNTS=() LIVE_SWITCH=''
}
