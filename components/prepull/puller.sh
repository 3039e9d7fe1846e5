#!/bin/sh
# Pulls a list of images into one node's container runtime, through the runtime's socket.
#
# Everything it is told arrives as data in the environment (written by manifest.py) and is never evaluated:
#   PREPULL_SOCKETS        lines "CLIENT PATH"; the first socket that answers is used (CLIENT: crictl, docker)
#   PREPULL_IMAGES         lines "NAME [SOURCE]"; SOURCE is where to pull NAME from, if not from NAME itself
#   PREPULL_REMOVE         lines "NAME" to remove where nothing uses them
#   PREPULL_PULL_POLICY    IfNotPresent | Always
#   PREPULL_ON_FAILURE     retry (exit 1, the kubelet starts it again) | continue (exit 0)
#   PREPULL_PARALLELISM, PREPULL_ATTEMPTS
#   PREPULL_BACKOFF_MS, PREPULL_IMAGE_TIMEOUT_MS, PREPULL_STAGGER_MS
#   PREPULL_REFRESH_MS     set: run for ever, pulling all images again at this interval
#   PREPULL_SECRETS        directory with one dockerconfigjson file for each pull secret
#   PREPULL_WORK           scratch directory on a memory file system
#   PREPULL_REPORT         the file that the report is written to; report.py documents and reads it
#
# POSIX sh with the applets that every default puller image has: rancher/k3s has neither timeout nor base64. No use
# of the shell's process ID, and no command substitution of a bare name: the kubelet would expand both in the pod spec.
set -u
export LC_ALL=C
unset CRI_CONFIG_FILE
umask 077

BACKOFF_LIMIT_MS=300000
LISTING_TIMEOUT_MS=30000
REPORT_LIMIT=4096
REASON_LIMIT=200

work=$PREPULL_WORK
events=$work/events

# ---------------------------------------------------------------- time

