# Prints the names that images were fetched by, once each, without those that the node had before or has to keep.
BEGIN {
    while ((getline <inventory) > 0) kept[$1] = 1
    while ((getline <standing) > 0) kept[$4] = kept[$5] = 1
}
!($1 in kept) { print $1; kept[$1] = 1 }
