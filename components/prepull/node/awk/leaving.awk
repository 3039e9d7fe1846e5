# Divides the names of the image `id` of the inventory: into the file `staying` those that others gave, or that another
# component has pulled too; into the file `going` those to remove: tags, or digests if there is neither. Prints why the
# image stays, if it does. `marks` lists the labels; `key` is this component's.
BEGIN {
    while ((getline <marks) > 0) {
        if ($1 != id) continue
        if ($2 == key) ours[$3] = 1
        else theirs[$3] = others = 1
    }
}
$5 != id { next }
!($1 in ours) || $1 in theirs { print $1 >staying; stays = 1; next }
$1 ~ /@/ { digest[++digests] = $1; next }
{ print $1 >going; goes = 1 }
END {
    if (others) print "another component has pulled it too"
    else if (stays) print "it has names that others gave it"
    else if (!goes) for (i = 1; i <= digests; i++) print digest[i] >going
}
