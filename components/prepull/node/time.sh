# Clock and waiting times, in milliseconds.

now() { # sets now_ms, from the monotonic clock, without starting a process
    read -r now_s _ </proc/uptime
    now_ms=$((${now_s%.*} * 1000 + 1${now_s#*.} * 10 - 1000))
}

seconds() { # MS: sets seconds to a decimal fraction
    fraction=$((1000 + $1 % 1000))
    seconds=$(($1 / 1000)).${fraction#1}
}

seconds_since() { # MS: sets seconds to what has passed
    now
    seconds $((now_ms - $1))
}

# N: sets random to a number in [0, N).
random_below() { random=$(($(od -A n -N 4 -t u4 /dev/urandom) % $1)); }

backoff() { # ATTEMPTS: sets seconds to the wait: doubled for each attempt, half of it by chance
    doublings=$(($1 < 20 ? $1 - 1 : 20))
    delay=$((PREPULL_BACKOFF_MS << doublings))
    [ "$delay" -le "$PREPULL_BACKOFF_LIMIT_MS" ] || delay=$PREPULL_BACKOFF_LIMIT_MS
    random_below $((delay / 2 + 1))
    seconds $((delay - delay / 2 + random))
}
