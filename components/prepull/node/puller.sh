#!/bin/sh
# Pulls a list of images into one node's container runtime, through the runtime's socket.
#
# Everything it is told arrives as data in the environment (written by manifest.py) and is never evaluated:
#   PREPULL_SOCKETS        lines "CLIENT PATH [nameless]"; the first socket that answers is used (CLIENT: crictl, docker);
#                          nameless: nothing there gives an image a further name
#   PREPULL_IMAGES         lines "NAME [SOURCE]"; SOURCE is where to pull NAME from, if not from NAME itself. A NAME with
#                          a tag and a digest is pulled by the digest, and is then there under its tag as well
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
unset CRI_CONFIG_FILE CRICTL_AUTH CRICTL_CREDS CRICTL_PULL_TIMEOUT
umask 077

BACKOFF_LIMIT_MS=300000
CALL_TIMEOUT_MS=30000
REPORT_LIMIT=4096
REASON_LIMIT=200
MOUNTS=/proc/self/mountinfo
STARTED_ANEW=75

work=$PREPULL_WORK
events=$work/events

say() { # TEXT…: as it is; what echo makes of a backslash depends on the shell
    printf '%s\n' "$*"
}

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

run() { # PROGRAM ARGUMENT…: one that has no children
    "$@" &
    program=$!
    wait "$program"
    status=$?
    program=""
    return "$status"
}

on_stop() { # first thing in every shell: on SIGTERM it ends with its children
    children="" program=""
    inherited=${!-}
    trap stop TERM INT
}

# Programs are killed: a client only waits for the runtime, and one that hangs may not heed SIGTERM. A shell is told
# until it is gone: one that has only just been forked still has its parent's trap, and loses the signal.
stop() { # [CODE]
    trap '' TERM INT
    # The signal may have come before a child that had just been started was noted.
    [ "${!-}" = "$inherited" ] || children="$children $!"
    # shellcheck disable=SC2086 # lists of process IDs
    {
        kill -KILL $program
        kill $children
        for child in $children; do
            while kill "$child"; do sleep 0.01; done
        done
    } 2>/dev/null
    exit "${1:-143}"
}

pause() { # SECONDS
    run sleep "$1"
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
    spawn in_shell "$@"
    wait "$!"
    echo "$?" >"$file"
    kill -KILL "$watch" 2>/dev/null
}

in_shell() { # FUNCTION ARGUMENT…: one that starts its clients with `run`
    on_stop
    "$@"
}

# ---------------------------------------------------------------- clients

# Both clients list images in one form: a block of lines "Key: value" for each image, as crictl images --verbose does.
DOCKER_BLOCK='ID: {{.Id}}{{range .RepoTags}}
RepoTags: {{.}}{{end}}{{range .RepoDigests}}
RepoDigests: {{.}}{{end}}
Size: {{.Size}}
'

# By default crictl gives a busy runtime two seconds for an answer; `bounded` is what limits it here.
crictl_patient() { run crictl --timeout 60s "$@"; }

list_crictl() { crictl_patient images --verbose; }
list_docker() {
    run docker image ls --quiet --no-trunc >"$work/ids" || return
    ids=$(sort -u "$work/ids")
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 # a list of image IDs, one argument each
    run docker image inspect --format "$DOCKER_BLOCK" $ids
}

pull_crictl() { crictl_patient pull "$1"; }
pull_docker() { run docker pull --quiet "$1"; }

name_crictl() { run ctr --address "$socket" --namespace k8s.io images tag --force "$1" "$2"; }
name_docker() { run docker tag "$1" "$2"; }

users_crictl() { crictl_patient ps --all --quiet --image "$1"; }
users_docker() { run docker ps --all --quiet --filter "ancestor=$1"; }

delete_crictl() { crictl_patient rmi "$1"; }
delete_docker() { run docker rmi "$1"; }

unname_crictl() { run ctr --address "$socket" --namespace k8s.io images rm "$1"; }
unname_docker() { run docker rmi "$1"; }

ask() { # FUNCTION ARGUMENT…: leaves what it prints in two files
    bounded "$work/code" "$CALL_TIMEOUT_MS" "$@" >"$work/answer" 2>"$work/complaint"
}

