# Prints lines "ID NAME;NAME…": images to label, with all names that the label must have. The input is the table of the
# images to pull, as standing.awk has it. `before` and `inventory` list the node's images before the pulls and now;
# `marks`, the labels; `results`, lines "INDEX ATTEMPTS SECONDS [REASON]" of the pulls. `key` is this component's label.
# An image is this component's if the node did not have it before, or if a component has pulled it: this one or another.
BEGIN {
    while ((getline <before) > 0) { was[$1] = $5; had[$5] = 1 }
    while ((getline <inventory) > 0) { name[++names] = $1; is[names] = id[$1] = $5 }
    while ((getline <results) > 0) pulled[$1] = NF == 3
    while ((getline <marks) > 0) {
        marked[$1] = 1
        if ($2 == key) mine[$1, $3] = 1
        mark[++all] = $3; of[all] = $1
    }
}
{
    wanted[$4] = wanted[$5] = 1
    # The names of mirrors are given up after the pulls.
    if ($6 != $4) source[$6] = 1
    if (!($4 in id)) next
    if (!(id[$4] in listed)) { listed[id[$4]] = 1; order[++images] = id[$4] }
    if (pulled[$1]) fresh[id[$4]] = 1
}
# containerd takes 4096 bytes for key and value. What does not fit counts as a name that others gave.
function add(one) {
    if ((image, one) in value || length(key) + length(text) + length(one) + 2 > 4096) return
    value[image, one] = 1
    text = text (text == "" ? "" : ";") one
    if (!((image, one) in mine)) grown = 1
}
function came(one) { return was[one] != image && (one in wanted || !(one in source)) }
END {
    for (i = 1; i <= images; i++) {
        image = order[i]; text = ""; grown = 0
        for (j = 1; j <= all; j++) if (of[j] == image && (image, mark[j]) in mine) add(mark[j])
        for (j = 1; j <= all; j++) if (of[j] == image) add(mark[j])
        if (image in fresh && (image in marked || !(image in had)))
            # Tags first: the log names an image by its first name.
            for (by_digest = 0; by_digest <= 1; by_digest++)
                for (j = 1; j <= names; j++)
                    if (is[j] == image && (name[j] ~ /@/) == by_digest && came(name[j])) add(name[j])
        if (grown) print image, text
    }
}
