# Removes images that the node no longer needs.

remove_all() {
    : >"$work/removed"
    : >"$work/staying"
    say "$unwanted" >"$work/unwanted"
    remove_unwanted || :
}

# A runtime removes an image with all its names. If the image has other names, remove only the one name. Keep images
# that are pinned (the sandbox image), and images that a container uses, under any name. The exit code is 1 if one stays.
remove_unwanted() {
    all_gone=0
    while read -r name; do
        [ -n "$name" ] || continue
        way=$(awk -v name="$name" -v standing="$work/standing" -v staying="$work/staying" -v removed="$work/removed" \
            -v unwanted="$work/unwanted" -v nameless="$nameless" -f "$scripts/removable.awk" "$work/inventory")
        case $way in
            absent) say "absent $name" ;;
            unname | delete) remove "$way" "$name" "$name" ;;
            "delete "*) remove delete "$name" "${way#* }" ;;
            *) say "kept $name: $way"; false ;;
        esac || all_gone=1
    done <"$work/unwanted"
    return "$all_gone"
}

remove() { # unname|delete NAME NAME-OR-ID
    ask "users_$client" "$2" || { kept "$2"; return 1; }
    [ ! -s "$work/answer" ] || { say "kept $2: a container uses it"; return 1; }
    ask "$1_$client" "$3" || { kept "$2"; return 1; }
    say "removed $2"
    say "$1 $2" >>"$work/removed"
}