connect() { # sets client, socket and nameless to the first that answers; lists its images on the way
    problem="no container runtime socket found"
    while read -r client socket nameless; do
        [ -S "$socket" ] || continue
        export CONTAINER_RUNTIME_ENDPOINT="unix://$socket" IMAGE_SERVICE_ENDPOINT="unix://$socket"
        export DOCKER_HOST="unix://$socket" DOCKER_CONFIG="$work/docker"
        if inventory; then
            say "using $client on $socket"
            return 0
        fi
        leave_if_orphaned
        problem="$socket does not answer: $(reason <"$work/complaint")"
    done <<EOF
$PREPULL_SOCKETS
EOF
    return 1
}

# A runtime that is started anew makes its socket anew, and what is mounted here leads nowhere for ever after. Only
# another container gets the new one: the kubelet makes it. There is no report, as nothing is known of any image.
leave_if_orphaned() {
    # By the last part of its path: /var/run may be a link within the container.
    awk -v name="/${socket##*/}" '
        $4 ~ /\/\/deleted$/ && substr($5, length($5) - length(name) + 1) == name { found = 1 }
        END { exit !found }
    ' "$MOUNTS" || return 0
    say "the runtime was started anew, and so is this container, to have its new socket" >&2
    stop "$STARTED_ANEW"
}

# ---------------------------------------------------------------- what the node has

names_of() { # NAME: sets main to the name that it is pulled by, and tag to what else it is to be called, or "-"
    main=$1
    tag=-
    case $1 in
        *:*@*)
            tag=${1%%@*}
            case ${tag##*/} in
                *:*) main=${tag%:*}@${1#*@} ;;
                *) tag=- ;;
            esac
            ;;
    esac
}

