#!/bin/sh
# Waits until enough nodes have every image, and says which image failed on which node, and why.
#
# What it waits for arrives as data in the environment, written by gate.py:
#   PREPULL_DAEMON_SET, PREPULL_SELECTOR   the DaemonSet, and the labels of its pods of the plan that is waited for
#   PREPULL_POD                            this pod's own name
#   PREPULL_IMAGES                         lines "NAME": the images, numbered as in the pullers' reports
#   PREPULL_REPORTS                        yes: a pod counts by its puller's report; no: by being ready
#   PREPULL_MIN_READY                      number or share of nodes that need every image
#   PREPULL_TIMEOUT_S
# It ends with 0 when they have them, and with 1 as soon as it is certain that they will not without a change, or when
# the time is up; the reasons are then its termination message, which Pulumi shows.
set -u
export LC_ALL=C

# What has gone wrong at the first look may be an order of events: a socket that its daemon has not made yet.
SETTLE_S=8
# How long the DaemonSet's own count, which Pulumi shows, may be behind the pods: its controller may have to start again.
COUNT_S=120
# What is no reason yet to give up, in lower case: nodes and API servers that are busy say it, and then try again.
PASSING='timed out|timeout|deadline exceeded|not registered|is reserved for|connection re(fused|set)|failed calling webhook'
MESSAGE=/dev/termination-log
# Pods that the API server is asked for at a time.
PAGE=500

work=$HOME
trap 'exit 143' TERM INT

now() { # sets now_s
    read -r now_s _ </proc/uptime
    now_s=${now_s%.*}
}

nap() { # SECONDS: a sleep that SIGTERM ends at once
    sleep "$1" &
    wait "$!"
}

# One line for each fact, its fields separated by tabs, free text quoted as in JSON, or as Go does.
DAEMON_SET='{{.metadata.uid}} {{.metadata.generation}} {{.status.observedGeneration}} {{.status.desiredNumberScheduled}} {{.status.numberReady}} {{.metadata.namespace}}'

# Prints the facts of the pods in a list in JSON, as it streams by: kubectl would hold all of a list to print any of it,
# which for a thousand pods is more than this container may have. Each record is what stands between two quotes, inside a
# string and outside in turn; a place is the keys and brackets that lead to it.
# shellcheck disable=SC2016 # the dollars are awk's
PODS='
    function value(place, what) {
        if (place in pod_field) pod[pod_field[place]] = what
        else if (place in container_field) container[container_field[place]] = what
        else if (place == "{metadata{continue") print what >more
    }
    function ended(place) {
        if (place == CONDITION) {
            if (pod["type"] == "Ready") ready = pod["status"]
            if (pod["type"] == "PodScheduled" && pod["status"] == "False") unscheduled = pod["message"]
            if (pod["type"] == "PodReadyToStartContainers" && pod["status"] == "True") mounted = "True"
            pod["type"] = pod["status"] = pod["message"] = ""
        } else if (place in CONTAINERS) {
            of_container()
            split("", container)
        } else if (place == POD) {
            print "pod", pod["name"], pod["node"] == "" ? pod["wanted"] : pod["node"], ready == "" ? "False" : ready, \
                pod["made"], pod["owner"], mounted == "" ? "False" : mounted
            if (unscheduled != "") print "unscheduled", quoted(unscheduled)
            printf "%s", facts
            split("", pod)
            ready = unscheduled = mounted = facts = ""
        }
    }
    function of_container(  report, at) {
        if (container["since"] container["ended"] container["last ended"] != "") mounted = "True"
        if (container["reason"] container["message"] != "")
            facts = facts "waiting\t" container["name"] "\t" container["image"] "\t" container["reason"] "\t" \
                quoted(container["message"]) "\n"
        if (container["name"] != "pull") return
        report = container["report"] == "" ? container["last report"] : container["report"]
        at = container["ended"] == "" ? container["last ended"] : container["ended"]
        # Of a node that has all images there is no more to say.
        if (report ~ /^prepull 1 [^\\]* failed=0 /) sub(/\\n.*/, "", report)
        if (report != "") facts = facts "report\t" at "\t" quoted(report) "\n"
    }
    function quoted(text) {
        if (text == "") return ""
        gsub(/\\u003c/, "<", text); gsub(/\\u003e/, ">", text); gsub(/\\u0026/, "\\&", text)
        return "\"" text "\""
    }
    BEGIN {
        RS = "\""; OFS = "\t"
        POD = "{items[{"
        CONDITION = POD "status{conditions[{"
        CONTAINERS[POD "status{initContainerStatuses[{"]; CONTAINERS[POD "status{containerStatuses[{"]
        pod_field[POD "metadata{name"] = "name"
        pod_field[POD "metadata{creationTimestamp"] = "made"
        pod_field[POD "metadata{ownerReferences[{uid"] = "owner"
        pod_field[POD "spec{nodeName"] = "node"
        pod_field[POD "spec{affinity{nodeAffinity{requiredDuringSchedulingIgnoredDuringExecution{" \
            "nodeSelectorTerms[{matchFields[{values["] = "wanted"
        pod_field[CONDITION "type"] = "type"
        pod_field[CONDITION "status"] = "status"
        pod_field[CONDITION "message"] = "message"
        READ["{metadata{"]
        for (list in CONTAINERS) {
            container_field[list "name"] = "name"
            container_field[list "image"] = "image"
            container_field[list "state{waiting{reason"] = "reason"
            container_field[list "state{waiting{message"] = "message"
            container_field[list "state{running{startedAt"] = "since"
            container_field[list "state{terminated{message"] = "report"
            container_field[list "state{terminated{finishedAt"] = "ended"
            container_field[list "lastState{terminated{message"] = "last report"
            container_field[list "lastState{terminated{finishedAt"] = "last ended"
        }
        for (field in pod_field) { sub(/[a-zA-Z]*$/, "", field); READ[field] }
        for (field in container_field) { sub(/[a-zA-Z]*$/, "", field); READ[field] }
    }
    inside {
        string = string $0
        inside = 0
        # A quote after an odd number of backslashes is part of the string.
        if (index($0, "\\") && match($0, /\\+$/) && RLENGTH % 2) { string = string "\""; inside = 1 }
        next
    }
    $0 == ":" { key[depth] = string; string = ""; inside = 1; next }
    $0 == "," {
        if (place[depth] in READ) value(place[depth] key[depth], string)
        string = ""; inside = 1
        next
    }
    $0 == ":{" { key[depth] = string; place[depth + 1] = place[depth] string "{"; depth++; string = ""; inside = 1; next }
    $0 == ":{}," { string = ""; inside = 1; next }
    {
        known = string != ""
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            if (c == ":") { key[depth] = string; known = 0 }
            else if (c == "{" || c == "[") { place[depth + 1] = place[depth] key[depth] c; key[++depth] = "" }
            else if (c == "," || c == "}" || c == "]") {
                if (known) value(place[depth] key[depth], string)
                known = 0
                if (c != ",") ended(place[depth--])
            }
        }
        string = ""; inside = 1
    }
