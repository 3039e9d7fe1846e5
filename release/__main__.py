"""What `make release-dry-run`, `make release-notes` and `make image-digests` run: `python -m release --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import agreement, digests
from .changelog import ChangelogError
from .dry_run import DryRun, report

ROOT = Path(__file__).parents[1]


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run one of the commands; return the exit code.

    Args:
        arguments: those of the command line.
        root: the checkout.
    """
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "dry-run":
            return 0 if report(DryRun(root, chosen.dist, chosen.tag or None).parts()) else 1
        if chosen.command == "digests":
            print(*digests.pin(root).values(), sep="\n")
        else:
            print(agreement.notes(root).text)
    except (ChangelogError, digests.DigestError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m release", description="What a release is made with.")
    commands = parser.add_subparsers(dest="command", required=True)
    dry = commands.add_parser("dry-run", help="all of a release that needs neither a tag nor an account")
    dry.add_argument("--dist", type=Path, required=True, help="the directory with the built wheel and sdist")
    dry.add_argument("--tag", default="", help="the tag that the release is made for; default: none yet")
    commands.add_parser("digests", help="write the digests of the default images behind their tags")
    commands.add_parser("notes", help="print what the changelog says of the package's version")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
