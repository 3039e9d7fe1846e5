# Reads what `df -P -k` prints of the image disk. Prints why a pull must not begin, or nothing if it may. `keep` is what
# is to stay free, in KiB or as a share ("15%"); `needed` is what the pull takes, and `reserved` what other pulls that
# run may still take, in KiB. The share is that of the whole disk, as in the kubelet's thresholds. The fields are counted
# from the end: a device may have a space in its name. Where even the empty disk has no room, it says so: no removal of
# other images helps.

function tenths(number) { return int(number * 10 + 0.000001) / 10 }
function size(kib) { return kib < 1048576 ? tenths(kib / 1024) " MiB" : tenths(kib / 1048576) " GiB" }

NF > 4 { total = $(NF - 4); free = $(NF - 2) }
{ last = $0 }

END {
    if (NR < 2 || total !~ /^[1-9][0-9]*$/ || free !~ /^[0-9]+$/) {
        print "disk: df does not tell what is free: " last
        exit
    }
    share = keep ~ /%$/
    least = share ? total * keep / 100 : keep
    if (free - reserved - needed >= least) exit
    if (needed > 0 && total - needed < least) state = "too small: " size(total) " in all"
    else state = (share ? tenths(free * 100 / total) " %" : size(free)) " free"
    text = "disk: " state ", " (share ? keep + 0 " %" : size(keep)) " are to stay free"
    print text (needed > 0 ? ", it needs " size(needed) : "")
}