now() { # sets now_ms, from the monotonic clock, without starting a process
    read -r now_s _ </proc/uptime
    now_ms=$((${now_s%.*} * 1000 + 1${now_s#*.} * 10 - 1000))
}

seconds() { # MS: sets seconds to a decimal fraction
    fraction=$((1000 + $1 % 1000))
    seconds=$(($1 / 1000)).${fraction#1}
}

random_below() { # N: sets random to a number in [0, N)
    random=0
    [ "$1" -gt 0 ] || return 0
    random=$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')
    random=$((random % $1))
}

# ---------------------------------------------------------------- processes

# Whatever waits, waits for a background job: a shell runs its trap during `wait`, and not during a command.
spawn() { # COMMAND…: runs it in the background, as one of this shell's own children
    "$@" &
    children="$children $!"
}

on_stop() { # first thing in every shell: on SIGTERM it ends with its children
    children=""
    trap stop TERM INT
}

stop() {
    trap - TERM INT
    # shellcheck disable=SC2086 # a list of process IDs
    kill $children 2>/dev/null
    exit 143
}

pause() { # SECONDS
    spawn sleep "$1"
    wait "$!"
}

bounded() { # FILE MS COMMAND…: ends the command after MS; leaves its exit code in FILE as well
    verdict=$1
    seconds "$2"
    limit=$seconds
    shift 2
    rm -f "$verdict"
    spawn sleep "$limit"
    timer=$!
    spawn supervise "$verdict" "$timer" "$@"
    worker=$!
    wait "$timer" 2>/dev/null # where the shell says "Terminated"
    if [ ! -e "$verdict" ]; then
        kill "$worker" 2>/dev/null
        echo "timed out after ${limit%.000} s" >&2
        echo 124 >"$verdict"
    fi
    wait "$worker"
    read -r code <"$verdict"
    return "$code"
}

supervise() { # FILE TIMER COMMAND…
    on_stop
    file=$1
    watch=$2
    shift 2
    spawn "$@"
    wait "$!"
    echo "$?" >"$file"
    kill "$watch" 2>/dev/null
}

# ---------------------------------------------------------------- clients

# Both clients list images in one form: a block of lines "Key: value" for each image, as crictl images --verbose does.
DOCKER_BLOCK='ID: {{.Id}}{{range .RepoTags}}
RepoTags: {{.}}{{end}}{{range .RepoDigests}}
RepoDigests: {{.}}{{end}}
Size: {{.Size}}
'

list_crictl() { crictl images --verbose; }
list_docker() {
    ids=$(docker image ls --quiet --no-trunc) || return 1
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 # a list of image IDs, one argument each
    docker image inspect --format "$DOCKER_BLOCK" $ids
}

# Always run in the background, where exec makes the client itself the process that is ended.
pull_crictl() { exec crictl pull "$1"; }
pull_docker() { exec docker pull --quiet "$1"; }

name_crictl() { ctr --address "$socket" --namespace k8s.io images tag --force "$1" "$2"; }
name_docker() { docker tag "$1" "$2"; }

users_crictl() { crictl ps --all --quiet --image "$1"; }
users_docker() { docker ps --all --quiet --filter "ancestor=$1"; }

delete_crictl() { crictl rmi "$1"; }
delete_docker() { docker rmi "$1"; }

unname_crictl() { ctr --address "$socket" --namespace k8s.io images rm "$1"; }
unname_docker() { docker rmi "$1"; }

connect() { # sets client and socket to the first that answers; lists its images on the way
    problem="no container runtime socket found"
    while read -r client socket; do
        [ -S "$socket" ] || continue
        export CONTAINER_RUNTIME_ENDPOINT="unix://$socket" IMAGE_SERVICE_ENDPOINT="unix://$socket"
        export DOCKER_HOST="unix://$socket" DOCKER_CONFIG="$work/docker"
        if inventory 2>"$work/problem"; then
            echo "using $client on $socket"
            return 0
        fi
        problem="$socket does not answer: $(reason <"$work/problem")"
    done <<EOF
$PREPULL_SOCKETS
EOF
    return 1
}

# ---------------------------------------------------------------- what the node has

inventory() { # writes lines "NAME DIGEST BYTES PINNED ID" for each name of each image
    bounded "$work/listed" "$LISTING_TIMEOUT_MS" "list_$client" >"$work/listing" || return 1
    awk '
        # Docker and cri-dockerd list familiar names; registries are told from repositories as Docker does.
        function canonical(name,  first) {
            if (index(name, "/") == 0) return "docker.io/library/" name
            first = name; sub(/\/.*/, "", first)
            return (first ~ /[.:]/ || first == "localhost") ? name : "docker.io/" name
        }
        function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); return name }
        function flush(  i, digest) {
            for (i = 1; i <= digests; i++) print names[i], of[names[i]], size, pinned, id
            for (i = 1; i <= tags; i++) {
                digest = id
                for (j = 1; j <= digests; j++) if (repository(names[j]) == repository(tag[i])) digest = of[names[j]]
                print tag[i], digest, size, pinned, id
            }
            tags = digests = size = 0; pinned = "false"; id = ""
        }
        BEGIN { pinned = "false" }
        $1 == "ID:" { flush(); id = $2 }
        $1 == "RepoTags:" && $2 !~ /<none>/ { tag[++tags] = canonical($2) }
        $1 == "RepoDigests:" && $2 !~ /<none>/ {
            names[++digests] = canonical($2); of[names[digests]] = substr($2, index($2, "@") + 1)
        }
        $1 == "Size:" { size = $2 }
        $1 == "Pinned:" { pinned = $2 }
        END { flush() }
    ' "$work/listing" >"$work/inventory"
}

present() { # NAME: sets digest and bytes if the node has an image of that name
    while read -r known digest bytes _; do
        [ "$known" != "$1" ] || return 0
    done <"$work/inventory"
    return 1
}

# ---------------------------------------------------------------- credentials

# Turns each dockerconfigjson into lines "REGISTRY[/PATH] TAB AUTH TAB USERNAME TAB PASSWORD", the last two as they
# stand between the quotes in JSON. Files are read in the order of their names, which is that of the argument.
read_credentials() {
    : >"$work/credentials"
    for file in "${PREPULL_SECRETS:-$work/secrets}"/*; do
        [ -f "$file" ] || continue
        awk '
            function registry(key) {
                gsub(/\\\//, "/", key)
                sub(/^https?:\/\//, "", key); sub(/\/v[12]\/?$/, "", key); sub(/\/+$/, "", key)
                sub(/^(index|registry-1)\.docker\.io/, "docker.io", key)
                return key
            }
            { text = text $0 "\n" }
            END {
                while (length(text)) {
                    if (match(text, /^[ \t\r\n]+/)) { }
                    else if (match(text, /^"([^"\\]|\\.)*"/)) {
                        string = substr(text, 2, RLENGTH - 2)
                        if (expect[depth] == "key") key[depth] = string
                        else if (depth == 3 && key[1] == "auths") field[key[3]] = string
                    }
                    else if (match(text, /^[{[]/)) {
                        kind[++depth] = substr(text, 1, 1)
                        expect[depth] = kind[depth] == "{" ? "key" : "value"
                        if (depth == 3) split("", field)
                    }
                    else if (match(text, /^[]}]/)) {
                        if (depth == 3 && key[1] == "auths" && field["auth"] field["username"] != "")
                            print registry(key[2]) "\t" field["auth"] "\t" field["username"] "\t" field["password"]
                        depth--
                    }
                    else if (match(text, /^:/)) expect[depth] = "value"
                    else if (match(text, /^,/)) expect[depth] = kind[depth] == "{" ? "key" : "value"
                    else if (!match(text, /^[-+.0-9A-Za-z]+/)) break
                    text = substr(text, RLENGTH + 1)
                }
                exit length(text) > 0 || depth != 0
            }
        ' "$file" >>"$work/credentials" || echo "the pull secret in ${file##*/} is not valid JSON" >&2
    done
}

# Puts the credential for SOURCE, if there is one, where the client looks for it: in the environment or in a file on
# the memory file system. The longest matching key wins, as in the kubelet.
use_credential() { # INDEX SOURCE
    credential=$work/$1.credential
    awk -F '\t' -v name="$2" '
        BEGIN { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name) }
        index(name, $1 "/") == 1 && length($1) > best { best = length($1); line = $0 }
        END { if (best) print line }
    ' "$work/credentials" >"$credential"
    [ -s "$credential" ] || return 0
    "credential_$client" "$1" "${2%%/*}"
}

