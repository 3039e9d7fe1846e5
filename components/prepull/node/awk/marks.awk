# Converts the list of `ctr images list` to lines "ID KEY NAME", one for each name in the label of each component. `key`
# is the label of this one; those of others have the same prefix.
BEGIN { prefix = key; sub(/\/.*/, "/", prefix) }
{
    for (field = 2; field <= NF; field++) {
        labels = split($field, label, ",")
        for (i = 1; i <= labels; i++) {
            equals = index(label[i], "=")
            if (index(label[i], prefix) != 1 || !equals) continue
            names = split(substr(label[i], equals + 1), name, ";")
            for (j = 1; j <= names; j++) print $1, substr(label[i], 1, equals - 1), name[j]
        }
    }
}
