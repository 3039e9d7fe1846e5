# Reads the output of a client that failed, and prints a short reason of at most `limit` characters, as of_pull in
# status/reasons.py does. The file `table` has lines of a pattern, a tab and a reason; status/causes.py describes them.

/level=(warning|info)/ { next }
{ text = text " " $0 }

END {
    gsub(/\\+"/, "\"", text)
    gsub(/ +/, " ", text); gsub(/^ | $/, "", text)
    lower = tolower(text)
    while (why == "" && (getline row <table) > 0) {
        split(row, part, "\t")
        if (!match(lower, part[1])) continue
        why = part[2]
        if ((at = index(why, "&")) > 0) {
            lower = substr(lower, RSTART)
            match(lower, substr(why, at + 1))
            why = substr(why, 1, at - 1) substr(lower, RSTART, RLENGTH)
        }
    }
    if (why == "") {
        why = text
        sub(/^.*(level=(fatal|error) msg="|rpc error: code = [A-Za-z]+ desc = |ErrImagePull: )/, "", why)
        sub(/"$/, "", why)
        if (why == "") why = text
    }
    sub(/ +$/, "", why)
    head = int(limit / 3)
    if (length(why) > limit) why = substr(why, 1, head) "..." substr(why, length(why) - limit + head + 4)
    print why == "" ? "no reason given" : why
}