'

EVENTS='{{range .items}}{{"event\t"}}{{.lastTimestamp}}{{"\t"}}{{.involvedObject.name}}{{"\t"}}{{.reason}}{{"\t"}}
{{- printf "%q" .message}}{{"\n"}}{{end}}'

# Pods of the same plan may have failed before this gate was made, for a reason that is gone by now.
born() { # sets since
    [ -z "$since" ] || return 0
    since=$(kubectl get pods --field-selector "metadata.name=$PREPULL_POD" \
        --output 'go-template={{range .items}}{{.metadata.creationTimestamp}}{{end}}' 2>"$work/problem")
    [ -n "$since" ]
}

look() { # writes what is to be judged into $work/facts; fails if the API server does not answer
    status=$(kubectl get daemonset "$PREPULL_DAEMON_SET" --output "go-template=$DAEMON_SET" 2>"$work/problem") || return 1
    # shellcheck disable=SC2086 # an identity, four numbers and a name
    set -- $status
    uid=$1
    shift
    desired=0
    counted=0
    # A status of an older generation counts the nodes of another selector.
    [ "$2" = "<no" ] || [ "$2" -lt "$1" ] || { desired=$3 counted=$4; }
    {
        [ "$settled" = no ] || {
            kubectl get events --field-selector type=Warning,reason=FailedMount --output "go-template=$EVENTS" &&
                kubectl get events --field-selector type=Warning,reason=FailedCreate --output "go-template=$EVENTS"
        } || return 1
        pods "${status##* }" || return 1
    } >"$work/facts" 2>"$work/problem"
}

pods() { # NAMESPACE: prints the facts of the pods of the plan
    rest=""
    while :; do
        : >"$work/more"
        : >"$work/broken"
        {
            kubectl get --raw "/api/v1/namespaces/$1/pods?labelSelector=$PREPULL_SELECTOR&limit=$PAGE$rest" ||
                echo "$?" >"$work/broken"
        } | awk -v more="$work/more" "$PODS"
        [ ! -s "$work/broken" ] || return 1
        [ -s "$work/more" ] || return 0
        read -r rest <"$work/more"
        rest="&continue=$rest"
    done
}

