# Pull secrets. A client gets only the credential for the image that it pulls.

# The files' names have the order of the argument. A refresh reads the files again, since they may have changed.
read_credentials() {
    : >"$work/credentials"
    for file in "$secrets"/*; do
        [ -f "$file" ] || continue
        awk -f "$scripts/secret.awk" "$file" >>"$work/credentials" ||
            say "the pull secret in ${file##*/} is not valid JSON" >&2
    done
}

use_credential() { # INDEX SOURCE: in the client's environment, or in a file on the memory file system
    [ -s "$work/credentials" ] || return 0
    credential=$(awk -F '\t' -v name="$2" -v client="$client" -f "$scripts/credential.awk" "$work/credentials")
    case $credential in
        auth:*) export CRICTL_AUTH="${credential#auth:}" ;;
        creds:*) export CRICTL_CREDS="${credential#creds:}" ;;
        "{"*)
            export DOCKER_CONFIG="$work/$1.docker"
            mkdir -p "$DOCKER_CONFIG" && say "$credential" >"$DOCKER_CONFIG/config.json"
            ;;
    esac
}
