# Prints how to remove the image `name` of the inventory: absent, unname (other names of the image stay: tags, or
# digests to pull), delete, "delete ID", or the reason why it stays. The file `removed` lists earlier removals, lines
# "WAY NAME"; the file `unwanted`, all names to remove; the file `staying`, names that must stay beside those to pull.
# `nameless` is the word of the socket. CRI-O ("untags") removes a name with rmi NAME, and the image with rmi ID
# (https://github.com/cri-o/cri-o/blob/main/server/image_remove.go). cri-dockerd ("nameless") removes the image with
# rmi ID, and nothing with rmi NAME (https://github.com/Mirantis/cri-dockerd/blob/master/core/image.go).
BEGIN {
    while ((getline <standing) > 0) wanted[$4] = wanted[$5] = 1
    while ((getline <staying) > 0) wanted[$1] = 1
    while ((getline <removed) > 0) way[$2] = $1
    while ((getline <unwanted) > 0) going[$1] = 1
}
{ id[$1] = $5; pinned[$1] = $4 }
END {
    for (other in way) if (way[other] == "delete") deleted[id[other]] = 1
    for (other in id)
        if (name in id && id[other] == id[name] && other != name && !(other in way))
            if (other in wanted || other !~ /@/ && !(nameless == "nameless" && other in going)) shared = 1
    if (!(name in id) || name in way || id[name] in deleted) print "absent"
    else if (pinned[name] == "true") print "the runtime has pinned it"
    else if (name in wanted) print "it is one of the images to pull"
    else if (shared && nameless == "nameless") print "its image has other names, and the runtime removes none alone"
    else if (shared) print "unname"
    else print nameless == "" ? "delete" : "delete " id[name]
}