judge() { # prints a verdict (go, count, wait, failing or fail), then the message
    awk -F '\t' -v desired="$desired" -v counted="$counted" -v behind_s="$behind_s" -v count_s="$COUNT_S" \
        -v failing_s="$failing_s" -v settle_s="$SETTLE_S" -v settled="$settled" -v late="$late" \
        -v min_ready="$PREPULL_MIN_READY" -v reports="$PREPULL_REPORTS" -v daemon_set="$PREPULL_DAEMON_SET" \
        -v images="$PREPULL_IMAGES" -v since="$since" -v uid="$uid" -v passing="$PASSING" '
        # Times are written alike, and so sort as text.
        function stale(time) { return late == "no" && time < since }
        function unquote(text,  out, c) {
            text = substr(text, 2, length(text) - 2)
            while (match(text, /\\/)) {
                c = substr(text, RSTART + 1, 1)
                out = out substr(text, 1, RSTART - 1) (c == "n" ? "\n" : c == "t" ? " " : c)
                text = substr(text, RSTART + 2)
            }
            return out text
        }
        function blame(what, why) { # once for each node
            gsub(/[\n\r]+/, " ", why)
            if (length(why) > 300) why = substr(why, 1, 297) "..."
            why = what ": " why
            if ((why, node) in blamed) return
            blamed[why, node] = 1
            if (!(why in count)) order[++reasons] = why
            count[why]++
            if (count[why] <= 5) nodes[why] = nodes[why] (count[why] > 1 ? ", " : "") node
            else if (count[why] == 6) nodes[why] = nodes[why] ", ..."
            bad[node] = 1
        }
        function indices(text,  parts, range, n, i, j, last, out) { # of images that there are
            n = split(text, parts, ",")
            for (i = 1; i <= n; i++) {
                split(parts[i], range, "-")
                last = (range[2] == "" ? range[1] : range[2]) + 0
                for (j = range[1] + 0; j <= last && j < total; j++) out = out " " j
            }
            return out
        }
        function read_report(text, old,  lines, n, i, words, list, m, j, why) {
            n = split(text, lines, "\n")
            if (lines[1] ~ /^prepull 1 images=[0-9]+ present=[0-9]+ failed=0 /) { complete[node] = 1; return }
            if (old) return
            if (match(lines[1], /^prepull 1 error /)) { blame("no image was pulled", substr(lines[1], RLENGTH + 1)); return }
            for (i = 2; i <= n; i++) {
                if (lines[i] !~ /^[0-9,-]+ failed /) continue
                split(lines[i], words, " ")
                why = lines[i]
                # A shortened line has neither attempts nor seconds.
                if (!sub(/^[0-9]+ failed [0-9]+ [0-9]+\.[0-9]+ /, "", why)) sub(/^[0-9,-]+ failed /, "", why)
                m = split(indices(words[1]), list, " ")
                for (j = 1; j <= m; j++) blame("image " image[list[j] + 1], why)
            }
            if (!(node in bad)) blame("an image", "failed, and its report is not readable")
        }
        function definite(message) {
            message = tolower(message)
            if (message ~ /no basic auth|401 unauthorized|authentication required|incorrect username/) return "unauthorized"
            if (message ~ /insufficient_scope|pull access denied/) return "unauthorized, or no such repository"
            if (message ~ /unauthorized|denied|forbidden/) return "unauthorized"
            if (message ~ /no such host/) return "host not found"
            if (message ~ /not found|manifest unknown|name unknown/) return "manifest unknown"
            return ""
        }
        function certain(message) { # and not something that the kubelet or the controller gets over by trying again
            return late == "yes" || tolower(message) !~ passing
        }
        function failing(undecided) { # for a moment, so that nodes that are behind are counted and named as well
            return late == "yes" || failing_s >= (undecided > 0 ? settle_s : 2) ? "fail" : "failing"
        }
        BEGIN { total = split(images, image, "\n") }
        $1 == "event" {
            if (!stale($2) && (!($3 in event) || !certain(event[$3]))) event[$3] = unquote($5)
            next
        }
        # Another stack may have a component of the same name here, whose pods have the same labels.
        $1 == "pod" { ours = $6 == uid }
        !ours { next }
        $1 == "pod" {
            pods++; node = $3; older = stale($5)
            ready[node] = $4 == "True"
            if (!(node in seen)) { seen[node] = 1; names[++known] = node }
            # Events outlive what they were about.
            if ($2 in event && $7 != "True" && certain(event[$2])) {
                why = event[$2]
                if (match(why, /hostPath type check failed: [^ ]+ is not a socket file/))
                    why = "socket missing: " substr(why, RSTART + 28, RLENGTH - 28)
                blame("the pod cannot start", why)
            }
            next
        }
        $1 == "unscheduled" && settled == "yes" { blame("the pod cannot be scheduled", unquote($2)) }
        $1 == "report" { read_report(unquote($3), stale($2)) }
        # What an older pod waits for was found out earlier, unless it has just tried again.
        $1 == "waiting" && older && $4 == "ImagePullBackOff" { next }
        $1 == "waiting" && $4 ~ /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)$/ {
            why = definite(unquote($5))
            if (why != "" && settled == "yes") blame("image " $3, why)
            else if (why == "" && late == "yes") blame("image " $3, unquote($5))
        }
        $1 == "waiting" && $4 ~ /^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/ && settled == "yes" {
            if (certain(unquote($5))) blame("container " $2 " cannot start", unquote($5))
        }
        END {
            for (i = 1; i <= known; i++) {
                node = names[i]
                if (reports == "yes" ? node in complete : ready[node] && !(node in bad)) { done++; countable += ready[node] }
                else if (node in bad) failed++
            }
            # Pods that were never made have no node to name.
            if (settled == "yes" && pods < desired && daemon_set in event && certain(event[daemon_set])) {
                node = (desired - pods) " without a pod"
                blame("the pod was refused", event[daemon_set])
                failed += desired - pods
            }
            needed = min_ready
            if (sub(/%$/, "", needed)) { share = needed * desired / 100; needed = int(share); if (needed < share) needed++ }
            needed += 0
            if (desired > 0 && done >= needed) {
                # A pod that is not ready although it has pulled may never be: that is not for the gate to wait for.
                behind = counted < needed && behind_s < (countable >= needed ? count_s : settle_s) && late == "no"
                printf "%s\n%d of %d nodes have %s\n", behind ? "count" : "go", done, desired, \
                    total == 1 ? "the image" : "all " total " images"
                exit
            }
            verdict = "wait"
            if (desired == 0 && settled == "yes") {
                print failing(0) "\nno node matches: the node selector, the affinity and the tolerations leave none"
                exit
            }
            if (desired > 0 && failed > desired - needed || late == "yes") verdict = failing(desired - done - failed)
            printf "%s\n%d of %d nodes have all images, and %d are needed\n", verdict, done, desired, needed
            if (verdict == "wait") exit
            for (i = 1; i <= reasons && i <= 8; i++)
                printf "%s (%d of %d nodes: %s)\n", order[i], count[order[i]], desired, nodes[order[i]]
            if (reasons > 8) printf "and %d more\n", reasons - 8
            else if (late == "yes") {
                for (i = 1; i <= known; i++)
                    if (!(names[i] in complete) && !(names[i] in bad) && !(reports != "yes" && ready[names[i]]))
                        silent = silent (++quiet <= 5 ? (quiet > 1 ? ", " : "") names[i] : "")
                if (quiet) printf "no word yet from %d nodes: %s\n", quiet, silent
            }
        }
    ' "$work/facts"
}

