# Pull secrets, for the one client that pulls one image: in its environment, or in a file on the memory file system.

# Files are read in the order of their names, which is that of the argument, and each time anew: what a refresh finds
# there may have been renewed.
read_credentials() {
    : >"$work/credentials"
    for file in "${PREPULL_SECRETS:-$work/secrets}"/*; do
        [ -f "$file" ] || continue
        awk -f "$scripts/secret.awk" "$file" >>"$work/credentials" ||
            say "the pull secret in ${file##*/} is not valid JSON" >&2
    done
}

use_credential() { # INDEX SOURCE: puts the credential, if there is one, where the client looks for it
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
