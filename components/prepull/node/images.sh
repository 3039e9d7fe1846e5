# The images that the node has.

inventory() { # [FILE]: writes lines "NAME DIGEST BYTES PINNED ID" for each name of each image
    ask "list_$client" || return
    awk -f "$scripts/inventory.awk" "$work/answer" >"$work/${1:-inventory}"
}

look_up() { # writes a line for each image to pull, as standing.awk has them
    say "$PREPULL_IMAGES" |
        awk -v inventory="$work/inventory" -v nameless="$nameless" -f "$scripts/standing.awk" >"$work/standing"
}

# Call it after all pulls: several images may come from the same source.
unname_sources() {
    awk -v inventory="$work/inventory" -v standing="$work/standing" -f "$scripts/sources.awk" \
        "$work/fetched" >"$work/sources"
    while read -r name; do
        ask "unname_$client" "$name" || kept "$name"
    done <"$work/sources"
}
