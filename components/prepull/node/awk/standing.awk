# Converts the images to pull, lines "NAME [SOURCE]", to lines "INDEX STATE NAME MAIN TAG SOURCE DIGEST BYTES".
# MAIN is the name to pull by. TAG is a further name for the image, or "-". STATE is present, untagged (present, but not
# under TAG), absent or refused. The file `inventory` lists the node's images. `nameless`: the client cannot give names.
BEGIN { while ((getline <inventory) > 0) { has[$1] = $2 " " $3; id[$1] = $5 } }
NF {
    main = $1
    tag = "-"
    if (match(main, /:[^:\/@]*@/)) {
        tag = substr(main, 1, RSTART + RLENGTH - 2)
        main = substr(main, 1, RSTART - 1) substr(main, RSTART + RLENGTH - 1)
    }
    state = "absent"
    if (main in has) state = nameless || tag == "-" || id[tag] == id[main] ? "present" : "untagged"
    # A client would read a name that begins with "-" as an option.
    if (/(^| )-/) state = "refused"
    print place++, state, $1, main, tag, (NF > 1 ? $2 : main), (main in has ? has[main] : "- 0")
}
