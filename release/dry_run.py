"""Does all of a release that needs neither a tag nor an account: `make release-dry-run`.

It ends with a table of what was done, what failed, and what this machine cannot do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prepull import defaults

from lab import Lab, LabError

from . import agreement

BASES = ("BUSYBOX_IMAGE", "DOCKER_IMAGE", "K3S_IMAGE", "PYTHON_IMAGE")
"""The default images that the puller image is made from."""
_EXTRAS = "cli,digests"
_IMAGE = "prepull-release/puller:dry-run"


class FailedError(Exception):
    """A part of the release fails; the message says how."""


class NotHereError(Exception):
    """This machine lacks what a part needs; the message says what, and where the part runs otherwise."""


@dataclass(frozen=True)
class DryRun:
    """A release of a checkout that publishes nothing.

    Attributes:
        root: the checkout.
        dist: the directory with the built wheel and sdist.
        tag: the tag that the release is made for. None: none yet.
    """

    root: Path
    dist: Path
    tag: str | None = None

    def parts(self) -> Mapping[str, Callable[[], str]]:
        """The parts by their titles, in order. Each returns what it has found."""
        return {
            "versions agree": self.versions,
            "wheel and sdist": self.distributions,
            "the wheel in an empty environment": self.installation,
            "puller image": self.image,
        }

    def versions(self) -> str:
        """Compare the package's version with the changelog, the pages and the tag."""
        if wrong := agreement.problems(self.root, self.tag):
            raise FailedError("\n".join(wrong))
        section = agreement.notes(self.root)
        return f"{section.version} of {section.day}" + (f", tag {self.tag}" if self.tag else ", no tag yet")

    def distributions(self) -> str:
        """Look whether exactly the wheel and the sdist of this version were built; `make dist` has checked them."""
        version = agreement.version(self.root)
        wanted = {f"pulumi_prepull-{version}-py3-none-any.whl", f"pulumi_prepull-{version}.tar.gz"}
        # uv keeps the directory out of Git with a hidden file.
        found = {path.name for path in self.dist.iterdir() if not path.name.startswith(".")}
        if found != wanted:
            raise FailedError(f"{self.dist} has {', '.join(sorted(found))}, and not {', '.join(sorted(wanted))}")
        return ", ".join(sorted(found))

    def installation(self) -> str:
        """Install the wheel with its extras from the package index, and use the command and the package."""
        [wheel] = self.dist.glob("*.whl")
        uv = str(self.root / ".uv" / "bin" / "uv")
        with tempfile.TemporaryDirectory() as directory:
            programs = Path(directory) / "venv" / "bin"
            _run(uv, "venv", "--quiet", "--python", sys.executable, str(programs.parent))
            requirement = f"pulumi-prepull[{_EXTRAS}] @ {wheel.resolve().as_uri()}"
            _run(uv, "pip", "install", "--quiet", "--python", str(programs / "python"), requirement)
            said = _run(str(programs / "prepull"), "--version", cwd=directory).strip()
            args = Path(directory) / "args.yaml"
            args.write_text("images: [hello-world]\n", "utf-8")
            rendered = _run(str(programs / "prepull"), "render", str(args), cwd=directory)
            _run(str(programs / "python"), "-I", "-c", "from prepull import PrePullDaemonSet", cwd=directory)
        if said != f"prepull {agreement.version(self.root)}" or "kind: DaemonSet" not in rendered:
            raise FailedError(f"the installed command says '{said}' and renders:\n{rendered}")
        return f"{said}, renders a DaemonSet"

    def image(self) -> str:
        """Build the puller image for this machine's platform, and see its user."""
        client, environ = _engine()
        bases, source = _bases(client, environ)
        arguments = [f"--build-arg={name}={image}" for name, image in bases.items()]
        context = str(self.root / "images" / "puller")
        _run(client, "build", "--quiet", f"--tag={_IMAGE}", *arguments, context, environ=environ)
        try:
            user = _run(client, "image", "inspect", "--format={{.Config.User}}", _IMAGE, environ=environ).strip()
        finally:
            _run(client, "image", "rm", "--force", _IMAGE, environ=environ)
        if user != "65534:65534":
            raise FailedError(f"the image runs as '{user}' where nobody says otherwise, and not as nobody")
        return f"built from {source}"


def report(parts: Mapping[str, Callable[[], str]]) -> bool:
    """Run parts of a release, whatever fails. Print a line for each; return whether none failed.

    Args:
        parts: the parts by their titles.
    """
    lines, failed = [], False
    for title, part in parts.items():
        try:
            outcome = part()
        except NotHereError as reason:
            outcome = f"not run here: {reason}"
        except FailedError as error:
            outcome, failed = f"FAILED: {error}", True
        lines.append(f"  {title:36}{outcome}")
    print("release, dry run:", *lines, sep="\n", flush=True)
    return not failed


def _engine() -> tuple[str, Mapping[str, str]]:
    """The client of an engine that runs: the lab's, or else this machine's."""
    try:
        engine = Lab.of_checkout().engine
    except LabError:
        client, environ = "docker", dict(os.environ)
    else:
        client, environ = str(engine.client), dict(engine.environ)
    try:
        _run(client, "version", "--format={{.Server.Version}}", environ=environ)
    except FailedError:
        raise NotHereError(
            "no Docker Engine answers; tests/kind/runtimes/test_puller_image.py builds it on the lab"
        ) from None
    try:
        _run(client, "buildx", "version", environ=environ)
    except FailedError:
        # Without this plugin, the client has the older builder alone, and says so only where it is asked for.
        return client, {**environ, "DOCKER_BUILDKIT": "0"}
    return client, environ


def _bases(client: str, environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The images to build from: those of the lab's registry where the lab is up, or else the public ones."""
    lab = Lab.of_checkout()
    public = {name: str(getattr(defaults, name)) for name in BASES}
    if lab.is_up():
        address = lab.registry.client.address
        return {
            name: f"{address}/{image.removeprefix('docker.io/')}" for name, image in public.items()
        }, "the lab's images"
    for image in public.values():
        try:
            _run(client, "pull", "--quiet", image, environ=environ)
        except FailedError as error:
            raise NotHereError(
                f"the lab is not up, and {image} cannot be pulled ({str(error).splitlines()[-1]}); "
                "tests/kind/runtimes/test_puller_image.py builds it on the lab"
            ) from None
    return public, "the public images"


def _run(*command: str, environ: Mapping[str, str] | None = None, cwd: str | None = None) -> str:
    """Run a program; return what it prints.

    Raises:
        FailedError: it fails, or is not there.
    """
    try:
        ran = subprocess.run(command, env=environ, cwd=cwd, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise FailedError(f"there is no {command[0]}") from None
    if ran.returncode != 0:
        raise FailedError(f"`{' '.join(command[:3])}` failed with status {ran.returncode}:\n{ran.stderr.strip()}")
    return ran.stdout
