"""The command line: its commands, each imported on first use, and its exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from ..version import __version__
from .errors import INTERRUPTED, CommandError

_COMMANDS = {
    "completion": "Print a script that completes prepull's commands in a shell.",
    "discover": "List the images that run in a cluster, as configuration to paste.",
    "render": "Write the manifests that `pulumi up` would apply.",
    "status": "Show which image is on which node.",
    "wait": "Wait until enough nodes have every image.",
}


class _Commands(click.Group):
    """A group that imports a command's module on first use: `prepull --help` needs none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f".commands.{cmd_name}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 images will not come without a change; 2 wrong usage or input; 3 timed out; "
    "4 the cluster cannot be asked, or has no such component.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def prepull() -> None:
    """Container images on every node of a Kubernetes cluster: where they stand."""


def run(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the arguments after the program's name. Default: those of the process.

    Returns:
        The exit code; see errors.py.
    """
    try:
        returned = prepull.main(arguments, prog_name="prepull", standalone_mode=False)
    except CommandError as error:
        print(f"prepull: {error}", file=sys.stderr)
        return error.code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has closed the pipe; the interpreter must not try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return returned if isinstance(returned, int) else 0
