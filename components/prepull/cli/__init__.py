"""The command `prepull`: shows and awaits the state of nodes, lists images, and renders manifests."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command. If the packages of its extra are not installed, say so in one line."""
    try:
        from .app import run  # noqa: PLC0415 - needs the packages of an extra
    except ModuleNotFoundError as error:
        print(f"prepull: {error.name} is not installed: pip install 'pulumi-prepull[cli]'", file=sys.stderr)
        sys.exit(2)
    sys.exit(run())
