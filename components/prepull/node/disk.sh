# The guard of the image disk: nothing is pulled that would leave less free than the manifest wants.

# This container's own root file system is on that disk: an overlay has the figures of the file system with its upper
# directory, which the runtime keeps beside the images (linux: fs/overlayfs/super.c; docs/runtimes.md tells of others).

has_room() { # INDEX: sets shortage to what is missing, and needed to the KiB that a pull would take
    read -r _ _ state _ <"$work/$1.image"
    shortage=""
    needed_by "$1"
    # If only the tag is missing, nothing is pulled.
    [ "$state" != untagged ] || [ "$policy" = Always ] || return 0
    shortage=$(df -P -k "$PREPULL_DISK" 2>&1 | awk -v keep="$min_free" -v needed="$needed" -v reserved="$reserved" \
        -f "$scripts/disk.awk")
    [ -z "$shortage" ]
}

# INDEX, of which the caller has read the state. Sizes are known of digests alone: what is there comes at no cost.
needed_by() {
    needed=0
    [ "$state" = absent ] && [ -n "${PREPULL_NEEDED_KIB:-}" ] || return 0
    # shellcheck disable=SC2086 # a list of numbers
    set -- "$1" $PREPULL_NEEDED_KIB
    shift "$(($1 + 1))"
    needed=$1
}

reserve() { reserved=$((reserved + needed)); }

release() { # INDEX, of which the caller has read the state
    needed_by "$1"
    reserved=$((reserved - needed))
}
