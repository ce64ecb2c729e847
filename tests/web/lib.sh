# hotline-web beside real nodes, for one test. Sourced by bash, with tests/integration/lib.sh's rules.
. "$SOURCE_DIR/tests/integration/lib.sh"
UI=$SOURCE_DIR/ops/web/ui
HOTLINE_WEB=$BUILD_DIR/ops/web/hotline-web

need() { # COMMAND...: or the test is skipped, saying why
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || { echo "skipped: there is no $command here"; exit 77; }
    done
}

# The npm packages of the pages and of the tests, once for all.
need_packages() {
    need node npm
    "$UI/install" >"$ROOM/npm.log" 2>&1 || { echo "skipped: npm cannot install: $(tail -n 3 "$ROOM/npm.log")"; exit 77; }
}

make_tokens() {
    local role
    mkdir -p "$ROOM/tokens"
    for role in viewer desk gateway admin; do
        printf -v "TOKEN_${role^^}" '%s-%s' $role "$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"
        export "TOKEN_${role^^}"
    done
    (
        umask 077
        echo "wall $TOKEN_VIEWER" >"$ROOM/tokens/viewer"
        echo "${AGENT:-nobody} $TOKEN_DESK" >"$ROOM/tokens/desk"
        echo "pbx $TOKEN_GATEWAY" >"$ROOM/tokens/gateway"
        echo "root $TOKEN_ADMIN" >"$ROOM/tokens/admin"
    )
}

# web_start NAME PORT NODES OPTIONS...: its output is in $ROOM/web-NAME
web_start() {
    local name=$1 port=$2 nodes=$3
    shift 3
    "$HOTLINE_WEB" --nodes "$nodes" --tokens "$ROOM/tokens" --listen "127.0.0.1:$port" --gateway "web-$name-$port" "$@" \
        >"$ROOM/web-$name" 2>&1 &
    CHILDREN+=($!)
    printf -v "WEB_PID_$name" %s $!
    eventually 10 grep -qs '^hotline-web: ready' "$ROOM/web-$name" || die "hotline-web: $(cat "$ROOM/web-$name")"
}

# What a test of the page or the contract says is said here; so is what hotline-web said when it failed.
run_node() { # SCRIPT
    local status=0
    node "$UI/tests/$1" || status=$?
    [ $status -eq 0 ] || die "$1 failed; hotline-web said: $(cat "$ROOM"/web-*)"
}

# It must end by itself when told to, with status 0: under the sanitizers that is where leaks are found.
web_stop() { # NAME
    local pid=WEB_PID_$1 status=0
    kill -TERM "${!pid}"
    timeout 30 tail --pid="${!pid}" -f /dev/null || die "hotline-web does not end: $(cat "$ROOM/web-$1")"
    wait "${!pid}" || status=$?
    [ $status -eq 0 ] || die "hotline-web ended with $status: $(cat "$ROOM/web-$1")"
}
