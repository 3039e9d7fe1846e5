# Prints how to remove the image `name` of the inventory: absent, unname (other names of the image stay: tags, or
# digests to pull), delete, or the reason why it stays. The file `removed` lists earlier removals, lines "WAY NAME".
BEGIN {
    while ((getline <standing) > 0) wanted[$4] = wanted[$5] = 1
    while ((getline <removed) > 0) way[$2] = $1
}
{ id[$1] = $5; pinned[$1] = $4 }
END {
    for (other in way) if (way[other] == "delete") deleted[id[other]] = 1
    for (other in id)
        if (name in id && id[other] == id[name] && other != name && !(other in way))
            if (other !~ /@/ || other in wanted) shared = 1
    if (!(name in id) || name in way || id[name] in deleted) print "absent"
    else if (pinned[name] == "true") print "the runtime has pinned it"
    else if (name in wanted) print "it is one of the images to pull"
    else print shared ? "unname" : "delete"
}
