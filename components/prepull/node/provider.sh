# The kubelet's credential provider: a program of the node that gives short-lived credentials for an image.
# https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/credentialprovider/plugin/plugin.go

PROVIDER_API=credentialprovider.kubelet.k8s.io/v1

forget_answers() { # a refresh asks again
    rm -rf "$work/provider"
    mkdir "$work/provider"
    : >"$work/provider/kept"
    say "$PREPULL_PROVIDER_IMAGES" >"$work/provider/patterns"
    say "${PREPULL_PROVIDER_ARGS:-}" >"$work/provider/arguments"
    say "${PREPULL_PROVIDER_ENV:-}" >"$work/provider/environment"
}

# Sets provided to the file with the credentials that the provider gives. Exit code 1 if it gives none.
ask_provider() { # INDEX SOURCE
    # As in the kubelet, names have neither tag nor digest here.
    asked=${2%%@*}
    case ${asked##*/} in *:*) asked=${asked%:*} ;; esac
    awk -v name="$asked" -v client=any -v turn=1 -f "$scripts/credential.awk" "$work/provider/patterns" >/dev/null || return
    now
    for key in "$asked" "${asked%%/*}" "*"; do
        while read -r kept expires provided; do
            [ "$kept" != "$key" ] || [ "$expires" -le "$now_ms" ] || return 0
        done <"$work/provider/kept"
    done
    provided=$work/provider/$1
    if ! answer; then
        say "$failure" >"$work/$1.note"
        return 1
    fi
    read -r kind duration <"$provided.head"
    case $kind in
        Image) key=$asked ;;
        Registry) key=${asked%%/*} ;;
    esac
    # From before the call: it may have taken long. In one write, since others do the same.
    [ "$duration" = 0 ] || say "$key $((now_ms + duration)) $provided" >>"$work/provider/kept"
}

answer() { # asks the provider; exit code 1 and failure if it gives no answer
    failure="it is not on the node"
    [ -f "$provider" ] || return
    failure="it is not executable"
    [ -x "$provider" ] || return
    bounded "$PREPULL_PROVIDER_TIMEOUT_MS" run provide >"$provided.answer" 2>"$provided.complaint"
    failure=$(awk -v exit_code="$?" -f "$scripts/complaint.awk" "$provided.complaint")
    [ -z "$failure" ] || return
    failure="its answer is no CredentialProviderResponse of $PROVIDER_API"
    awk -v head="$provided.head" -v api="$PROVIDER_API" -f "$scripts/response.awk" -f "$scripts/secret.awk" \
        "$provided.answer" >"$provided"
}

# Becomes the provider. Nothing evaluates its arguments and its variables.
provide() {
    unset CRICTL_CREDS DOCKER_CONFIG
    set --
    if [ -n "${PREPULL_PROVIDER_ARGS+set}" ]; then
        while IFS= read -r line; do set -- "$@" "$line"; done <"$work/provider/arguments"
    fi
    say "{\"kind\":\"CredentialProviderRequest\",\"apiVersion\":\"$PROVIDER_API\",\"image\":\"$asked\"}" >"$provided.request"
    # The answer lies in memory: a mebibyte, in blocks of 512 bytes, is enough.
    ulimit -f 2048
    # shellcheck disable=SC2163 # "NAME=VALUE"
    while IFS= read -r line; do [ -z "$line" ] || export "$line"; done <"$work/provider/environment"
    exec "$provider" "$@" <"$provided.request"
}

fruitless() { # INDEX: notes why the answer did not help
    if [ "$turn" = 1 ]; then
        say "it has no credentials for this image" >"$work/$1.note"
    elif [ "$said" != /dev/null ]; then
        say "its credentials are refused" >"$work/$1.note"
    fi
}

# Logs what the provider lacked, and adds it to the reason of an image that was refused.
explain() { # INDEX
    [ -s "$work/$1.note" ] || return 0
    read -r note <"$work/$1.note"
    rm -f "$work/$1.note"
    say "credential provider, for $name: $note"
    case $why in unauthorized*) why="$why (credential provider: $note)" ;; esac
}
