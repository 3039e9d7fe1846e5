"""`prepull render`: writes the manifests as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import yaml

from ...arguments import stackfile
from ...arguments.check import InvalidArgumentError
from ...arguments.configuration import InvalidConfigurationError
from ...arguments.pins import UnpinnableError
from ...manifests import render
from .. import documents
from ..errors import UNREACHABLE, USAGE, CommandError

_STDIN = "-"
_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


@click.command()
@click.argument("arguments", required=False, metavar="[ARGS_FILE]", type=click.Path(allow_dash=True))
@click.option("--config", metavar="FILE", type=click.Path(), help="A stack's configuration: Pulumi.STACK.yaml.")
@click.option(
    "--config-namespace", default=stackfile.DEFAULT_NAMESPACE, show_default=True, help="The namespace of its keys."
)
@click.option("--name", default="images", show_default=True, help="The component's name.")
@click.option("-n", "--namespace", help="Where it all goes.  [default: the argument namespace, else default]")
@click.option(
    "-d",
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write a file for each object.  [default: all to stdout]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "kustomize"]),
    default="yaml",
    show_default=True,
    help="kustomize adds a kustomization.yaml that lists the files.",
)
def command(
    *,
    arguments: str | None,
    config: str | None,
    config_namespace: str,
    name: str,
    namespace: str | None,
    output_dir: Path | None,
    form: str,
) -> None:
    """Write the manifests that `pulumi up` would apply, the same bytes for the same input.

    The arguments come from ARGS_FILE, a mapping in YAML or JSON ("-" is stdin), or from a stack's configuration.
    It needs neither Pulumi nor a cluster. With pin_digests, it asks registries.
    """
    if (arguments is None) == (config is None):
        raise click.UsageError("give either ARGS_FILE or --config FILE")
    if form == "kustomize" and output_dir is None:
        raise click.UsageError("--format kustomize writes several files: give --output-dir")
    try:
        args = _of_stack(Path(config), config_namespace) if config else _of_file(str(arguments))
        rendered = render.manifests(name, args, namespace, warn=_warn, tell=_tell)
    except (InvalidArgumentError, InvalidConfigurationError, stackfile.InvalidStackFileError) as error:
        raise CommandError(str(error), USAGE) from None
    except UnpinnableError as error:
        raise CommandError(str(error), UNREACHABLE) from None
    if output_dir is None:
        click.echo(render.stream(rendered), nl=False)
    else:
        _write(output_dir, render.files(rendered, kustomization=form == "kustomize"))


def _warn(message: str) -> None:
    click.echo(f"prepull: warning: {message}", err=True)


def _tell(text: str) -> None:
    click.echo(f"prepull: {text}", err=True)


def _of_stack(path: Path, namespace: str) -> dict[str, Any]:
    stack = _read(path)
    project = _project(path)
    name = path.stem.partition(".")[2] or path.stem
    args = stackfile.arguments(stack, _read(project) if project else None, namespace, name=name)
    if isinstance(stack, dict) and stack.get("environment"):
        note = f"prepull: {path} imports environments, which only Pulumi can read: what they configure is missing here"
        click.echo(note, err=True)
    if not args:
        raise CommandError(f"{path} has no key that begins with '{namespace}:'", USAGE)
    return args


def _project(stack: Path) -> Path | None:
    """The nearest project file above, as Pulumi finds it: a project may keep its stacks' files in a directory."""
    candidates = [directory / name for directory in stack.absolute().parents for name in _PROJECT_FILES]
    return next((path for path in candidates if path.is_file()), None)


def _of_file(path: str) -> dict[str, Any]:
    args = _read(path)
    if not isinstance(args, dict):
        raise CommandError(f"{_shown(path)} is not a mapping from arguments to values", USAGE)
    return args


def _read(path: str | Path) -> Any:
    try:
        text = sys.stdin.read() if path == _STDIN else Path(path).read_text("utf-8")
        return documents.load(text)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}", USAGE) from None
    except UnicodeDecodeError:
        raise CommandError(f"{_shown(path)} is not text", USAGE) from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise CommandError(f"{_shown(path)} is not YAML{line}: {getattr(error, 'problem', error)}", USAGE) from None


def _shown(path: str | Path) -> str:
    return "stdin" if path == _STDIN else str(path)


def _write(directory: Path, files: dict[str, str]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for old in sorted(directory.glob("*.yaml")):
            # `kubectl apply -f` would apply outdated files as well. Files that render did not write stay.
            if old.name not in files and old.read_bytes().startswith(render.HEADER.encode()):
                old.unlink()
        for name, text in files.items():
            (directory / name).write_bytes(text.encode())
    except OSError as error:
        raise CommandError(f"cannot write {error.filename or directory}: {error.strerror}", USAGE) from None
