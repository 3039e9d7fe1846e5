"""The Docker Engine that the lab starts on a machine without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker import oci_runtime
from lab.errors import LabError
from lab.sources.cache import Cache, fingerprint

if TYPE_CHECKING:
    from lab.docker.engine import Engine

RUNTIME_DIRECTORY = Path("/run/prepull-lab")
START_SECONDS = 60

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class OwnEngine:
    """The engine that the lab starts on a machine without one. All checkouts with the same cache share it.

    Its data are in the cache. Files for its run time are under /run.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.directory = cache.root / "engine"
        self.runtime_directory = RUNTIME_DIRECTORY / fingerprint(str(cache.root))[:8]

    @property
    def host(self) -> str:
        """The address of the engine."""
        return f"unix://{self.runtime_directory}/docker.sock"

    def start(self, engine: Engine) -> None:
        """Start the engine if it does not run, and wait until it answers."""
        with self._cache.lock("engine"):
            if engine.answers():
                return
            # An interrupted command leaves an engine that still starts. A second one would refuse to.
            daemon = None if self._is_starting() else self._launch()
            deadline = time.monotonic() + START_SECONDS
            while not engine.answers():
                if (daemon is not None and daemon.poll() is not None) or time.monotonic() > deadline:
                    tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                    raise LabError(
                        f"The Docker Engine that was started here does not answer. {self._log} ends with:\n{tail}"
                    )
                time.sleep(0.3)

    @property
    def _log(self) -> Path:
        return self.directory / "dockerd.log"

    @property
    def _pid_file(self) -> Path:
        return self.runtime_directory / "docker.pid"

    def _is_starting(self) -> bool:
        """Whether its process runs, though it does not answer yet."""
        try:
            process = int(self._pid_file.read_text())
            return Path(f"/proc/{process}/comm").read_text().strip() == "dockerd"
        except (OSError, ValueError):
            return False

    def _launch(self) -> subprocess.Popen[bytes]:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.runtime_directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "daemon.json"
        configuration.write_text(json.dumps(self._configuration(), indent=2))
        with self._log.open("wb") as output:
            # A new session without this process' files: the engine outlives the lab's command, and must not
            # keep a pipe of the command's caller open.
            return subprocess.Popen(
                ["dockerd", "--config-file", str(configuration)],
                env=daemon_environ(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                close_fds=True,
            )

    def stop(self, engine: Engine) -> None:
        """Stop the engine if no container runs on it any more."""
        with self._cache.lock("engine"):
            if not engine.answers() or engine.docker("ps", "--quiet"):
                return
            pid = int(self._pid_file.read_text())
            os.kill(pid, 15)
            deadline = time.monotonic() + START_SECONDS
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                _reap(pid)
                time.sleep(0.1)

    def _configuration(self) -> dict[str, object]:
        configuration: dict[str, object] = {
            "data-root": str(self.directory / "data"),
            "exec-root": str(self.runtime_directory / "exec"),
            "pidfile": str(self._pid_file),
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
        runc = shutil.which("runc", path=daemon_environ()["PATH"])
        if runc is None:
            raise LabError("The Docker Engine here has no runc.")
        launcher = self.directory / "runtime"
        interpreter = Path(sys.executable).resolve()
        launcher.write_text(f'#!/bin/sh\nexec "{interpreter}" -I -S "{script}" "{runc}" "$@"\n')
        launcher.chmod(0o755)
        return launcher


def _grants_every_capability() -> bool:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    every = (1 << (last + 1)) - 1
    return oci_runtime.bounding_set() & every == every


def daemon_environ() -> dict[str, str]:
    """The environment of the daemon and of the programs that it runs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    # The daemon needs iptables and runc, which are not on every shell's PATH.
    return {**environ, "PATH": f"{environ.get('PATH', '/usr/bin:/bin')}:{_SBIN}"}


def _reap(pid: int) -> None:
    """Reap the daemon if this process is its parent."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
