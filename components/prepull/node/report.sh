# The puller's log, and the report that status/report.py reads.

# TEXT…: prints it unchanged. Not echo: its handling of backslashes depends on the shell.
say() { printf '%s\n' "$*"; }

reason() { # says in a few words why a client failed, from what it printed
    tr '\t\r' '  ' | tr -cd ' -~\n' |
        awk -v table="$scripts/reasons.tsv" -v limit="$PREPULL_REASON_LIMIT" -f "$scripts/reason.awk"
}

# NAME: logs why the runtime did not remove the image.
kept() { say "kept $1: $(reason <"$work/complaint")"; }

report() {
    seconds_since "$started_ms"
    gone=$gone awk -v limit="$PREPULL_REPORT_LIMIT" -v took="$seconds" -v results="$work/results" \
        -f "$scripts/report.awk" "$work/standing" >"$work/report"
    # In one write, so that a reader always sees a complete report.
    cat "$work/report" >"$PREPULL_REPORT"
    cat "$work/report"
}

fail() { # REASON: ends, where no image can be pulled
    say "prepull 1 error $1" >"$PREPULL_REPORT"
    say "$1" >&2
    exit 1
}
