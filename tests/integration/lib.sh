# Real nodes for one test, on ports of their own, in a directory of their own. Sourced by bash; BUILD_DIR and SOURCE_DIR
# come from ctest. Whatever the test started is ended with it.
set -euo pipefail
: "${BUILD_DIR:?} ${SOURCE_DIR:?}"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)
SOURCE_DIR=$(cd "$SOURCE_DIR" && pwd)
. "$SOURCE_DIR/ops/lib/cluster.sh"

HOTLINED=$BUILD_DIR/node/hotlined
HOTLINECTL=$BUILD_DIR/ops/ctl/hotlinectl
ROOM=$(mktemp -d)
CHILDREN=()
COUNT=0
NOW='before the first step'

# A test may define test_before_cleanup, for what it holds beside nodes and children.
test_cleanup() {
    local status=$? node pids=()
    trap '' INT TERM
    ! declare -F test_before_cleanup >/dev/null || test_before_cleanup
    for node in "$ROOM"/cluster/*/; do
        pids+=($(cluster_pid "${node%/}" || true))
    done
    cluster_end "${CHILDREN[@]}" "${pids[@]}"
    if [ $status -ne 0 ] && [ $status -ne 77 ]; then
        echo "FAILED at: $NOW (status $status)"
        for node in "$ROOM"/cluster/*/log; do
            [ -f "$node" ] && echo "--- $(basename "$(dirname "$node")")" && tail -n 25 "$node"
        done
    fi
    if [ -n "${TEST_UNMOUNT:-}" ]; then
        umount "$TEST_UNMOUNT"
    fi
    rm -rf "$ROOM"
    exit $status
}
trap test_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() {
    NOW=$*
    echo "- $*"
}

die() {
    echo "$*" >&2
    exit 1
}

