# Pulls all images, several at the same time, each with its own attempts.

pull_all() { # POLICY
    policy=$1 queue="" running=0 unfinished=0 shortage="" reserved=0 unmarked=""
    : >"$work/results"
    : >"$work/fetched"
    look_up
    while read -r index state name main tag source _; do
        case $policy,$state in
            *,refused) say "$index 0 0.000 not an image reference" >>"$work/results" ;;
            IfNotPresent,present) say "present $name" ;;
            *)
                say "0 0 $state $name $main $tag $source" >"$work/$index.image"
                queue="$queue $index"
                unfinished=$((unfinished + 1))
                ;;
        esac
    done <"$work/standing"
    [ "$unfinished" -gt 0 ] || return 0
    if [ "${PREPULL_STAGGER_MS:-0}" -gt 0 ]; then
        random_below "$PREPULL_STAGGER_MS"
        seconds "$random"
        say "waiting $seconds s, this node's share of the stagger"
        run sleep "$seconds"
    fi
    while [ "$unfinished" -gt 0 ]; do
        # shellcheck disable=SC2086 # a list of numbers
        set -- $queue
        while [ "$running" -lt "$PREPULL_PARALLELISM" ] && [ $# -gt 0 ]; do
            # Before it is refused, an image waits for what runs, which may take less than it has reserved.
            [ -z "$min_free" ] || has_room "$1" || [ "$running" = 0 ] || break
            start "$1"
            shift
        done
        queue="$*"
        [ -z "$unmarked" ] || mark_own
        [ "$unfinished" -gt 0 ] || break
        read -r event index code <&3
        case $event in
            done) finished "$index" "$code" ;;
            due) queue="$queue $index" ;;
        esac
    done
    [ -z "$unmarked" ] || mark_own
    unname_sources
    if ! inventory; then
        leave_if_orphaned
        gone="the runtime no longer answers: $(reason <"$work/complaint")"
        : >"$work/inventory"
    fi
    look_up
}

start() { # INDEX
    read -r attempts began state name main tag source <"$work/$1.image"
    if [ "$state" = present ] && [ -n "$shortage" ]; then
        say "present $name, not pulled again: $shortage"
        unfinished=$((unfinished - 1))
        return
    fi
    now
    [ "$began" != 0 ] || began=$now_ms
    attempts=$((attempts + 1)) running=$((running + 1))
    say "$attempts $began $state $name $main $tag $source" >"$work/$1.image"
    [ -z "$min_free" ] || reserve
    if [ -n "$shortage" ]; then
        say "$shortage" >"$work/$1.out"
        finished "$1" 1
        return
    fi
    say "pulling $name (attempt $attempts of $PREPULL_ATTEMPTS)"
    spawn pull "$1"
}

pull() { # INDEX: one attempt; tells the event loop when it is over
    bounded "$PREPULL_IMAGE_TIMEOUT_MS" fetch "$1" >"$work/$1.out" 2>&1
    say "done $1 $?" >&3
}

fetch() { # INDEX, of which `start` has read the rest
    # If only the tag is missing, the registry is not needed.
    if [ "$state" != untagged ] || [ "$policy" = Always ]; then
        if [ -z "$secrets$provider" ]; then "pull_$client" "$source"; else pull_with_credentials "$1" "$source"; fi || return
        if [ "$main" != "$source" ]; then
            say "$source" >>"$work/fetched"
            "name_$client" "$source" "$main" || return
        fi
    fi
    [ "$tag" = - ] || [ -n "$nameless" ] || "name_$client" "$main" "$tag"
}

finished() { # INDEX CODE: notes success, another attempt later, or failure
    running=$((running - 1)) why=""
    read -r attempts began state name main tag source <"$work/$1.image"
    [ -z "$secrets$provider" ] || rm -rf "$work/$1.docker"
    [ -z "$min_free" ] || release "$1"
    if [ "$2" != 0 ]; then
        leave_if_orphaned
        why=$(reason <"$work/$1.out")
    fi
    [ -z "$provider" ] || explain "$1"
    seconds_since "$began"
    say "$1 $attempts $seconds $why" >>"$work/results"
    if [ "$2" = 0 ]; then
        unmarked=$mark
        say "pulled $name in $seconds s"
    elif [ "$attempts" -lt "$PREPULL_ATTEMPTS" ]; then
        backoff "$attempts"
        say "failed $name (attempt $attempts of $PREPULL_ATTEMPTS): $why; next attempt in $seconds s"
        spawn remind "$1" "$seconds"
        return
    else
        say "failed $name after $attempts attempts in $seconds s: $why"
        # Indent every line, and remove control characters: a registry's text must not look like a line of this log.
        tr -cd '\t\n -~' <"$work/$1.out" | sed 's/^/    /'
    fi
    unfinished=$((unfinished - 1))
}

# An image that waits for its next attempt does not count as running, so a failing image never delays another.
remind() { # INDEX SECONDS
    run sleep "$2"
    say "due $1" >&3
}
