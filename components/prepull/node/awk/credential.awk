# Finds the credential for the image `name` in the lines of secret.awk, and prints it in the form of `client`: "auth:…"
# or "creds:…" for crictl, a configuration file for docker. As in the kubelet, the longest matching key wins; among
# equal keys, the first one. A "*" matches one part of a host name; an exact part takes precedence over it.

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

function host_of(reference) { sub(/\/.*/, "", reference); return reference }

function canonical(key,  host, rest) { # as the kubelet reads it
    sub(/^https?:\/\//, "", key)
    host = host_of(key)
    rest = substr(key, length(host) + 1)
    sub(/^\/v[12](\/|$)/, "/", rest); sub(/\/+$/, "", rest)
    return (host ~ /^(index|registry-1)\.docker\.io$/ ? "docker.io" : host) rest
}

function matches(key,  host, pattern) {
    if (index(name "/", key "/") == 1) return 1
    pattern = host = host_of(key)
    if (host !~ /[*]/ || host !~ /^[-A-Za-z0-9.:*]+$/) return 0
    gsub(/[.]/, "[.]", pattern); gsub(/[*]/, "[^.]*", pattern)
    return registry ~ ("^" pattern "$") && index(path "/", substr(key, length(host) + 1) "/") == 1
}

BEGIN {
    sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name)
    registry = host_of(name)
    path = substr(name, length(registry) + 1)
}

{ known = canonical(unescape($1)); worth = 2 * length(known) + (known !~ /[*]/) }
worth > best && matches(known) { best = worth; auth = $2; user = $3; password = $4 }

END {
    if (!best) exit
    if (client == "crictl" && unescape(auth) != "") print "auth:" unescape(auth)
    else if (client == "crictl") print "creds:" unescape(user) ":" unescape(password)
    else {
        if (registry == "docker.io") registry = "https://index.docker.io/v1/"
        printf "{\"auths\":{\"%s\":{\"auth\":\"%s\",\"username\":\"%s\",\"password\":\"%s\"}}}\n", \
            registry, auth, user, password
    }
}