inventory() { # writes lines "NAME DIGEST BYTES PINNED ID" for each name of each image
    ask "list_$client" || return
    awk '
        # Docker and cri-dockerd list familiar names; registries are told from repositories as Docker does.
        function canonical(name,  first) {
            if (index(name, "/") == 0) return "docker.io/library/" name
            first = name; sub(/\/.*/, "", first)
            return (first ~ /[.:]/ || first == "localhost") ? name : "docker.io/" name
        }
        function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); return name }
        # What is not of its form would make the whole report unreadable.
        function line(name, digest) {
            if (digest !~ /^[a-z0-9]+:[0-9a-f]+$/) digest = "unknown"
            if (size !~ /^[0-9]+$/ || length(size) > 18) size = 0
            print name, digest, size, pinned, id == "" ? "unknown" : id
        }
        function flush(  i, j, digest) {
            for (i = 1; i <= digests; i++) line(names[i], of[names[i]])
            for (i = 1; i <= tags; i++) {
                # Under the name that a mirror left there is no digest, and it is the same manifest.
                digest = digests ? of[names[1]] : id
                for (j = 1; j <= digests; j++) if (repository(names[j]) == repository(tag[i])) digest = of[names[j]]
                line(tag[i], digest)
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
        $1 == "Pinned:" { pinned = $2 == "true" ? "true" : "false" }
        END { flush() }
    ' "$work/answer" >"$work/inventory"
}

look_up() { # writes lines "INDEX NAME DIGEST BYTES" for each image to pull; DIGEST is "-" where it is not there
    awk -v inventory="$work/inventory" -v nameless="$nameless" '
        BEGIN { while ((getline <inventory) > 0) { has[$1] = $2 " " $3; id[$1] = $5 } }
        { there = ($3 in has) && (nameless || $4 == "-" || id[$4] == id[$3]) }
        { print $1, $2, there ? has[$3] : "- 0" }
    ' "$work/images" >"$work/standing"
}

on_node() { # NAME: whether it was there when the images were last listed
    awk -v name="$1" '$1 == name { found = 1 } END { exit !found }' "$work/inventory"
}

# ---------------------------------------------------------------- credentials

UNESCAPE='
    function hex(s,  n, i) {
        for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1
        return n
    }
    function utf8(n) {
        if (n < 128) return sprintf("%c", n)
        if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
        if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
        return sprintf("%c", 240 + int(n / 262144)) sprintf("%c", 128 + int(n / 4096) % 64) \
            sprintf("%c%c", 128 + int(n / 64) % 64, 128 + n % 64)
    }
    function unescape(s,  out, c, n) {
        while (match(s, /\\/)) {
            out = out substr(s, 1, RSTART - 1); c = substr(s, RSTART + 1, 1); s = substr(s, RSTART + 2)
            if (c == "u") {
                n = hex(s); s = substr(s, 5)
                if (n >= 55296 && n < 56320 && substr(s, 1, 2) == "\\u") {
                    n = 65536 + (n - 55296) * 1024 + hex(substr(s, 3)) - 56320; s = substr(s, 7)
                }
                out = out utf8(n)
            }
            else if ((n = index("bfnrt", c)) > 0) out = out substr("\b\f\n\r\t", n, 1)
            else out = out c
        }
        return out s
    }
'

# Turns each dockerconfigjson into lines "REGISTRY[/PATH] TAB AUTH TAB USERNAME TAB PASSWORD", the last three as they
# stand between the quotes in JSON. Files are read in the order of their names, which is that of the argument, and each
# time anew: what a refresh finds there may have been renewed.
read_credentials() {
    : >"$work/credentials"
    for file in "${PREPULL_SECRETS:-$work/secrets}"/*; do
        [ -f "$file" ] || continue
        awk "$UNESCAPE"'
            function registry(key,  at, path) { # as the kubelet reads it
                sub(/^https?:\/\//, "", key)
                if (at = index(key, "/")) { path = substr(key, at); key = substr(key, 1, at - 1) }
                sub(/^\/v[12](\/|$)/, "/", path); sub(/\/+$/, "", path)
                if (key == "index.docker.io" || key == "registry-1.docker.io") key = "docker.io"
                return key path
            }
            function entry() {
                if (field["auth"] field["username"] == "") return
                registries[++entries] = key[2]
                login[entries] = field["auth"] "\t" field["username"] "\t" field["password"]
            }
            { text = text $0 "\n" }
            END {
                while (length(text)) {
                    if (match(text, /^[ \t\r\n]+/)) { }
                    else if (match(text, /^"([^"\\]|\\.)*"/)) {
                        string = substr(text, 2, RLENGTH - 2)
                        if (expect[depth] == "key") key[depth] = string
                        else if (depth == 3 && inside) field[key[3]] = string
                    }
                    else if (match(text, /^[{[]/)) {
                        kind[++depth] = substr(text, 1, 1)
                        expect[depth] = kind[depth] == "{" ? "key" : "value"
                        if (depth == 3) {
                            inside = kind[1] kind[2] kind[3] == "{{{" && key[1] == "auths"
                            split("", field)
                        }
                    }
                    else if (match(text, /^[]}]/)) {
                        if (!depth || substr(text, 1, 1) != (kind[depth] == "{" ? "}" : "]")) break
                        if (depth == 3 && inside) entry()
                        depth--
                    }
                    else if (match(text, /^:/)) expect[depth] = "value"
                    else if (match(text, /^,/)) expect[depth] = kind[depth] == "{" ? "key" : "value"
                    else if (!depth || !match(text, /^(true|false|null|-?[0-9][-+.0-9Ee]*)/)) break
                    text = substr(text, RLENGTH + 1)
                }
                if (length(text) || depth || kind[1] != "{") exit 1
                for (i = 1; i <= entries; i++) print registry(unescape(registries[i])) "\t" login[i]
            }
        ' "$file" >>"$work/credentials" || say "the pull secret in ${file##*/} is not valid JSON" >&2
    done
}

# Puts the credential for SOURCE, if there is one, where the client looks for it: in the environment or in a file on
# the memory file system. The longest matching key wins, and a "*" in its host stands for one part of a host, as in the
# kubelet.
use_credential() { # INDEX SOURCE
    [ -s "$work/credentials" ] || return 0
    credential=$work/$1.credential
    awk -F '\t' -v name="$2" '
        function pattern(host) {
            if (host !~ /^[-A-Za-z0-9.:*]+$/) return "^$"
            gsub(/[.]/, "[.]", host); gsub(/[*]/, "[^.]*", host)
            return "^" host "$"
        }
        function matches(key,  host) {
            if (index(name "/", key "/") == 1) return 1
            if (key !~ /[*]/) return 0
            host = key; sub(/\/.*/, "", host)
            return registry ~ pattern(host) && index(path "/", substr(key, length(host) + 1) "/") == 1
        }
        BEGIN {
            sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name)
            registry = name; sub(/\/.*/, "", registry)
            path = substr(name, length(registry) + 1)
        }
        matches($1) && 2 * length($1) + ($1 !~ /[*]/) > best { best = 2 * length($1) + ($1 !~ /[*]/); line = $0 }
        END { if (best) print line }
    ' "$work/credentials" >"$credential"
    [ -s "$credential" ] || return 0
    "credential_$client" "$1" "${2%%/*}"
}