finish() { # CODE MESSAGE
    echo "$2" | head -n 10 | cut -c 1-380 | tee "$MESSAGE"
    exit "$1"
}

now
started_s=$now_s
settled=no
late=no
enough_s=""
certain_s=""
since=""
desired=0
said=""
while :; do
    now
    behind_s=$((now_s - ${enough_s:-$now_s}))
    failing_s=$((now_s - ${certain_s:-$now_s}))
    [ "$((now_s - started_s))" -lt "$SETTLE_S" ] || settled=yes
    [ "$((now_s - started_s))" -lt "$PREPULL_TIMEOUT_S" ] || late=yes
    if born && look; then
        judge >"$work/judgement"
        { read -r verdict && message=$(cat); } <"$work/judgement"
        case $verdict in
            go) finish 0 "$message" ;;
            fail)
                [ "$late" = no ] || message="timed out after $PREPULL_TIMEOUT_S s: $message"
                finish 1 "$message"
                ;;
            count) [ -n "$enough_s" ] || enough_s=$now_s ;;
            failing) [ -n "$certain_s" ] || certain_s=$now_s ;;
        esac
        [ "$verdict" = failing ] || certain_s=""
        [ "$message" = "$said" ] || echo "$message"
        said=$message
    else
        echo "cannot look: $(head -n 1 "$work/problem")"
        [ "$late" = no ] || finish 1 "timed out after $PREPULL_TIMEOUT_S s: $(head -n 1 "$work/problem")"
    fi
    # A look at many nodes is work for the API server.
    nap "$((1 + desired / 500))"
done
