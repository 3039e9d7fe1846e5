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
#   PREPULL_MIN_FREE       if set: what must stay free of the image disk, in KiB or as a share of it ("15%")
#   PREPULL_NEEDED_KIB     if set: what a pull of each image takes on that disk, in the images' order; 0 if it is not known
#   PREPULL_REFRESH_MS     if set: run for ever, and pull all images again at this interval
#   PREPULL_SECRETS        directory with one directory "NUMBER-NAME" for each pull secret, which has its keys as files
#   PREPULL_PROVIDER       if set: the path of a credential provider of the kubelet's kind
#   PREPULL_PROVIDER_IMAGES, _ARGS, _ENV
#                          for it: lines with patterns of images, with arguments if there are any, with "NAME=VALUE"
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
: "${PREPULL_REPORT_LIMIT:=4096}" "${PREPULL_REASON_LIMIT:=200}" "${PREPULL_PROVIDER_TIMEOUT_MS:=60000}"
: "${PREPULL_DISK:=/}"
STARTED_ANEW=75

scripts=${0%/*}
work=$PREPULL_WORK
secrets=${PREPULL_SECRETS:-} provider=${PREPULL_PROVIDER:-} unwanted=${PREPULL_REMOVE:-}
min_free=${PREPULL_MIN_FREE:-} mark=${PREPULL_PRUNE:-}
. "$scripts/processes.sh"
. "$scripts/time.sh"
. "$scripts/report.sh"
. "$scripts/clients.sh"
. "$scripts/images.sh"
. "$scripts/pulling.sh"
# What only some manifests need is there only for them.
[ -z "$secrets$provider" ] || . "$scripts/credentials.sh"
[ -z "$provider" ] || . "$scripts/provider.sh"
[ -z "$unwanted$mark" ] || . "$scripts/removal.sh"
[ -z "$min_free" ] || . "$scripts/disk.sh"
[ -z "$mark" ] || . "$scripts/prune.sh"

pass() { # POLICY: exit code 1 if an image is not there
    now
    started_ms=$now_ms gone="gone after it was pulled"
    [ -z "$secrets" ] || read_secrets
    [ -z "$provider" ] || forget_answers
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
