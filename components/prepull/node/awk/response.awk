# Reads the answer of a credential provider, together with secret.awk, which prints its credentials: the text is a
# CredentialProviderResponse of the version `api`, or the exit code is 1. Writes a line "CACHE-KEY-TYPE MILLISECONDS" to
# the file `head`. An answer that names no duration is not kept.

function milliseconds(text,  total, number, unit) { # of a duration in Go's form
    while (match(text, /^[0-9.]+[^0-9.]+/)) {
        number = text + 0
        unit = substr(text, 1, RLENGTH)
        text = substr(text, RLENGTH + 1)
        sub(/^[0-9.]+/, "", unit)
        if (!(unit in MILLISECONDS)) return 0
        total += number * MILLISECONDS[unit]
    }
    # No longer than a day: the number is to fit 32 bits.
    return text != "" ? 0 : total > 86400000 ? 86400000 : int(total)
}

BEGIN {
    holder = "auth"
    MILLISECONDS["h"] = 3600000; MILLISECONDS["m"] = 60000; MILLISECONDS["s"] = 1000; MILLISECONDS["ms"] = 1
}

END {
    if (broken || open != "" || outermost != "{") exit 1
    if (top["kind"] != "CredentialProviderResponse" || top["apiversion"] != api) exit 1
    if (top["cachekeytype"] !~ /^(Image|Registry|Global)$/) exit 1
    print top["cachekeytype"], milliseconds(top["cacheduration"]) >head
    close(head)
}
