# Prints in a few words why a credential provider failed, from its exit code and what it wrote to stderr; nothing if the
# code is 0. Leaves out what may be a token: long words with a digit, and very long ones.

function masked(text,  out, word) {
    while (match(text, /[A-Za-z0-9+\/=_-]+/)) {
        word = substr(text, RSTART, RLENGTH)
        if (length(word) >= 40 || length(word) >= 16 && word ~ /[0-9]/) word = "..."
        out = out substr(text, 1, RSTART - 1) word
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

{ gsub(/[^ -~]+/, " "); sub(/^[EFIW][0-9]+ [0-9:.]+ +[0-9]+ [^ ]+[]] /, "") }
/^timed out after [0-9.]+ s$/ { late = $0 }
words == "" { words = $0; sub(/^ +/, "", words) }

END {
    if (exit_code == 0) exit
    if (exit_code == 124 && late != "") print late
    else if (exit_code == 126 || exit_code == 127) print "it does not run in the puller image"
    else {
        words = masked(words)
        if (length(words) > 100) words = substr(words, 1, 97) "..."
        print "exit code " exit_code (words == "" ? "" : ": " words)
    }
}
