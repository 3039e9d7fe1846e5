# Turns the images to pull, lines "NAME [SOURCE]", into lines "INDEX STATE NAME MAIN TAG SOURCE DIGEST BYTES".
# MAIN is the name to pull by. TAG is a further name to give, or "-". STATE is present, untagged (present, but not under
# TAG), absent or refused. `inventory` is the file with what the node has; `nameless`: its client can give no names.
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
    # A client would take it for an option.
    if (/(^| )-/) state = "refused"
    print place++, state, $1, main, tag, (NF > 1 ? $2 : main), (main in has ? has[main] : "- 0")
}
