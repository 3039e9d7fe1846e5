# Prints lines "ID NAME": images of the inventory that have the label `key`, and no name that is to be pulled. `marks`
# lists the labels, `standing` the images to pull.
BEGIN {
    while ((getline <standing) > 0) wanted[$4] = wanted[$5] = 1
    while ((getline <marks) > 0) if ($2 == key) { mine[$1] = 1; ours[$1, $3] = 1 }
}
!($5 in mine) { next }
!($5 in name) { order[++images] = $5; name[$5] = $1 }
# A tag says more than a digest, and a name of ours more than another.
($5, $1) in ours && $1 !~ /@/ { name[$5] = $1 }
$1 in wanted { listed[$5] = 1 }
END { for (i = 1; i <= images; i++) if (!(order[i] in listed)) print order[i], name[order[i]] }
