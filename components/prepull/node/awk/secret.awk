# Converts a dockerconfigjson to lines "REGISTRY[/PATH] TAB AUTH TAB USERNAME TAB PASSWORD". Each field is the text
# between the quotes in JSON, still escaped. If the file is not JSON, prints nothing and exits with code 1.
#
# Splits each line only once: cutting off one token after another would copy the rest of the line each time.

function between(text,  at, mark) { # two strings: punctuation, numbers and such
    gsub(/[ \t\r]+/, "", text)
    if (text !~ /^([][{}:,]|true|false|null|-?[0-9][-+.0-9Ee]*)*$/) broken = 1
    gsub(/[^][{}:,]/, "", text)
    for (at = 1; at <= length(text); at++) {
        mark = substr(text, at, 1)
        if (mark == "{" || mark == "[") {
            if (open == "") outermost = mark
            open = open mark
            if (open == "{{{") split("", field)
        } else if (mark == "}" || mark == "]") {
            if (substr(open, length(open)) != (mark == "}" ? "{" : "[")) broken = 1
            if (open == "{{{" && key[1] == "auths" && field["auth"] field["username"] != "")
                line[++lines] = key[2] "\t" field["auth"] "\t" field["username"] "\t" field["password"]
            open = substr(open, 1, length(open) - 1)
        }
    }
    if (text != "") key_next = text ~ /[{,]$/ && open ~ /[{]$/
}

{
    parts = split($0, part, "\"")
    between(part[1])
    for (i = 2; i < parts; i += 2) {
        string = part[i]
        # A quote after an odd number of backslashes is part of the string.
        while (match(string, /\\+$/) && RLENGTH % 2 && i < parts) string = string "\"" part[++i]
        if (key_next) key[length(open)] = string
        else if (open == "{{{") field[key[3]] = string
        between(part[i + 1])
    }
    if (parts && i != parts + 1) broken = 1
}

END {
    if (broken || open != "" || outermost != "{") exit 1
    for (i = 1; i <= lines; i++) print line[i]
}
