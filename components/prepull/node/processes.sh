# Child processes: how they start, how long they may run, and how they all end when the pod is stopped.

# Run every command as a background job: a shell runs its trap during `wait`, but not during a foreground command.
spawn() { # FUNCTION ARGUMENT…: runs it in a shell of its own, in the background
    {
        on_stop
        "$@"
    } &
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

on_stop() { # first in every shell: SIGTERM then ends it with its children
    children="" program="" inherited=${!-}
    trap stop TERM INT
}

# SIGKILL for programs: a client has nothing to clean up, and may ignore SIGTERM if it hangs. SIGTERM for shells,
# repeated until they end: a shell that was just forked still has its parent's trap, and loses the signal.
stop() { # [CODE]
    trap '' TERM INT
    # The signal may have come between the start of a child and its entry in the list.
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

bounded() { # MS COMMAND…: ends the command after MS
    seconds "$1"
    limit=$seconds
    shift
    sleep "$limit" &
    timer=$! children="$children $!"
    spawn supervise "$timer" "$@"
    worker=$!
    wait "$timer" 2>/dev/null # where the shell says "Killed"
    if [ $? != 137 ]; then
        kill "$worker" 2>/dev/null
        wait "$worker"
        echo "timed out after ${limit%.000} s" >&2
        return 124
    fi
    wait "$worker"
}

supervise() { # TIMER FUNCTION ARGUMENT…: calls it, then kills the timer; it must start programs with `run`
    watch=$1
    shift
    "$@"
    status=$?
    kill -KILL "$watch" 2>/dev/null
    return "$status"
}
