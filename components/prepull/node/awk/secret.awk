# Converts a Docker configuration to lines "REGISTRY[/PATH] TAB AUTH TAB USERNAME TAB PASSWORD TAB IDENTITY-TOKEN TAB
# REGISTRY-TOKEN". Each field is the text between the quotes in JSON, still escaped. If the file is not JSON, prints
# nothing and exits with code 1. A .dockercfg has the entries at the top, a .dockerconfigjson has them under "auths".
# Like the kubelet's reader, does not distinguish capital letters in names. An entry with a value that is no string has
# no line. response.awk has the entries under another name, `holder`, and reads the strings at the top as well.
#
# Splits each line only once: cutting off one token after another would copy the rest of the line each time.

function between(text,  at, mark) { # two strings: punctuation, numbers and such
    gsub(/[ \t\r]+/, "", text)
    if (text !~ /^([][{}:,]|true|false|null|-?[0-9][-+.0-9Ee]*)*$/) broken = 1
    if (open == entry && text ~ /^:[^n]/ && key[last] ~ /^(auth|username|password|identitytoken|registrytoken)$/)
        wrong = 1
    gsub(/[^][{}:,]/, "", text)
    for (at = 1; at <= length(text); at++) {
        mark = substr(text, at, 1)
        if (mark == "{" || mark == "[") {
            if (open == "") outermost = mark
            open = open mark
            if (open == entry) { split("", field); wrong = 0 }
        } else if (mark == "}" || mark == "]") {
            if (substr(open, length(open)) != (mark == "}" ? "{" : "[")) broken = 1
            if (open == entry && !wrong && (last == 2 || key[1] == holder) &&
                field["auth"] field["username"] field["identitytoken"] field["registrytoken"] != "")
                line[++lines] = key[last - 1] "\t" field["auth"] "\t" field["username"] "\t" field["password"] \
                    "\t" field["identitytoken"] "\t" field["registrytoken"]
            open = substr(open, 1, length(open) - 1)
        }
    }
    if (text != "") key_next = text ~ /[{,]$/ && open ~ /[{]$/
}

BEGIN { if (holder == "") holder = "auths" }

FNR == 1 { last = FILENAME ~ /[.]dockercfg$/ ? 2 : 3; entry = substr("{{{", 1, last) }

{
    parts = split($0, part, "\"")
    between(part[1])
    for (i = 2; i < parts; i += 2) {
        string = part[i]
        # A quote after an odd number of backslashes is part of the string.
        while (match(string, /\\+$/) && RLENGTH % 2 && i < parts) string = string "\"" part[++i]
        if (key_next) key[length(open)] = length(open) == last - 1 ? string : tolower(string)
        else if (open == entry) field[key[last]] = string
        else if (open == "{") top[key[1]] = string
        between(part[i + 1])
    }
    if (parts && i != parts + 1) broken = 1
}

END {
    if (broken || open != "" || outermost != "{") exit 1
    for (i = 1; i <= lines; i++) print line[i]
}
