"""The commands of the lab: `python -m lab up|down|env|status`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from lab import Lab, LabError
from lab.cluster.seconds import seconds_of_last_pull
from lab.cluster.stack import Stack
from lab.cluster.table import render, rows, summary
from lab.console import Console
from lab.requirements import demand

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Run a command. Print an error as a sentence."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="A real cluster on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring up the cluster and its registry, then the dev stack")
    up.add_argument("--no-stack", action="store_true", help="only the cluster and its registry")
    up.add_argument("--languages", action="store_true", help="also what programs in other languages run with")
    commands.add_parser("down", help="remove all of it; what was downloaded and built stays in the cache")
    commands.add_parser("env", help='print its environment for a shell: eval "$(python -m lab env)"')
    commands.add_parser("status", help="say whether it is up; the exit code says it too")
    arguments = parser.parse_args()
    console = Console()
    lab = Lab.of_checkout(console)
    run: dict[str, Callable[[], int]] = {
        "up": lambda: _up(lab, console, arguments),
        "down": lambda: _down(lab, console),
        "env": lambda: _env(lab),
        "status": lambda: _status(lab, console),
    }
    try:
        return run[arguments.command]()
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: run it again to go on from here.", file=sys.stderr)
        return 130


def _up(lab: Lab, console: Console, arguments: argparse.Namespace) -> int:
    demand(lab.checkout, cluster=True, warn=console.say)
    lab.up()
    if arguments.languages:
        lab.provide_languages()
    if arguments.no_stack:
        return 0
    stack = Stack(lab)
    stack.up()
    outputs = stack.outputs()
    images = list(outputs["images"])
    shown = rows(lab.nodes, images, stack.runtime, seconds_of_last_pull(lab, outputs))
    console.rich.print(render(shown))
    for line in summary(shown):
        console.say(line)
    return 0 if all(row.found for row in shown) else 1


def _down(lab: Lab, console: Console) -> int:
    lab.down()
    console.say(f"What was built stays in {lab.checkout.cache} for the next time; `rm -rf` it to free the space.")
    return 0


def _env(lab: Lab) -> int:
    print(*lab.shell_lines, sep="\n")
    return 0


def _status(lab: Lab, console: Console) -> int:
    up = lab.is_up()
    console.say(f"{lab.name} is {'up' if up else 'not up: run `make up`'}")
    return 0 if up else 1


if __name__ == "__main__":
    sys.exit(main())
