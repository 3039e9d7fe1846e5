#!/bin/sh
# Pulls a list of images into one node's container runtime, through the runtime's socket.
#
# runtimes/socket.py writes all settings into the environment. They are data, and are never evaluated:
#   PREPULL_SOCKETS        lines "CLIENT PATH [WORD]"; CLIENT is crictl or docker. The puller uses the first socket that
#                          answers. WORD says that the client cannot give an image a further name there: "untags", but
#                          it can remove one name of several; "nameless", it can only remove the image with all of them
#   PREPULL_IMAGES         lines "NAME [SOURCE]"; SOURCE is the name to pull by, if it is not NAME itself. A NAME with a
#                          tag and a digest is pulled by the digest, and gets its tag as a further name
#   PREPULL_REMOVE         lines "NAME": images to remove if no container uses them
#   PREPULL_PRUNE          if set: remove what this component has pulled and no longer lists. The label by which the
#                          runtime remembers what that is: PREFIX/COMPONENT, where the prefix is that of all components
#   PREPULL_PULL_POLICY    IfNotPresent | Always
#   PREPULL_ON_FAILURE     retry (exit 1, so that the kubelet restarts the puller) | continue (exit 0)
#   PREPULL_PARALLELISM, PREPULL_ATTEMPTS
#   PREPULL_BACKOFF_MS, PREPULL_IMAGE_TIMEOUT_MS, PREPULL_STAGGER_MS
#   PREPULL_REFRESH_MS     if set: run for ever, and pull all images again at this interval
#   PREPULL_SECRETS        directory with one directory "NUMBER-NAME" for each pull secret, which has its keys as files
#   PREPULL_WORK           scratch directory on a memory file system
#   PREPULL_REPORT         the file for the report; status/report.py describes its format
#
# POSIX sh, with only the applets that all default puller images have: rancher/k3s has neither timeout nor base64.
set -u
export LC_ALL=C
unset CRI_CONFIG_FILE CRICTL_AUTH CRICTL_CREDS CRICTL_PULL_TIMEOUT
umask 077

# Only tests set these. No manifest contains them.
: "${PREPULL_BACKOFF_LIMIT_MS:=300000}" "${PREPULL_CALL_TIMEOUT_MS:=30000}" "${PREPULL_MOUNTS:=/proc/self/mountinfo}"
: "${PREPULL_REPORT_LIMIT:=4096}" "${PREPULL_REASON_LIMIT:=200}"
STARTED_ANEW=75

scripts=${0%/*}
work=$PREPULL_WORK
secrets=${PREPULL_SECRETS:-} unwanted=${PREPULL_REMOVE:-} mark=${PREPULL_PRUNE:-}
. "$scripts/processes.sh"
. "$scripts/time.sh"
. "$scripts/report.sh"
. "$scripts/clients.sh"
. "$scripts/images.sh"
. "$scripts/pulling.sh"
# What only some manifests need is there only for them.
[ -z "$secrets" ] || . "$scripts/credentials.sh"
[ -z "$unwanted$mark" ] || . "$scripts/removal.sh"
[ -z "$mark" ] || . "$scripts/prune.sh"

pass() { # POLICY: exit code 1 if an image is not there
    now
    started_ms=$now_ms gone="gone after it was pulled"
    [ -z "$secrets" ] || read_credentials
    connect || fail "$problem"
    [ -z "$mark" ] || recall
    pull_all "$1"
    report
    [ -z "$unwanted" ] || remove_all
    read -r _ _ _ _ failures _ <"$work/report"
    [ -z "$mark" ] || [ "$failures" != failed=0 ] || prune
    [ "$failures" = failed=0 ]
}

on_stop
mkdir -p "$work"
rm -rf "${work:?}"/*
mkfifo "$work/events"
exec 3<>"$work/events"
while [ "${PREPULL_REFRESH_MS:-0}" -gt 0 ]; do
    children=""
    seconds "$PREPULL_REFRESH_MS"
    run sleep "$seconds"
    spawn pass Always
    wait "$!"
    case $? in
        0) ;;
        "$STARTED_ANEW") stop "$STARTED_ANEW" ;;
        *) say "not every image could be refreshed" >&2 ;;
    esac
done
pass "$PREPULL_PULL_POLICY" || [ "$PREPULL_ON_FAILURE" = continue ]
