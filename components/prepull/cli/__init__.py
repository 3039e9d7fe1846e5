"""The command `prepull`: where every node stands, waiting for it, and manifests for those who deploy from files."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command, and say in one line what is missing where the package came without its extra."""
    try:
        from .app import run  # noqa: PLC0415 - what it needs may not be installed
    except ModuleNotFoundError as error:
        print(f"prepull: {error.name} is not installed: pip install 'pulumi-prepull[cli]'", file=sys.stderr)
        sys.exit(2)
    sys.exit(run())