credential_crictl() {
    CRICTL_AUTH=$(awk -F '\t' '{ print $2 }' "$credential")
    export CRICTL_AUTH
    [ -z "$CRICTL_AUTH" ] || return 0
    unset CRICTL_AUTH
    CRICTL_CREDS=$(awk -F '\t' '
        function hex(s,  n, i) {
            for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1
            return n
        }
        function utf8(n) {
            if (n < 128) return sprintf("%c", n)
            if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
            return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
        }
        function unescape(s,  out, c) {
            while (match(s, /\\/)) {
                out = out substr(s, 1, RSTART - 1); c = substr(s, RSTART + 1, 1); s = substr(s, RSTART + 2)
                if (c == "u") { out = out utf8(hex(s)); s = substr(s, 5) }
                else out = out (c == "n" ? "\n" : c == "t" ? "\t" : c)
            }
            return out s
        }
        { print unescape($3) ":" unescape($4) }
    ' "$credential")
    export CRICTL_CREDS
}

credential_docker() { # INDEX REGISTRY
    export DOCKER_CONFIG="$work/$1.docker"
    mkdir -p "$DOCKER_CONFIG"
    key=$2
    [ "$key" != docker.io ] || key=https://index.docker.io/v1/
    awk -F '\t' -v key="$key" '
        { printf "{\"auths\":{\"%s\":{\"auth\":\"%s\",\"username\":\"%s\",\"password\":\"%s\"}}}\n", key, $2, $3, $4 }
    ' "$credential" >"$DOCKER_CONFIG/config.json"
}

# ---------------------------------------------------------------- one attempt

reason() { # says in a few words why a client failed, from what it printed
    tr '\t\r' '  ' | tr -cd ' -~\n' | awk -v limit="$REASON_LIMIT" '
        /level=(warning|info)/ { next }
        { words = words " " $0 }
        END {
            text = tolower(words)
            if (match(text, /timed out after [0-9.]+ s/)) why = substr(text, RSTART, RLENGTH)
            else if (text ~ /no such host|server misbehaving|temporary failure in name resolution/) why = "host not found"
            else if (text ~ /pull access denied|insufficient_scope/) why = "unauthorized, or no such repository"
            else if (text ~ /unauthorized|authentication required|no basic auth|forbidden|access .* denied/)
                why = "unauthorized"
            else if (text ~ /manifest unknown|manifest for .* not found|name unknown|: not found/) why = "manifest unknown"
            else if (text ~ /no space left/) why = "disk full"
            else if (text ~ /toomanyrequests|too many requests/) why = "too many requests"
            else if (text ~ /i\/o timeout|deadline exceeded|client.timeout/) why = "timed out"
            else if (text ~ /connection refused/) why = "connection refused"
            else {
                why = words
                sub(/^.*level=(fatal|error) msg="/, "", why); sub(/^.*rpc error: code = [A-Za-z]+ desc = /, "", why)
                gsub(/  +/, " ", why); sub(/^ /, "", why); sub(/"? *$/, "", why)
                if (length(why) > limit) why = substr(why, 1, limit - 3) "..."
            }
            print why == "" ? "no reason given" : why
        }
    '
}

fetch() { # INDEX NAME SOURCE
    on_stop
    use_credential "$1" "$3"
    spawn "pull_$client" "$3"
    wait "$!" || return
    [ "$2" = "$3" ] || { "name_$client" "$3" "$2" && "unname_$client" "$3"; }
}

pull() { # INDEX NAME SOURCE: one attempt; tells the event loop when it is over
    on_stop
    bounded "$work/$1.code" "$PREPULL_IMAGE_TIMEOUT_MS" fetch "$@" >"$work/$1.out" 2>&1
    echo "done $1" >&3
}

# ---------------------------------------------------------------- all images

start() { # INDEX
    read -r name origin <"$work/$1.image"
    read -r attempts began <"$work/$1.tries"
    now
    [ "$began" != 0 ] || began=$now_ms
    echo "$((attempts + 1)) $began" >"$work/$1.tries"
    echo "pulling $name (attempt $((attempts + 1)) of $PREPULL_ATTEMPTS)"
    spawn pull "$1" "$name" "${origin:-$name}"
    running=$((running + 1))
}

finished() { # INDEX: success, another attempt later, or failure
    running=$((running - 1))
    read -r name origin <"$work/$1.image"
    read -r attempts began <"$work/$1.tries"
    read -r code <"$work/$1.code"
    now
    took=$((now_ms - began))
    seconds "$took"
    rm -rf "$work/$1.docker" "$work/$1.credential"
    if [ "$code" = 0 ]; then
        echo "pulled $name in $seconds s"
        echo "$attempts $took" >"$work/$1.pulled"
        unfinished=$((unfinished - 1))
        return
    fi
    why=$(reason <"$work/$1.out")
    echo "$attempts $took $why" >"$work/$1.failed"
    if [ "$attempts" -ge "$PREPULL_ATTEMPTS" ]; then
        echo "failed $name after $attempts attempts in $seconds s: $why"
        sed 's/^/    /' "$work/$1.out"
        unfinished=$((unfinished - 1))
        return
    fi
    backoff "$attempts"
    echo "failed $name (attempt $attempts of $PREPULL_ATTEMPTS): $why; next attempt in $seconds s"
    spawn remind "$1" "$seconds"
}

remind() { # INDEX SECONDS
    on_stop
    pause "$2"
    echo "due $1" >&3
}

backoff() { # ATTEMPTS: sets seconds to the wait: doubled for each attempt, half of it by chance
    delay=$PREPULL_BACKOFF_MS
    doubled=1
    while [ "$doubled" -lt "$1" ] && [ "$delay" -lt "$BACKOFF_LIMIT_MS" ]; do
        delay=$((delay * 2))
        doubled=$((doubled + 1))
    done
    [ "$delay" -le "$BACKOFF_LIMIT_MS" ] || delay=$BACKOFF_LIMIT_MS
    random_below $((delay / 2 + 1))
    seconds $((delay - delay / 2 + random))
}

# An image that waits for its next attempt holds no place, so that a failing one never delays another.
pull_all() { # POLICY
    running=0
    unfinished=0
    queue=""
    while read -r index; do
        read -r name _ <"$work/$index.image"
        rm -f "$work/$index.pulled" "$work/$index.failed"
        echo "0 0" >"$work/$index.tries"
        if [ "$1" = IfNotPresent ] && present "$name"; then
            echo "present $name"
            continue
        fi
        queue="$queue $index"
        unfinished=$((unfinished + 1))
    done <"$work/indices"
    [ "$unfinished" -gt 0 ] || return 0
    if [ "${PREPULL_STAGGER_MS:-0}" -gt 0 ]; then
        random_below "$PREPULL_STAGGER_MS"
        seconds "$random"
        echo "waiting $seconds s, this node's share of the stagger"
        pause "$seconds"
    fi
    while [ "$unfinished" -gt 0 ]; do
        # shellcheck disable=SC2086 # a list of numbers
        set -- $queue
        while [ "$running" -lt "$PREPULL_PARALLELISM" ] && [ $# -gt 0 ]; do
            start "$1"
            shift
        done
        queue="$*"
        read -r event index <&3
        case $event in
            done) finished "$index" ;;
            due) queue="$queue $index" ;;
        esac
    done
}

# ---------------------------------------------------------------- removal

# A runtime removes an image together with all its names, so one name alone is taken off where the image has others.
# Nothing that is pinned (the sandbox image) or that a container uses is touched.
remove_all() {
    while read -r name; do
        [ -n "$name" ] || continue
        line=$(awk -v name="$name" '$1 == name { print; exit }' "$work/inventory")
        if [ -z "$line" ]; then
            echo "absent $name"
            continue
        fi
        pinned=$(echo "$line" | awk '{ print $4 }')
        id=$(echo "$line" | awk '{ print $5 }')
        others=$(awk -v name="$name" -v id="$id" '$5 == id && $1 != name && $1 !~ /@/' "$work/inventory")
        if [ "$pinned" = true ]; then
            echo "kept $name: the runtime has pinned it"
        elif [ -n "$others" ]; then
            outcome=$("unname_$client" "$name" 2>&1) && echo "removed $name" ||
                echo "kept $name: it has other names, and $(echo "$outcome" | reason)"
        elif [ -n "$("users_$client" "$name")" ]; then
            echo "kept $name: a container uses it"
        else
            outcome=$("delete_$client" "$name" 2>&1) && echo "removed $name" ||
                echo "kept $name: $(echo "$outcome" | reason)"
        fi
    done <<EOF
${PREPULL_REMOVE:-}
EOF
}

# ---------------------------------------------------------------- report

# One line for each image, failures first, numbered as in PREPULL_IMAGES from 0. Where that does not fit the kubelet's
# 4096 bytes, the images that are present shrink to ranges of numbers, then failures with one reason to one line, and
# last the reasons are cut.
report() {
    now
    inventory 2>/dev/null || : >"$work/inventory"
    failures=0
    while read -r index; do
        read -r name _ <"$work/$index.image"
        tries=0 took=0 why=""
        [ ! -e "$work/$index.failed" ] || read -r tries took why <"$work/$index.failed"
        [ ! -e "$work/$index.pulled" ] || { read -r tries took <"$work/$index.pulled"; why=""; }
        seconds "${took:-0}"
        if [ -z "$why" ] && present "$name"; then
            echo "$index present $digest $bytes $seconds $tries"
        else
            echo "$index failed $tries $seconds ${why:-gone after it was pulled}"
            failures=$((failures + 1))
        fi
    done <"$work/indices" >"$work/results"
    seconds $((now_ms - started_ms))
    awk -v limit="$REPORT_LIMIT" -v took="$seconds" '
        function ranges(list,  n, i, from, parts, out) {
            n = split(list, parts, " ")
            for (i = 1; i <= n; i++) {
                from = parts[i]
                while (i < n && parts[i + 1] == parts[i] + 1) i++
                out = out (out ? "," : "") (from == parts[i] ? from : from "-" parts[i])
            }
            return out
        }
        $2 == "present" { present++; indices = indices " " $1; lines = lines $1 " present " $3 " " $4 " " $5 " " $6 "\n" }
        $2 == "failed" {
            failed++; line = $0; sub(/^[0-9]+ failed [0-9]+ [0-9.]+ /, "", line)
            if (!(line in by)) { order[++reasons] = line }
            by[line] = by[line] " " $1
            lost = lost $0 "\n"
        }
        END {
            header = sprintf("prepull 1 images=%d present=%d failed=%d seconds=%s\n", NR, present, failed, took)
            text = header lost lines
            if (length(text) > limit) text = header lost (present ? ranges(indices) " present\n" : "")
            if (length(text) > limit) {
                text = header
                for (i = 1; i <= reasons; i++) text = text ranges(by[order[i]]) " failed " substr(order[i], 1, 60) "\n"
                if (present) text = text ranges(indices) " present\n"
            }
            if (length(text) > limit) {
                text = substr(text, 1, limit - 8)
                sub(/[^\n]*$/, "", text)
                text = text "more...\n"
            }
            printf "%s", text
        }
    ' "$work/results" >"$work/report"
    # In one write: whoever reads the file meanwhile sees a whole report.
    cat "$work/report" >"$PREPULL_REPORT"
    cat "$work/report"
}

fail() { # REASON: for what stops all images at once
    printf 'prepull 1 error %s\n' "$1" >"$PREPULL_REPORT"
    echo "$1" >&2
    exit 1
}

# ---------------------------------------------------------------- main

prepare() {
    mkdir -p "$work"
    rm -rf "${work:?}"/*
    mkfifo "$events"
    exec 3<>"$events"
    index=0
    while read -r name origin; do
        [ -n "$name" ] || continue
        echo "$name $origin" >"$work/$index.image"
        echo "$index"
        index=$((index + 1))
    done >"$work/indices" <<EOF
$PREPULL_IMAGES
EOF
    read_credentials
}

pass() { # POLICY: exit code 1 if an image is not there
    now
    started_ms=$now_ms
    connect || fail "$problem"
    pull_all "$1"
    report
    remove_all
    [ "$failures" = 0 ]
}

refresh() {
    on_stop
    pass Always
}

on_stop
prepare
if [ "${PREPULL_REFRESH_MS:-0}" -gt 0 ]; then
    while :; do
        seconds "$PREPULL_REFRESH_MS"
        pause "$seconds"
        spawn refresh
        wait "$!" || echo "not every image could be refreshed" >&2
    done
fi
if pass "$PREPULL_PULL_POLICY" || [ "$PREPULL_ON_FAILURE" = continue ]; then
    exit 0
fi
exit 1
