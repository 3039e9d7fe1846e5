# Converts a list of images to lines "NAME DIGEST BYTES PINNED ID", one for each name of each image. The input has a
# block of lines "Key: value" for each image; a block begins with "ID:".

# Docker and cri-dockerd list short names. Distinguish registries from repositories by Docker's rule.
function canonical(name,  first) {
    if (index(name, "/") == 0) return "docker.io/library/" name
    first = name; sub(/\/.*/, "", first)
    return (first ~ /[.:]/ || first == "localhost") ? name : "docker.io/" name
}

function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); return name }

# Replace malformed fields: one of them would make the whole report invalid.
function line(name, digest) {
    if (digest !~ /^[a-z0-9]+:[0-9a-f]+$/) digest = "unknown"
    if (size !~ /^[0-9]+$/ || length(size) > 18) size = 0
    print name, digest, size, (pinned == "true" ? "true" : "false"), (id == "" ? "unknown" : id)
}

function flush(  i, j, digest) {
    for (i = 1; i <= digests; i++) line(names[i], of[names[i]])
    for (i = 1; i <= tags; i++) {
        # A name that was given to a mirrored image has no digest of its own; the manifest is the same.
        digest = digests ? of[names[1]] : id
        for (j = 1; j <= digests; j++) if (repository(names[j]) == repository(tag[i])) digest = of[names[j]]
        line(tag[i], digest)
    }
    tags = digests = size = 0; pinned = id = ""
}

$1 == "ID:" { flush(); id = $2 }
$1 == "RepoTags:" && $2 !~ /<none>/ { tag[++tags] = canonical($2) }
$1 == "RepoDigests:" && $2 !~ /<none>/ {
    names[++digests] = canonical($2); of[names[digests]] = substr($2, index($2, "@") + 1)
}
$1 == "Size:" { size = $2 }
$1 == "Pinned:" { pinned = $2 }
END { flush() }
