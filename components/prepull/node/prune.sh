# Remembers on the node which images this component has pulled, and removes those that it no longer lists.
#
# The memory is a label of containerd, one key for each component; its value lists the names that came with the pulls.
# It stands on the image's ID, which CRI keeps as one more name of every image. There it survives further pulls: they
# replace the labels of the name that is pulled, but of the ID only the labels that CRI itself sets.
# https://github.com/containerd/containerd/blob/main/internal/cri/server/images/image_pull.go
# Whoever removes the image removes the ID as well, and so the memory: nothing keeps an image from being collected.

recall() { # before the first pull: marks what another component has marked and this one lists too
    cat "$work/inventory" >"$work/before"
    : >"$work/results"
    look_up
    mark_own
    # The other component may have removed an image before it could see the mark.
    ! inventory || cat "$work/inventory" >"$work/before"
}

mark_own() { # what was pulled since `recall`, and what already has a mark
    unmarked=""
    survey now || { not_marked "what was pulled"; return 0; }
    awk -v key="$mark" -v marks="$work/marks" -v before="$work/before" -v inventory="$work/now" \
        -v results="$work/results" -f "$scripts/own.awk" "$work/standing" >"$work/own"
    while read -r id names; do
        ask "label_$client" "$id" "$mark=$names" || not_marked "${names%%;*}"
    done <"$work/own"
}

not_marked() { say "not marked $1: $(reason <"$work/complaint")"; }

survey() { inventory "$1" && read_marks; } # FILE

read_marks() {
    ask "labels_$client" || return
    awk -v key="$mark" -f "$scripts/marks.awk" "$work/answer" >"$work/marks"
}

prune() { # after all pulls; what fails or is in use gets another try after the next ones
    survey inventory || { kept "what is no longer listed"; return 0; }
    awk -v key="$mark" -v marks="$work/marks" -v standing="$work/standing" -f "$scripts/unlisted.awk" \
        "$work/inventory" >"$work/unlisted"
    : >"$work/removed"
    while read -r id name; do
        prune_image "$id" "$name"
    done <"$work/unlisted"
}

prune_image() { # ID NAME
    # Another component may have marked it since.
    read_marks || { kept "$2"; return 0; }
    : >"$work/unwanted"
    : >"$work/staying"
    why=$(awk -v key="$mark" -v id="$1" -v marks="$work/marks" -v going="$work/unwanted" -v staying="$work/staying" \
        -f "$scripts/leaving.awk" "$work/inventory")
    remove_unwanted || return 0
    # The image is gone, and the mark with it.
    [ -n "$why" ] || return 0
    say "kept the image of $2: $why"
    ask "label_$client" "$1" "$mark=" || not_marked "$2"
}
