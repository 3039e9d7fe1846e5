"""What the puller's scripts find on a fake node beside the clients."""

from __future__ import annotations

import subprocess
from functools import cache

from .... import programs

# The programs that the script may use: those that every default puller image has. Debian's busybox ash ignores PATH for
# its applets, so functions hide the others there.
APPLETS = ("cat", "mkdir", "mkfifo", "od", "rm", "sed", "sleep", "sort", "tr")
# The image disk: a function hides the applet.
DISK = 'df() { [ "$*" = "-P -k /" ] && cat "$FAKE_STATE/df"; }\n'
_BUILTINS = {"ash", "echo", "false", "kill", "printf", "pwd", "sh", "test", "true"}


@cache
def hidden() -> str:
    """Functions that stand before the applets of busybox that the script may not use."""
    every = subprocess.run(
        [programs.path("busybox"), "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    others = {applet for applet in every if applet.isidentifier()} - {*_BUILTINS, *APPLETS, "awk", "df"}
    return "".join(
        f'{name}() {{ echo "not every puller image has {name}" >&2; exit 99; }}\n' for name in sorted(others)
    )
