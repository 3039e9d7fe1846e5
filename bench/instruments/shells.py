"""Runtimes that are told directly to pull: the limit, which no form can go below."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab import Lab


def shell_on(lab: Lab, node: str, script: str) -> subprocess.Popen[str]:
    """Start a script on a node, with pipes to and from it.

    Args:
        lab: a lab that is up.
        node: the node.
        script: the script, in sh.
    """
    return subprocess.Popen(
        [str(lab.engine.client), "exec", "--interactive", node, "sh", "-c", script],
        env=dict(lab.engine.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def told_to_pull(lab: Lab, nodes: Sequence[str], images: Sequence[str]) -> Iterator[Callable[[], None]]:
    """Yields a function that lets each node pull all images at once, in a shell that runs already.

    Args:
        lab: a lab that is up.
        nodes: the nodes.
        images: the images.
    """
    pulls = " & ".join(f"crictl pull {image} >/dev/null" for image in images)
    script = f"echo; read -r _ && {{ {pulls} & wait; }}"
    shells = [shell_on(lab, node, script) for node in nodes]
    inputs = [shell.stdin for shell in shells if shell.stdin]
    for shell in shells:
        if shell.stdout:
            shell.stdout.readline()

    def start() -> None:
        for stdin in inputs:
            stdin.write("\n")
            stdin.flush()

    try:
        yield start
    finally:
        for shell in shells:
            shell.communicate()
