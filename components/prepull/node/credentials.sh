# Pull secrets. A client gets only the credentials for the image that it pulls, one at a time.

# The directories' names have the order of the argument. A refresh reads the files again, since they may have changed.
read_credentials() {
    : >"$work/credentials"
    for secret in "$secrets"/*; do
        [ -d "$secret" ] || continue
        file=$secret/.dockerconfigjson
        [ -f "$file" ] || file=$secret/.dockercfg
        secret=${secret##*/}
        if [ ! -f "$file" ]; then
            say "the pull secret ${secret#*-} has neither .dockerconfigjson nor .dockercfg" >&2
        else
            awk -f "$scripts/secret.awk" "$file" >>"$work/credentials" ||
                say "the pull secret ${secret#*-} is not valid JSON" >&2
        fi
    done
}

# Tries each credential that matches, whatever the error, as the kubelet does. Only if none matches, pulls without one.
# Prints what the client said of the first that was not refused, or else of the last.
pull_with_credentials() { # INDEX SOURCE
    turn=1 said="$work/$1.said"
    while use_credential "$1" "$2" "$turn"; do
        "pull_$client" "$2" >"$said" 2>&1 && return
        turn=$((turn + 1))
        case $(reason <"$said") in
            unauthorized*) ;;
            *) said=/dev/null ;;
        esac
    done
    if [ "$turn" = 1 ]; then
        "pull_$client" "$2"
    else
        cat "$work/$1.said"
        return 1
    fi
}

# INDEX SOURCE TURN: gives it to the client in its environment, or in a file on the memory file system.
use_credential() {
    [ -s "$work/credentials" ] || return
    # A command substitution removes line breaks at the end, but not those before the dot.
    credential=$(awk -F '\t' -v name="$2" -v client="$client" -v turn="$3" \
        -f "$scripts/credential.awk" "$work/credentials") || return
    if [ "$client" = crictl ]; then
        # Not CRICTL_AUTH: cri-dockerd ignores it.
        export CRICTL_CREDS="${credential%.}"
    else
        export DOCKER_CONFIG="$work/$1.docker"
        mkdir -p "$DOCKER_CONFIG" && say "${credential%.}" >"$DOCKER_CONFIG/config.json"
    fi
}
