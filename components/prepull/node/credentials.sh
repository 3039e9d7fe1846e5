# Credentials for images. A client gets only those for the image that it pulls, one at a time.

# The directories' names have the order of the argument. A refresh reads the files again, since they may have changed.
read_secrets() {
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

# Tries each credential that matches, whatever the error, as the kubelet does: of the pull secrets, then of the provider.
# Only if none matches, pulls without one. Prints what the client said of the first that was not refused, or else of the
# last.
pull_with_credentials() { # INDEX SOURCE
    tried="" said="$work/$1.said"
    pull_with "$1" "$2" "$work/credentials" && return
    if [ -n "$provider" ] && ask_provider "$1" "$2"; then
        pull_with "$1" "$2" "$provided" && return
        fruitless "$1"
    fi
    if [ -n "$tried" ]; then
        cat "$work/$1.said"
        return 1
    fi
    "pull_$client" "$2"
}

pull_with() { # INDEX SOURCE FILE, which has the credentials
    turn=1
    while use_credential "$1" "$2" "$3" "$turn"; do
        "pull_$client" "$2" >"$said" 2>&1 && return
        turn=$((turn + 1)) tried=yes
        case $(reason <"$said") in
            unauthorized*) ;;
            *) said=/dev/null ;;
        esac
    done
    return 1
}

# INDEX SOURCE FILE TURN: gives it to the client in its environment, or in a file on the memory file system.
use_credential() {
    [ -s "$3" ] || return
    # A command substitution removes line breaks at the end, but not those before the dot.
    credential=$(awk -F '\t' -v name="$2" -v client="$client" -v turn="$4" -f "$scripts/credential.awk" "$3") || return
    if [ "$client" = crictl ]; then
        # Not CRICTL_AUTH: cri-dockerd ignores it.
        export CRICTL_CREDS="${credential%.}"
    else
        export DOCKER_CONFIG="$work/$1.docker"
        mkdir -p "$DOCKER_CONFIG" && say "${credential%.}" >"$DOCKER_CONFIG/config.json"
    fi
}
