"""A Docker Engine: the user's, or else Debian's. The lab starts it if it does not run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import client as docker_client
from lab.docker import inotify, oci_runtime, silence
from lab.docker.engine import Engine
from lab.errors import LabError
from lab.process import CommandError, run
from lab.sources import apt
from lab.sources.cache import Cache, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.console import Console, Step

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
START_SECONDS = 60

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class OwnEngine:
    """The engine that the lab starts on a machine without one. All checkouts with the same cache share it.

    Its data are in the cache. Files for its run time are under /run.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.directory = cache.root / "engine"
        self.runtime_directory = Path("/run/prepull-lab") / fingerprint(str(cache.root))[:8]

    @property
    def host(self) -> str:
        """The address of the engine."""
        return f"unix://{self.runtime_directory}/docker.sock"

    def start(self, engine: Engine) -> None:
        """Start the engine if it does not run, and wait until it answers."""
        with self._cache.lock("engine"):
            if engine.answers():
                return
            self.directory.mkdir(parents=True, exist_ok=True)
            self.runtime_directory.mkdir(parents=True, exist_ok=True)
            configuration = self.directory / "daemon.json"
            configuration.write_text(json.dumps(self._configuration(), indent=2))
            log = self.directory / "dockerd.log"
            with log.open("wb") as output:
                # A new session without this process' files: the engine outlives the lab's command, and must not
                # keep a pipe of the command's caller open.
                daemon = subprocess.Popen(
                    ["dockerd", "--config-file", str(configuration)],
                    env=_daemon_environ(),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    close_fds=True,
                )
            deadline = time.monotonic() + START_SECONDS
            while not engine.answers():
                if daemon.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                    raise LabError(f"The Docker Engine that was started here does not answer. {log} ends with:\n{tail}")
                time.sleep(0.3)

    def stop(self, engine: Engine) -> None:
        """Stop the engine if no container runs on it any more."""
        with self._cache.lock("engine"):
            if not engine.answers() or engine.docker("ps", "--quiet"):
                return
            pid = int((self.runtime_directory / "docker.pid").read_text())
            os.kill(pid, 15)
            deadline = time.monotonic() + START_SECONDS
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                _reap(pid)
                time.sleep(0.1)

    def _configuration(self) -> dict[str, object]:
        configuration: dict[str, object] = {
            "data-root": str(self.directory / "data"),
            "exec-root": str(self.runtime_directory / "exec"),
            "pidfile": str(self.runtime_directory / "docker.pid"),
            "hosts": [self.host],
            # Each lab creates its own network. The default bridge could conflict with another engine's.
            "bridge": "none",
        }
        if not _grants_every_capability():
            configuration["runtimes"] = {"bounded": {"path": str(self._runtime())}}
            configuration["default-runtime"] = "bounded"
        return configuration

    def _runtime(self) -> Path:
        """The OCI runtime for machines that lack a capability. A copy: changes of a checkout do not affect it."""
        script = self.directory / "oci_runtime.py"
        shutil.copyfile(oci_runtime.__file__, script)
        runc = shutil.which("runc", path=_daemon_environ()["PATH"])
        if runc is None:
            raise LabError("The Docker Engine here has no runc.")
        launcher = self.directory / "runtime"
        interpreter = Path(sys.executable).resolve()
        launcher.write_text(f'#!/bin/sh\nexec "{interpreter}" -I -S "{script}" "{runc}" "$@"\n')
        launcher.chmod(0o755)
        return launcher


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
            deadline = time.monotonic() + START_SECONDS
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
    path = _daemon_environ()["PATH"]
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


def _grants_every_capability() -> bool:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    every = (1 << (last + 1)) - 1
    return oci_runtime.bounding_set() & every == every


def _daemon_environ() -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    # The daemon needs iptables and runc, which are not on every shell's PATH.
    return {**environ, "PATH": f"{environ.get('PATH', '/usr/bin:/bin')}:{_SBIN}"}


def _reap(pid: int) -> None:
    """Reap the daemon if this process is its parent."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