credential_crictl() {
    CRICTL_AUTH=$(awk -F '\t' "$UNESCAPE"'{ print unescape($2) }' "$credential")
    export CRICTL_AUTH
    [ -z "$CRICTL_AUTH" ] || return 0
    unset CRICTL_AUTH
    CRICTL_CREDS=$(awk -F '\t' "$UNESCAPE"'{ print unescape($3) ":" unescape($4) }' "$credential")
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

# The words that tell reasons apart may be part of an image's name, which is therefore left out.
reason() { # [NAME]: says in a few words why a client failed, from what it printed
    tr '\t\r' '  ' | tr -cd ' -~\n' | awk -v name="${1-}" -v limit="$REASON_LIMIT" '
        function without(text, part,  at) {
            while (part != "" && (at = index(text, part)))
                text = substr(text, 1, at - 1) substr(text, at + length(part))
            return text
        }
        function nameless(text,  path, host) {
            text = without(text, name)
            path = name; sub(/@.*/, "", path); sub(/:[^:\/]*$/, "", path)
            text = without(text, path)
            host = path; sub(/\/.*/, "", host); path = substr(path, length(host) + 1)
            if (sub(/^docker.io\/library\//, "", name)) text = without(text, name)
            if (path ~ /\/.*\//) text = without(text, substr(path, 2))
            return without(without(text, path), host)
        }
        /level=(warning|info)/ { next }
        { words = words " " $0 }
        END {
            name = tolower(name)
            text = nameless(tolower(words))
            if (match(text, /timed out after [0-9.]+ s/)) why = substr(text, RSTART, RLENGTH)
            else if (match(text, /(crictl|docker|ctr): (not found|permission denied)/)) {
                why = substr(text, RSTART, RLENGTH); sub(/:.*/, "", why)
                why = "the puller image cannot run " why
            }
            else if (text ~ /no such host|server misbehaving|temporary failure in name resolution/)
                why = "host not found"
            else if (text ~ /toomanyrequests|too many requests/) why = "too many requests"
            else if (text ~ /no basic auth|401 unauthorized|authentication required|incorrect username/)
                why = "unauthorized"
            # Registries that hide what one may not see say the same of what is not there.
            else if (text ~ /pull access denied|insufficient_scope/) why = "unauthorized, or no such repository"
            else if (text ~ /unauthorized|forbidden|access .* denied/) why = "unauthorized"
            else if (text ~ /no match for platform|no matching manifest for/) why = "no image for this platform"
            else if (text ~ /manifest unknown|manifest for .* not found|name unknown|: not found/)
                why = "manifest unknown"
            else if (text ~ /no space left/) why = "disk full"
            else if (text ~ /i\/o timeout|deadline exceeded|client.timeout|handshake timeout|connection timed out/)
                why = "timed out"
            else if (text ~ /connection refused/) why = "connection refused"
            else if (text ~ /unexpected eof|short read|connection reset/) why = "connection lost"
            else if (text ~ /unexpected commit digest|layer verification failed|digest did not match/)
                why = "corrupt layer"
            else if (match(text, /unexpected (http )?status.*: 5[0-9][0-9] [a-z]+( [a-z]+)*/)) {
                why = substr(text, RSTART, RLENGTH); sub(/^.*: /, "", why)
                why = "registry error: " why
            }
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

fetch() { # INDEX NAME SOURCE TAG
    # An image that only lacks its tag takes no registry.
    if [ "$4" = - ] || [ "$policy" = Always ] || ! on_node "$2"; then
        use_credential "$1" "$3"
        "pull_$client" "$3" || return
        if [ "$2" != "$3" ]; then
            : >"$work/$1.fetched"
            "name_$client" "$3" "$2" || return
        fi
    fi
    [ "$4" = - ] || [ -n "$nameless" ] || "name_$client" "$2" "$4"
}

pull() { # INDEX NAME SOURCE TAG: one attempt; tells the event loop when it is over
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
    say "pulling $name (attempt $((attempts + 1)) of $PREPULL_ATTEMPTS)"
    names_of "$name"
    spawn pull "$1" "$main" "${origin:-$main}" "$tag"
    running=$((running + 1))
}

finished() { # INDEX: success, another attempt later, or failure
    running=$((running - 1))
    read -r name origin <"$work/$1.image"
    read -r attempts began <"$work/$1.tries"
    read -r code <"$work/$1.code" || code=1
    now
    took=$((now_ms - began))
    seconds "$took"
    [ ! -s "$work/credentials" ] || rm -rf "$work/$1.docker" "$work/$1.credential"
    if [ "$code" = 0 ]; then
        say "pulled $name in $seconds s"
        rm -f "$work/$1.failed"
        echo "$attempts $took" >"$work/$1.pulled"
        unfinished=$((unfinished - 1))
        return
    fi
    leave_if_orphaned
    names_of "$name"
    why=$(reason "${origin:-$main}" <"$work/$1.out")
    say "$attempts $took $why" >"$work/$1.failed"
    if [ "$attempts" -ge "$PREPULL_ATTEMPTS" ]; then
        say "failed $name after $attempts attempts in $seconds s: $why"
        # Indented, and with nothing that a reader might take for the end of a line: what a registry says is no log line.
        tr -cd '\t\n -~' <"$work/$1.out" | sed 's/^/    /'
        unfinished=$((unfinished - 1))
        return
    fi
    backoff "$attempts"
    say "failed $name (attempt $attempts of $PREPULL_ATTEMPTS): $why; next attempt in $seconds s"
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
    policy=$1
    running=0
    unfinished=0
    queue=""
    look_up
    rm -f "$work"/*.pulled "$work"/*.failed "$work"/*.fetched
    while read -r index name digest _; do
        echo "0 0" >"$work/$index.tries"
        if [ -e "$work/$index.refused" ]; then
            echo "0 0 not an image reference" >"$work/$index.failed"
        elif [ "$policy" = IfNotPresent ] && [ "$digest" != - ]; then
            say "present $name"
        else
            queue="$queue $index"
            unfinished=$((unfinished + 1))
        fi
    done <"$work/standing"
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
    unname_sources
    gone="gone after it was pulled"
    inventory || {
        leave_if_orphaned
        gone="the runtime no longer answers: $(reason <"$work/complaint")"
        : >"$work/inventory"
    }
    look_up
}

# The name of a source goes when the last image that came from it is named, unless the node had it before or is to have
# it as well.
unname_sources() {
    awk -v inventory="$work/inventory" '
        BEGIN { while ((getline <inventory) > 0) kept[$1] }
        { source[NR] = $5; index_of[NR] = $1; kept[$3]; kept[$4] }
        END {
            for (i = 1; i <= NR; i++) if (source[i] != "" && !(source[i] in kept)) print index_of[i], source[i]
        }
    ' "$work/images" >"$work/sources"
    unnamed=""
    while read -r index name; do
        [ -e "$work/$index.fetched" ] || continue
        case " $unnamed " in *" $name "*) continue ;; esac
        unnamed="$unnamed $name"
        ask "unname_$client" "$name" || say "kept $name: $(reason "$name" <"$work/complaint")"
    done <"$work/sources"
}

# ---------------------------------------------------------------- removal

# A runtime removes an image together with all its names, so one name alone is taken off where the image has others:
# tags, and the digests that are to be there. Nothing that is pinned (the sandbox image) or in use is touched, under
# whatever name it is used.
remove_all() {
    while read -r name; do
        [ -n "$name" ] || continue
        known=$(removable "$name")
        case $known in
            absent) say "absent $name" ;;
            pinned) say "kept $name: the runtime has pinned it" ;;
            wanted) say "kept $name: it is one of the images to pull" ;;
            shared | whole)
                if ! ask "users_$client" "$name"; then
                    say "kept $name: $(reason "$name" <"$work/complaint")"
                elif [ -s "$work/answer" ]; then
                    say "kept $name: a container uses it"
                elif [ "$known" = shared ]; then
                    remove "unname_$client" "$name" name
                else
                    remove "delete_$client" "$name" image
                fi
                ;;
        esac
    done <<EOF
${PREPULL_REMOVE:-}
EOF
}

removable() { # NAME: says what is known of it
    awk -v name="$1" -v images="$work/images" '
        BEGIN { while ((getline <images) > 0) { wanted[$3]; wanted[$4] } }
        { id[$1] = $5; pinned[$1] = $4 }
        END {
            if (!(name in id)) state = "absent"
            else if (pinned[name] == "true") state = "pinned"
            else if (name in wanted) state = "wanted"
            else {
                state = "whole"
                for (other in id)
                    if (other != name && id[other] == id[name] && (other !~ /@/ || other in wanted)) state = "shared"
            }
            print state
        }
    ' "$work/inventory"
}

remove() { # FUNCTION NAME name|image
    if ! ask "$1" "$2"; then
        say "kept $2: $(reason "$2" <"$work/complaint")"
        return
    fi
    say "removed $2"
    awk -v name="$2" -v what="$3" '
        { line[NR] = $0; names[NR] = $1; id[NR] = $5; if ($1 == name) gone = $5 }
        END { for (i = 1; i <= NR; i++) if (names[i] != name && (what == "name" || id[i] != gone)) print line[i] }
    ' "$work/inventory" >"$work/remaining"
    mv "$work/remaining" "$work/inventory"
}

# ---------------------------------------------------------------- report

# One line for each image, failures first, numbered as in PREPULL_IMAGES from 0. Where that does not fit the kubelet's
# 4096 bytes, the images that are present shrink to ranges of numbers, then failures with one reason, now cut, to one
# line, and last the failures whose reasons do not fit share one line as well. Which images failed is always there.
report() {
    now
    failures=0
    while read -r index name digest bytes; do
        tries=0 took=0 why=""
        [ ! -e "$work/$index.failed" ] || read -r tries took why <"$work/$index.failed"
        [ ! -e "$work/$index.pulled" ] || read -r tries took <"$work/$index.pulled"
        seconds "$took"
        if [ -z "$why" ] && [ "$digest" != - ]; then
            say "$index present $digest $bytes $seconds $tries"
        else
            say "$index failed $tries $seconds ${why:-$gone}"
            failures=$((failures + 1))
        fi
    done <"$work/standing" >"$work/results"
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
        function shortened(shown,  i, text, rest) { # with the first of the reasons
            for (i = 1; i <= shown; i++) text = text ranges(by[i]) " failed " reason[i] "\n"
            for (i = 1; i <= failed; i++) if (rank[i] > shown) rest = rest " " lost[i]
            return header text (rest ? ranges(rest) " failed other reasons\n" : "") rest_present
        }
        $2 == "present" { present++; indices = indices " " $1; lines = lines $0 "\n" }
        $2 == "failed" {
            failures = failures $0 "\n"
            why = $0; sub(/^[0-9]+ failed [0-9]+ [0-9.]+ /, "", why); why = substr(why, 1, 60)
            if (!(why in number)) { number[why] = ++reasons; reason[reasons] = why }
            lost[++failed] = $1; rank[failed] = number[why]; by[rank[failed]] = by[rank[failed]] " " $1
        }
        END {
            header = sprintf("prepull 1 images=%d present=%d failed=%d seconds=%s\n", NR, present, failed, took)
            rest_present = present ? ranges(indices) " present\n" : ""
            text = header failures lines
            if (length(text) > limit) text = header failures rest_present
            for (shown = reasons; length(text) > limit && shown >= 0; shown -= 1 + int((length(text) - limit) / 100))
                text = shortened(shown)
            if (length(text) > limit) text = shortened(0)
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
    say "$1" >&2
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
        say "$name $origin" >"$work/$index.image"
        names_of "$name"
        say "$index $name $main $tag $origin"
        case "$name $origin" in -* | *" -"*) : >"$work/$index.refused" ;; esac # a client would take it for an option
        index=$((index + 1))
    done >"$work/images" <<EOF
$PREPULL_IMAGES
EOF
}

pass() { # POLICY: exit code 1 if an image is not there
    now
    started_ms=$now_ms
    read_credentials
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
        children=""
        seconds "$PREPULL_REFRESH_MS"
        pause "$seconds"
        spawn refresh
        wait "$!"
        case $? in
            0) ;;
            "$STARTED_ANEW") stop "$STARTED_ANEW" ;;
            *) echo "not every image could be refreshed" >&2 ;;
        esac
    done
fi
if pass "$PREPULL_PULL_POLICY" || [ "$PREPULL_ON_FAILURE" = continue ]; then
    exit 0
fi
exit 1
