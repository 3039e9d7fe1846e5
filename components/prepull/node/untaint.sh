#!/bin/sh
# Removes one taint from one node. The pod spec sets in the environment:
#   PREPULL_NODE   the node of the pod
#   PREPULL_TAINT  the key of the taint
#   PREPULL_AWAIT  if set: the number of images. First wait for the mark of each, a file named by its number
#   PREPULL_MARKS  the directory of the marks
#   PREPULL_LOOKS  if set: seconds before each of several looks, for a taint that comes late or comes back. Then sleep.
#                  The first removal is another container's, unless PREPULL_AWAIT is set
#
# POSIX sh, and kubectl. Users may name the image: no fractions of a second, and nothing is written to a file.
set -u

# Only tests set these. No manifest contains them.
: "${PREPULL_MESSAGE:=/dev/termination-log}" "${PREPULL_PAUSES=1 2 4 8 16}" "${PREPULL_BEAT=1}"
: "${PREPULL_REST:=2147483647}" # seconds: the longest sleep that fits 32 bits
# shellcheck disable=SC2016 # the variables are kubectl's
TAINTS='{{range $index, $taint := .spec.taints}}{{$index}} {{$taint.key}}{{"\n"}}{{end}}'

say() { printf '%s\n' "$*"; }
# No --request-timeout: with it, kubectl ignores the pod's own credentials. HTTP/2 pings end a call that is lost.
# https://github.com/kubernetes/client-go/blob/v0.37.2/tools/clientcmd/merged_client_builder.go
ask() { kubectl "$@" 2>&1; }

# Other agents change the list too. Each index is tested, so that a list that has changed is read again. A key may be
# there once for each effect. What kubectl complains of stands between the lines, and has no such second word.
operations() { # LINES "INDEX KEY": prints the JSON patch that removes the taint, without brackets
    say "$1" | {
        patch=""
        while read -r index key _; do
            [ "$key" = "$PREPULL_TAINT" ] || continue
            place="\"path\":\"/spec/taints/$index"
            # The last one first: what is removed moves what follows it.
            patch="{\"op\":\"test\",$place/key\",\"value\":\"$key\"},{\"op\":\"remove\",$place\"}${patch:+,$patch}"
        done
        say "$patch"
    }
}

remove() { # sets said; exit code 1 if it failed
    said=$(ask get node "$PREPULL_NODE" --output "go-template=$TAINTS") || return
    patch=$(operations "$said")
    if [ -z "$patch" ]; then
        said="$PREPULL_NODE has no taint $PREPULL_TAINT; only a node that registers with it waits for its images"
        return
    fi
    said=$(ask patch node "$PREPULL_NODE" --type json --patch "[$patch]") || return
    said="$PREPULL_NODE has lost the taint $PREPULL_TAINT"
}

persist() { # removes it, in several attempts
    for pause in $PREPULL_PAUSES; do
        remove && say "$said" && return
        say "$said; next attempt in $pause s" >&2
        sleep "$pause"
    done
    remove && say "$said"
}

await() { # returns once each image is on the node
    index=0
    while [ "$index" -lt "$PREPULL_AWAIT" ]; do
        if [ -e "$PREPULL_MARKS/$index" ]; then index=$((index + 1)); else sleep "$PREPULL_BEAT"; fi
    done
}

if [ -n "${PREPULL_AWAIT:-}" ] || [ -z "${PREPULL_LOOKS:-}" ]; then
    [ -z "${PREPULL_AWAIT:-}" ] || await
    persist || {
        say "$said" | tee "$PREPULL_MESSAGE" >&2
        exit 1
    }
fi
[ -n "${PREPULL_LOOKS:-}" ] || exit 0
for pause in $PREPULL_LOOKS; do
    sleep "$pause"
    persist || say "$said" >&2
done
say "no more looks: if the taint $PREPULL_TAINT comes later, it stays"
exec sleep "$PREPULL_REST"
