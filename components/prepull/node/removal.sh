# Removes images that the node no longer needs.

# A runtime removes an image with all its names. If the image has other names, remove only the one name. Keep images
# that are pinned (the sandbox image), and images that a container uses, under any name.
remove_all() {
    : >"$work/removed"
    say "$unwanted" >"$work/unwanted"
    while read -r name; do
        [ -n "$name" ] || continue
        way=$(awk -v name="$name" -v standing="$work/standing" -v removed="$work/removed" \
            -v unwanted="$work/unwanted" -v nameless="$nameless" -f "$scripts/removable.awk" "$work/inventory")
        case $way in
            absent) say "absent $name" ;;
            unname | delete) remove "$way" "$name" "$name" ;;
            "delete "*) remove delete "$name" "${way#* }" ;;
            *) say "kept $name: $way" ;;
        esac
    done <"$work/unwanted"
}

remove() { # unname|delete NAME NAME-OR-ID
    ask "users_$client" "$2" || { kept "$2"; return; }
    [ ! -s "$work/answer" ] || { say "kept $2: a container uses it"; return; }
    ask "$1_$client" "$3" || { kept "$2"; return; }
    say "removed $2"
    say "$1 $2" >>"$work/removed"
}
