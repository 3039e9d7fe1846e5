# Finds the credentials for the image `name` in the lines of secret.awk, and prints the one whose turn it is, followed by
# a dot: "USERNAME:PASSWORD" for crictl, a configuration file for docker. If there are fewer, exits with code 1. As in the
# kubelet, all keys that match count, in descending order, and those of equal keys in the order of the input
# (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/keyring.go). A "*" matches one part of a
# host name. `auth` takes precedence over the user name and the password, unless its base64 is broken. For the client
# "any", a line needs nothing but a key: the exit code then says whether one matches.

function utf8(code,  room, rest) {
    if (code < 128) return sprintf("%c", code)
    for (room = 64; code >= room; room /= 2) { rest = sprintf("%c", 128 + code % 64) rest; code = int(code / 64) }
    return sprintf("%c", 256 - 2 * room + code) rest
}

function unescape(text,  out, mark, code, high, i) { # of a string in JSON
    while (match(text, /\\/)) {
        out = out substr(text, 1, RSTART - 1)
        mark = substr(text, RSTART + 1, 1)
        text = substr(text, RSTART + 2)
        if (mark == "u") {
            code = 0
            for (i = 1; i <= 4; i++) code = code * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
            text = substr(text, 5)
            # A character beyond 16 bits is a surrogate pair: the second half follows the first directly.
            if (high && RSTART == 1 && code >= 56320 && code < 57344) code += 65536 + (high - 55296) * 1024 - 56320
            high = code >= 55296 && code < 56320 ? code : 0
            if (!high) out = out utf8(code)
        } else out = out (index("bfnrt", mark) ? substr("\b\f\n\r\t", index("bfnrt", mark), 1) : mark)
    }
    return out text
}

function decoded(text,  out, room, code, i) { # base64; an environment variable cannot contain NUL
    room = 1
    for (i = 1; i <= length(text); i++) {
        code = code * 64 + index(DIGITS, substr(text, i, 1)) - 1
        room *= 64
        if (room < 256) continue
        room /= 256
        if (code >= room) out = out sprintf("%c", int(code / room))
        code %= room
    }
    return out
}

function host_of(reference) { sub(/\/.*/, "", reference); return reference }

function canonical(key,  host, rest) { # as the kubelet reads it
    sub(/^https?:\/\//, "", key)
    host = host_of(key)
    rest = substr(key, length(host) + 1)
    sub(/^\/v[12](\/|$)/, "/", rest)
    return (host ~ /^(index|registry-1)\.docker\.io$/ ? "docker.io" : host) (rest == "/" ? "" : rest)
}

function matches(key,  host, pattern) {
    pattern = host = host_of(key)
    if (substr(path, 1, length(key) - length(host)) != substr(key, length(host) + 1)) return 0
    if (host !~ /[*]/ || host !~ /^[-A-Za-z0-9.*]+(:[0-9]+)?$/) return host == registry
    gsub(/[.]/, "[.]", pattern); gsub(/[*]/, "[^.:]*", pattern)
    return registry ~ ("^" pattern "$")
}

function for_client(  auth, user, password, pair, at) { # in its form, or "" if it cannot use the entry
    if (client == "any") return "any"
    auth = unescape($2); user = unescape($3); password = unescape($4)
    gsub(/[ \t\r\n]/, "", auth); sub(/=+$/, "", auth)
    if (auth !~ /[^A-Za-z0-9+\/]/ && length(auth) % 4 != 1) pair = decoded(auth)
    at = index(pair, ":")
    if (at > 1) { user = substr(pair, 1, at - 1); password = substr(pair, at + 1); $3 = $4 = "" } else auth = ""
    if (client == "crictl") return user == "" ? "" : user ":" password
    if (user $5 $6 == "") return ""
    return "{\"auths\":{\"" (registry == "docker.io" ? "https://index.docker.io/v1/" : registry) "\":{\"auth\":\"" \
        auth substr("===", 1, (4 - length(auth) % 4) % 4) "\",\"username\":\"" $3 "\",\"password\":\"" $4 \
        ($5 == "" ? "" : "\",\"identitytoken\":\"" $5) ($6 == "" ? "" : "\",\"registrytoken\":\"" $6) "\"}}}"
}

BEGIN {
    DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name)
    registry = host_of(name)
    path = substr(name, length(registry) + 1)
}

{ entry = client == "any" ? $1 : canonical(unescape($1)) }
matches(entry) && (form = for_client()) != "" { known[++entries] = entry; found[entries] = form }

END {
    while (turn > 0) {
        best = 0
        for (one = 1; one <= entries; one++)
            if (!(one in taken) && (!best || known[one] > known[best])) best = one
        if (!best) exit 1
        taken[best] = 1
        if (!(found[best] in given)) turn--
        given[found[best]] = 1
    }
    print found[best] "."
}
