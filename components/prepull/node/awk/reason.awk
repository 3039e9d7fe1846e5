# Reads the output of a client that failed to pull `name`, and prints a short reason of at most `limit` characters.

function found(pattern) { return match(text, pattern) ? substr(text, RSTART, RLENGTH) : "" }

function says(pattern, reason) { if (why == "" && text ~ pattern) why = reason }

/level=(warning|info)/ { next }
{ words = words " " $0 }

END {
    text = tolower(words)
    name = tolower(name)
    repository = name; sub(/@.*/, "", repository); sub(/:[^:\/]*$/, "", repository)
    host = repository; sub(/\/.*/, "", host)
    path = substr(repository, length(host) + 1)
    familiar = index(name, "docker.io/library/") == 1 ? substr(name, 19) : path ~ /\/.*\// ? substr(path, 2) : ""
    # Remove the image's name: it may contain words that the patterns search for.
    parts = split(name " " repository " " familiar " " path " " host, part, " ")
    for (i = 1; i <= parts; i++)
        while ((at = index(text, part[i])) > 0) text = substr(text, 1, at - 1) substr(text, at + length(part[i]))

    why = found("timed out after [0-9.]+ s")
    program = found("(crictl|docker|ctr): (not found|permission denied)")
    sub(/:.*/, "", program)
    says("(crictl|docker|ctr): (not found|permission denied)", "the puller image cannot run " program)
    says("no such host|server misbehaving|temporary failure in name resolution", "host not found")
    says("toomanyrequests|too many requests", "too many requests")
    says("no basic auth|401 unauthorized|authentication required|incorrect username", "unauthorized")
    # Registries that hide private repositories give the same answer for missing ones.
    says("pull access denied|insufficient_scope", "unauthorized, or no such repository")
    says("unauthorized|forbidden|access .* denied", "unauthorized")
    says("no match for platform|no matching manifest for", "no image for this platform")
    says("manifest unknown|manifest for .* not found|name unknown|: not found", "manifest unknown")
    says("no space left", "disk full")
    says("i/o timeout|deadline exceeded|client.timeout|handshake timeout|connection timed out", "timed out")
    says("connection refused", "connection refused")
    says("unexpected eof|short read|connection reset", "connection lost")
    says("unexpected commit digest|layer verification failed|digest did not match", "corrupt layer")
    status = found("unexpected (http )?status.*: 5[0-9][0-9] [a-z]+( [a-z]+)*")
    sub(/^.*: /, "", status)
    says("unexpected (http )?status.*: 5[0-9][0-9] [a-z]+", "registry error: " status)
    if (why == "") {
        why = words
        sub(/^.*level=(fatal|error) msg="/, "", why); sub(/^.*rpc error: code = [A-Za-z]+ desc = /, "", why)
        gsub(/  +/, " ", why); gsub(/^ |"? *$/, "", why)
        if (length(why) > limit) why = substr(why, 1, limit - 3) "..."
    }
    print why == "" ? "no reason given" : why
}
