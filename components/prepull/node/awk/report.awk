# Writes the report from the lines of standing.awk and from the file `results`, lines "INDEX ATTEMPTS SECONDS [REASON]".
# The last line of an index counts. The environment variable `gone` is the reason for absent images without a reason.
#
# The report has one line for each image, failures first. If it exceeds `limit` bytes, present images become ranges of
# numbers. If it is still too long, failures with the same reason, now cut, share one line; last, failures whose reasons
# do not fit share one line. Every failed image stays in the report.

function ranges(list,  count, i, from, part, out) {
    count = split(list, part, " ")
    for (i = 1; i <= count; i++) {
        from = part[i]
        while (i < count && part[i + 1] == part[i] + 1) i++
        out = out (out == "" ? "" : ",") (from == part[i] ? from : from "-" part[i])
    }
    return out
}

function shortened(most,  i, lines, rest) { # with the first of the reasons
    for (i = 1; i <= most; i++) lines = lines ranges(by[i]) " failed " brief[i] "\n"
    for (i = 1; i <= failed; i++) if (rank[i] > most) rest = rest " " lost[i]
    return header lines (rest ? ranges(rest) " failed other reasons\n" : "") present_ranges
}

BEGIN { while ((getline <results) > 0) result[$1] = $0 }

{
    known = split($1 in result ? result[$1] : "", word, " ")
    attempts = known ? word[2] : 0
    spent = known ? word[3] : "0.000"
    reason = $2 == "present" ? "" : ENVIRON["gone"]
    if (known > 3) reason = substr(result[$1], length(word[1] word[2] word[3]) + 4)
}

reason == "" {
    present = present " " $1
    successes = successes $1 " present " $7 " " $8 " " spent " " attempts "\n"
    next
}

{
    failures = failures $1 " failed " attempts " " spent " " reason "\n"
    # In the middle, because of nested errors the last one is the cause.
    if (length(reason) > 60) reason = substr(reason, 1, 20) "..." substr(reason, length(reason) - 36)
    if (!(reason in number)) { number[reason] = ++reasons; brief[reasons] = reason }
    lost[++failed] = $1
    rank[failed] = number[reason]
    by[number[reason]] = by[number[reason]] " " $1
}

END {
    header = sprintf("prepull 1 images=%d present=%d failed=%d seconds=%s\n", NR, NR - failed, failed, took)
    present_ranges = present ? ranges(present) " present\n" : ""
    text = header failures successes
    if (length(text) > limit) text = header failures present_ranges
    if (length(text) > limit) text = shortened(shown = reasons)
    while (length(text) > limit && shown > 0) text = shortened(shown -= 1 + int((length(text) - limit) / 100))
    if (length(text) > limit) {
        text = substr(text, 1, limit - 8)
        sub(/[^\n]*$/, "more...\n", text)
    }
    printf "%s", text
}
