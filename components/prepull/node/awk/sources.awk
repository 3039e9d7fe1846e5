# Prints the names by which images were fetched, each name once, except names that the node had before or must keep.
BEGIN {
    while ((getline <inventory) > 0) kept[$1] = 1
    while ((getline <standing) > 0) kept[$4] = kept[$5] = 1
}
!($1 in kept) { print $1; kept[$1] = 1 }
