# Turns a list of images, in blocks of lines "Key: value" that begin with "ID:", into lines
# "NAME DIGEST BYTES PINNED ID" for each name of each image.

# Docker and cri-dockerd list familiar names; registries are told from repositories as Docker does.
function canonical(name,  first) {
    if (index(name, "/") == 0) return "docker.io/library/" name
    first = name; sub(/\/.*/, "", first)
    return (first ~ /[.:]/ || first == "localhost") ? name : "docker.io/" name
}

function repository(name) { sub(/@.*/, "", name); sub(/:[^:\/]*$/, "", name); return name }

# A field of another form would make the whole report unreadable.
function line(name, digest) {
    if (digest !~ /^[a-z0-9]+:[0-9a-f]+$/) digest = "unknown"
    if (size !~ /^[0-9]+$/ || length(size) > 18) size = 0
    print name, digest, size, (pinned == "true" ? "true" : "false"), (id == "" ? "unknown" : id)
}

function flush(  i, j, digest) {
    for (i = 1; i <= digests; i++) line(names[i], of[names[i]])
    for (i = 1; i <= tags; i++) {
        # The name of a mirrored image has no digest; the manifest is the same.
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