# 27 ports below 32768 that nobody listens on, and that no other test takes while this one runs.
pick_ports() {
    local base used try
    mkdir -p "${TMPDIR:-/tmp}/hotline-test-ports"
    used=$(awk 'FNR > 1 { split($2, at, ":"); print at[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    for try in {1..200}; do
        base=$((12000 + RANDOM % 600 * 30))
        exec 7>"${TMPDIR:-/tmp}/hotline-test-ports/$base"
        flock -n 7 || continue
        local port taken=''
        for ((port = base; port < base + 27; port++)); do
            if grep -qix "$(printf %04X "$port")" <<<"$used"; then
                taken=yes
            fi
        done
        [ -z "$taken" ] && PORT=$base && return
    done
    die "no free ports"
}

# ---- nodes

nodes_start() { # K [COMMAND...]: called when the nodes are configured and do not run yet
    COUNT=$1
    shift
    pick_ports
    mkdir -p "$ROOM/cluster"
    if [ -n "${INSECURE:-}" ]; then # the test speaks ZeroMQ by itself
        cluster_configure "$ROOM/cluster" "$COUNT" "$PORT" "$SOURCE_DIR"
    else
        cluster_configure "$ROOM/cluster" "$COUNT" "$PORT" "$SOURCE_DIR" "$HOTLINECTL"
        export HOTLINE_KEYS=$ROOM/cluster/keys
    fi
    mapfile -t ENDPOINTS <"$ROOM/cluster/nodes"
    ALL=$(paste -sd, "$ROOM/cluster/nodes")
    "${@:-true}"
    local name
    for name in $(cluster_names "$COUNT"); do
        node_start "$name"
    done
    nodes_wait
}

node_start() { # NAME
    cluster_start "$HOTLINED" "$ROOM/cluster/$1"
}

nodes_wait() {
    cluster_wait "$HOTLINECTL" "$ROOM/cluster" "$COUNT" 60 || die "the nodes are not ready"
}

node_pid() { # NAME
    cluster_pid "$ROOM/cluster/$1"
}

node_kill() { # NAME: as a power cut would
    local pid
    pid=$(node_pid "$1")
    kill -KILL "$pid"
    while cluster_alive "$pid"; do sleep 0.02; done
}

# hotlinectl with JSON, at all nodes or at node number I
ctl() { "$HOTLINECTL" --json --nodes "$ALL" "$@"; }
ctl_at() { # I ...
    local index=$1
    shift
    "$HOTLINECTL" --json --nodes "${ENDPOINTS[$index]}" "$@"
}

same_directory() { # I: as node 0 has it
    [ "$(ctl_at "$1" export 2>/dev/null | cut -d, -f1,2)" = "$(ctl_at 0 export 2>/dev/null | cut -d, -f1,2)" ]
}

# The example directory, with the nodes that this test runs.
apply_example() {
    local files=() file
    for file in "$SOURCE_DIR"/ops/example/*.yaml; do
        [ "$(basename "$file")" = nodes.yaml ] || files+=("$file")
    done
    cluster_nodes_section "$COUNT" >"$ROOM/nodes.yaml"
    EXAMPLE=("${files[@]}" "$ROOM/nodes.yaml")
    eventually 20 ctl apply -f "${EXAMPLE[@]}" >/dev/null 2>"$ROOM/apply.err" || die "$(cat "$ROOM/apply.err")"
    if [ -z "${INSECURE:-}" ]; then
        local agents
        mapfile -t agents < <(ctl agents | sed -nE 's/.*"agent":"([^"]*)".*/\1/p')
        cluster_keygen "$HOTLINECTL" "$ROOM/cluster" gateway ctl
        cluster_keygen "$HOTLINECTL" "$ROOM/cluster" desk "${agents[@]}"
        cluster_enroll "$HOTLINECTL" "$ROOM/cluster" "$ALL" || die "the keys were not enrolled"
    fi
    local index
    for ((index = 0; index < COUNT; index++)); do
        eventually 20 same_directory $index || die "the directory did not reach node $index"
    done
}

# ---- desks

# desk NAME AGENT OPTIONS...: events go to $ROOM/desk-NAME; DESK_AT: the node's number
desk() {
    local name=$1 nodes=$ALL fd
    shift
    [ -z "${DESK_AT:-}" ] || nodes=${ENDPOINTS[$DESK_AT]}
    mkfifo "$ROOM/in-$name"
    exec {fd}<>"$ROOM/in-$name"
    "$HOTLINECTL" --json --nodes "$nodes" desk "$@" <"$ROOM/in-$name" >"$ROOM/desk-$name" 2>"$ROOM/desk-$name.err" &
    CHILDREN+=($!)
    printf -v "DESK_PID_$name" %s $!
}

desk_tell() { # NAME WORD...
    local name=$1
    shift
    echo "$*" >"$ROOM/in-$name"
}

desk_says() { # NAME PATTERN: within 10 s
    eventually 10 grep -qs "$2" "$ROOM/desk-$1" || die "desk $1 did not say $2: $(cat "$ROOM/desk-$1"*)"
}

desk_ready() { # NAME
    desk_says "$1" '"event":"state".*"state":"available"'
}

# ---- calls

# call_start NAME OPTIONS...: a call that goes on; its events go to $ROOM/call-NAME. The program itself, not a function of
# the shell: its pid is the one to signal.
call_start() {
    local name=$1
    shift
    "$HOTLINECTL" --json --nodes "$ALL" call "$@" >"$ROOM/call-$name" 2>&1 &
    CHILDREN+=($!)
    printf -v "CALL_PID_$name" %s $!
}

call_says() { # NAME PATTERN: within 10 s
    eventually 10 grep -qs "$2" "$ROOM/call-$1" || die "call $1 did not say $2: $(cat "$ROOM/call-$1")"
}

expect_end() { # STATUS PID
    local got=0
    wait "$2" || got=$?
    [ $got -eq "$1" ] || die "status $got instead of $1: $(tail -n 20 "$ROOM"/call-* "$ROOM"/desk-* 2>/dev/null)"
}

# ---- asking

field() { # KEY, of the first line on the input that has it. Reads all: who writes is not to be cut off
    sed -nE "s/.*\"$1\":(\"([^\"]*)\"|([-0-9.e+]+|true|false|null)).*/\2\3/p" | awk 'NR == 1'
}

has() { # PATTERN, on the input. Reads all, too
    [ "$(grep -c -- "$1")" -gt 0 ]
}

eventually() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

expect_status() { # STATUS COMMAND...: what it says is in $SAID
    local want=$1 got=0
    shift
    SAID=$("$@" 2>&1) || got=$?
    [ $got -eq "$want" ] || die "status $got instead of $want: $* said: $SAID"
}

expect_said() { # PATTERN
    grep -qE -- "$1" <<<"$SAID" || die "expected /$1/ in: $SAID"
}

digests_equal() {
    local index first='' digest
    for ((index = 0; index < COUNT; index++)); do
        digest=$(ctl_at $index digest | cut -d, -f1,2) || return 1
        [ -n "$first" ] || first=$digest
        [ "$digest" = "$first" ] || return 1
    done
}

expect_digests_equal() { # SECONDS
    eventually "$1" digests_equal || die "digests differ: $(for ((i = 0; i < COUNT; i++)); do ctl_at $i digest; done)"
}
