"""A Docker Engine: the user's, or else Debian's. The lab starts it if it does not run."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import client as docker_client
from lab.docker import inotify, silence
from lab.docker.engine import Engine
from lab.docker.own import OwnEngine, daemon_environ
from lab.errors import LabError
from lab.process import CommandError, run
from lab.sources import apt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.console import Console, Step
    from lab.sources.cache import Cache

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
INSTALLED_SECONDS = 60


def provide(cache: Cache, client: Path, console: Console) -> Engine:
    """The engine to use. An existing engine takes precedence, and is not changed.

    Raises:
        LabError: no engine answers, and none can be started here; the message says why, and the way out.
    """
    with console.step("Docker Engine") as step:
        found, silent = _search(cache, client)
        if found is not None and not found.own:
            step.ended(f"at {found.host}")
            return found
        if found is None and (refused := _cannot_start()):
            raise LabError(_missing(silent, refused))
        # The limits are the whole machine's. A machine with an engine of the user's is the user's to set up.
        if apt.allowed():
            inotify.raise_limits(step.say)
        if found is not None:
            step.ended("started by the lab before")
            return found
        return _start(cache, client, step)


def _start(cache: Cache, client: Path, step: Step) -> Engine:
    """Start an engine, and install it if there is none."""
    if packages := _packages():
        step.now("apt-get install " + " ".join(packages))
        apt.install(step.say, *packages)
        if Path("/run/systemd/system").is_dir():
            engine = _engine(cache, client, DEFAULT_SOCKET, own=False)
            deadline = time.monotonic() + INSTALLED_SECONDS
            while time.monotonic() < deadline:
                if engine.answers():
                    step.ended("installed by apt")
                    return engine
                time.sleep(0.5)
    step.now("starting dockerd")
    own = OwnEngine(cache)
    engine = _engine(cache, client, own.host, own=True)
    own.start(engine)
    step.ended("Debian's, started by the lab")
    return engine


def look(cache: Cache) -> tuple[Engine | None, str]:
    """The engine that answers to the `docker` on PATH, and why none can be had. Nothing is started or built.

    Both are empty if the lab can start an engine.
    """
    client = shutil.which("docker")
    silent: list[str] = []
    if client is not None:
        if wrong := docker_client.trouble(Path(client)):
            return None, wrong
        found, silent = _search(cache, Path(client))
        if found is not None:
            return found, ""
    refused = _cannot_start()
    return None, _missing(silent, refused) if refused else ""


def _missing(silent: list[str], refused: str) -> str:
    """The sentence about a machine without an engine.

    Args:
        silent: why those do not answer that are there.
        refused: why the lab starts none.
    """
    if silent:
        return " ".join(silent)
    packages = _packages()
    if not packages:
        return f"{silence.explained(DEFAULT_SOCKET, silence.STOPPED)} The lab cannot start one ({refused})."
    way = f"`apt-get install {' '.join(packages)}`" if shutil.which("apt-get") else docker_client.INSTALL
    return (
        "No Docker Engine answers (tried DOCKER_HOST, the current docker context, /var/run/docker.sock), and the lab "
        f"cannot install and start one ({refused}): install Docker Engine ({way}), start it, then run this again."
    )


def _cannot_start() -> str:
    """Why the lab cannot start an engine here; empty if it can."""
    if os.geteuid() != 0:
        return "that needs root"
    return apt.refusal() if _packages() else ""


def _packages() -> list[str]:
    """Debian's packages that this machine lacks for an engine."""
    path = daemon_environ()["PATH"]
    return [
        package
        for program, package in (("dockerd", "docker.io"), ("iptables", "iptables"))
        if shutil.which(program, path=path) is None
    ]


def find(cache: Cache, client: Path) -> Engine | None:
    """An engine that answers already, or None."""
    return _search(cache, client)[0]


def _search(cache: Cache, client: Path) -> tuple[Engine | None, list[str]]:
    """An engine that answers already, and why those do not answer that come before it."""
    own = OwnEngine(cache).host
    silent: list[str] = []
    for host in dict.fromkeys([*_hosts(client), own]):
        # An address that nobody chose, and where nothing is, is not worth a word.
        if host in (DEFAULT_SOCKET, own) and not _is_there(host):
            continue
        engine = _engine(cache, client, host, own=host == own)
        why = engine.silence()
        if not why:
            return engine, silent
        if not engine.own:
            # The lab starts its own again, or says why it cannot.
            silent.append(why)
    return None, silent


def _is_there(host: str) -> bool:
    return Path(host.removeprefix("unix://")).exists()


def _hosts(client: Path) -> Iterator[str]:
    """The possible addresses of the user's engine, in the order in which docker searches."""
    chosen = os.environ.get("DOCKER_HOST")
    if chosen:
        yield chosen
    try:
        context = run(client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", timeout=10).strip()
    except CommandError:
        context = ""
    if context and context != DEFAULT_SOCKET:
        yield context
    yield DEFAULT_SOCKET


def _engine(cache: Cache, client: Path, host: str, *, own: bool) -> Engine:
    # Its own configuration directory, so that the user's credentials and current context have no effect.
    configuration = cache.root / "docker-config"
    configuration.mkdir(parents=True, exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    environ |= {"DOCKER_HOST": host, "DOCKER_CONFIG": str(configuration)}
    if host == os.environ.get("DOCKER_HOST"):
        for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            if name in os.environ:
                environ[name] = os.environ[name]
    return Engine(client, environ, own)
