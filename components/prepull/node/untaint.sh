#!/bin/sh
# Removes one taint from one node. The pod spec sets both in the environment.
set -u
if message=$(kubectl taint node "$PREPULL_NODE" "$PREPULL_TAINT-" 2>&1); then
    echo "$message"
    exit
fi
case $message in
    *"taint \"$PREPULL_TAINT\" not found"*) echo "$PREPULL_NODE has no taint $PREPULL_TAINT" && exit ;;
esac
echo "$message" | tee "${PREPULL_MESSAGE:-/dev/termination-log}" >&2
exit 1
