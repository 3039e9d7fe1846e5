"""A fake node for puller.sh: with fake clients, real shells and real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prepull.manifests import node_scripts
from prepull.node.scripts import puller_files, script
from prepull.status.report import Report, parse

from .... import programs
from . import applets, fake_client, fake_provider

CLIENTS = ("crictl", "ctr", "docker")
in_every_shell = pytest.mark.parametrize("shell", programs.SHELLS, indirect=True)

# The awk of images with each shell.
AWK_OF = {"ash": "busybox", "dash": "mawk"}
Step = Mapping[str, Any]


def hub(name: str) -> str:
    """The canonical name of one of Docker's own images."""
    return f"docker.io/library/{name}"


@dataclass(frozen=True)
class Call:
    """One call of a fake client."""

    client: str
    arguments: list[str]
    environment: dict[str, str]
    began: float
    ended: float | None
    pid: int

    @property
    def verb(self) -> str:
        """The client's command."""
        words = [word for word in self.arguments if not word.startswith("-") and word != "60s"]
        known = ("pull", "images", "ls", "inspect", "tag", "rm", "rmi", "ps", "label", "list")
        found = [word for word in words if word in known]
        return found[1] if found[:1] == ["images"] and len(found) > 1 else found[0]

    @property
    def image(self) -> str:
        """The last argument: the image, if the call has one."""
        return self.arguments[-1]


@dataclass(frozen=True)
class Outcome:
    """The result of a run of the puller."""

    code: int
    output: str
    problems: str
    text: str
    calls: list[Call]

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def report(self) -> Report:
        return parse(self.text)

    def of(self, verb: str) -> list[Call]:
        return [call for call in self.calls if call.verb == verb]

    @property
    def pulled(self) -> list[str]:
        return [call.image for call in self.of("pull")]

    @property
    def reasons(self) -> dict[int, str | None]:
        return {index: result.reason for index, result in self.report.results.items() if not result.present}


@dataclass
class Run:
    """A running puller, in its own session."""

    process: subprocess.Popen[str]
    node: Node

    def until(self, condition: Callable[[], object], seconds: float = 10) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            assert self.process.poll() is None, "the puller ended before"
            time.sleep(0.01)

    def terminate(self) -> None:
        """Send SIGTERM to the puller alone, which ends it and all that it had started."""
        self.process.terminate()
        self.process.wait(10)
        self._leaves_nothing()

    def leftovers(self) -> list[str]:
        """The commands of the puller's session that are still alive."""
        return [command for command in _session(self.process.pid) if command]

    def finish(self) -> Outcome:
        """Wait for the end, and check that no process is left."""
        output, problems = self.process.communicate(timeout=60)
        self._leaves_nothing()
        return Outcome(self.process.returncode, output, problems, self.node.report_text(), self.node.calls())

    def _leaves_nothing(self) -> None:
        """The kernel may need a moment for the last of its processes."""
        deadline = time.monotonic() + 5
        while self.leftovers() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not self.leftovers()


def _session(leader: int) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == leader:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                yield "" if state == "Z" else (entry / "cmdline").read_text().replace("\0", " ")
        except (ProcessLookupError, FileNotFoundError):
            continue


@dataclass
class Node:
    """A node's container runtime, and the puller's environment and mounts."""

    directory: Path
    shell: str
    socket: str = "crictl"
    runs: list[Run] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        for name in ("names", "labels", "containers", "calls", "turns", "bin", "secrets", "sockets", "scripts"):
            (self.directory / name).mkdir()
        self.plan({})
        here = str(Path(fake_client.__file__).parent)
        client = (
            f"#!{sys.executable} -IS\nimport sys\nsys.path[:0] = [{here!r}]\nimport fake_client\nfake_client.main()\n"
        )
        for name in CLIENTS:
            path = self.directory / "bin" / name
            path.write_text(client)
            path.chmod(0o755)
        for name in applets.APPLETS:
            (self.directory / "bin" / name).symlink_to(programs.path("busybox"))
        (self.directory / "bin" / "awk").symlink_to(programs.awk(AWK_OF[self.shell])[0])
        (self.directory / "hidden.sh").write_text(applets.DISK + (applets.hidden() if self.shell == "ash" else ""))
        self.disk(1000, 900)

    def plan(self, steps: Mapping[str, Sequence[Step]]) -> None:
        """Set the faults of the fake clients; see fake_client.py."""
        (self.directory / "plan.json").write_text(json.dumps(steps))

    def disk(self, size: int, free: int) -> None:
        """Set what `df` says of the image disk, in MiB."""
        line = f"overlay {size << 10} {size - free << 10} {free << 10} 1% /"
        new = self.directory / "df.new"
        new.write_text(f"Filesystem 1024-blocks Used Available Capacity Mounted on\n{line}\n")
        new.replace(self.directory / "df")

    def have(self, *names: str, content: str = "", pinned: bool = False) -> None:
        """Add an image to the node, under each of these names."""
        for name in names:
            content = content or name.rpartition("/")[2]
            image = {
                "id": fake_client.digest_of("config " + content),
                "digest": fake_client.digest_of("manifest " + content),
            }
            self._name_file(name).write_text(json.dumps({**image, "size": 1000, "pinned": pinned}))

    def use(self, name: str) -> None:
        """Run a container of an image."""
        (self.directory / "containers" / "c0ffee").write_text(json.loads(self._name_file(name).read_text())["id"])

    @property
    def tags(self) -> list[str]:
        """The names of the images on the node, without names with a digest."""
        return [name for name in self.names if "@" not in name]

    @property
    def names(self) -> list[str]:
        """All names of the images on the node."""
        return sorted(bytes.fromhex(file.name).decode() for file in (self.directory / "names").iterdir())

    def digest(self, name: str) -> str:
        """The digest of the image with this name."""
        digest: str = json.loads(self._name_file(name).read_text())["digest"]
        return digest

    def labels(self, name: str) -> dict[str, set[str]]:
        """The labels of the image with this name, with the names in each."""
        file = self.directory / "labels" / json.loads(self._name_file(name).read_text())["id"].encode().hex()
        found = json.loads(file.read_text()) if file.exists() else {}
        return {key: set(value.split(";")) for key, value in found.items()}

    def untag(self, name: str) -> None:
        """Take one name from an image."""
        self._name_file(name).unlink()

    def secret(self, config: object, name: str = "000-secret", key: str | None = ".dockerconfigjson") -> None:
        """Mount a pull secret with one key: a text unchanged, any other value as JSON."""
        text = config if isinstance(config, str) else json.dumps(config)
        directory = self.directory / "secrets" / name
        directory.mkdir(exist_ok=True)
        if key:
            (directory / key).write_text(text)

    def calls(self) -> list[Call]:
        """All calls until now, in the order in which they began."""
        files = sorted(file for file in (self.directory / "calls").iterdir() if file.suffix != ".new")
        return [Call(**json.loads(file.read_text())) for file in files]

    def report_text(self) -> str:
        """The text of the report."""
        path = self.directory / "report"
        return path.read_text("ascii") if path.exists() else ""

    def start(self, *images: str, sockets: Sequence[str] | None = None, **settings: Any) -> Run:
        """Start the puller. The settings are its environment variables, in lower case and without the prefix."""
        sockets = [f"{self.socket} runtime.sock"] if sockets is None else sockets
        environment = {
            "SOCKETS": "\n".join(self._socket(*line.split()) for line in sockets),
            "IMAGES": "\n".join(images),
            "PULL_POLICY": "IfNotPresent",
            "ON_FAILURE": "retry",
            "PARALLELISM": 4,
            "ATTEMPTS": 1,
            "BACKOFF_MS": 20,
            "IMAGE_TIMEOUT_MS": 20_000,
            "STAGGER_MS": 0,
            "WORK": self.directory / "work",
            "REPORT": self.directory / "report",
            "SECRETS": self.directory / "secrets" if any((self.directory / "secrets").iterdir()) else None,
            **{key.upper(): value for key, value in settings.items()},
        }
        self._lay_out(
            secrets=environment["SECRETS"] is not None,
            provider=bool(environment.get("PROVIDER")),
            removal=bool(environment.get("REMOVE")),
            guard=bool(environment.get("MIN_FREE")),
            pruning=bool(environment.get("PRUNE")),
        )
        process = subprocess.Popen(
            [
                *programs.shell(self.shell),
                "-c",
                '. "$1"; . "$0"',
                self.directory / "scripts" / "puller.sh",
                "./hidden.sh",
            ],
            cwd=self.directory,
            env={
                "PATH": str(self.directory / "bin"),
                "FAKE_STATE": str(self.directory),
                **{f"PREPULL_{key}": str(value) for key, value in environment.items() if value is not None},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        self.runs.append(Run(process, self))
        return self.runs[-1]

    def run(self, *images: str, **settings: Any) -> Outcome:
        """Run the puller to its end."""
        return self.start(*images, **settings).finish()

    def close(self) -> None:
        """Kill the processes that a failed test has left."""
        for run in self.runs:
            if run.leftovers():
                os.killpg(run.process.pid, signal.SIGKILL)
            for stream in (run.process.stdout, run.process.stderr):
                if stream:
                    stream.close()
            run.process.wait()

    def _lay_out(self, **needed: bool) -> None:
        """Put the scripts into place that its ConfigMap would have, and no others."""
        shutil.rmtree(self.directory / "scripts")
        (self.directory / "scripts").mkdir()
        for name in puller_files(**needed):
            (self.directory / "scripts" / name).write_text(script(name), "utf-8")
        (self.directory / "scripts" / node_scripts.REASONS).write_text(node_scripts.reasons(), "utf-8")

    def _name_file(self, name: str) -> Path:
        return self.directory / "names" / name.encode().hex()

    def _socket(self, client: str, name: str, *remarks: str) -> str:
        path = self.directory / "sockets" / name
        if not name.startswith("absent") and not path.exists():
            os.mknod(path, stat.S_IFSOCK | 0o600)
        return " ".join((client, str(path), *remarks))


@pytest.fixture
def shell(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "ash"))


@pytest.fixture
def node(tmp_path: Path, shell: str) -> Iterator[Node]:
    """A node with containerd, without images."""
    node = Node(tmp_path, shell)
    yield node
    node.close()


@pytest.fixture
def provider(node: Node) -> fake_provider.Provider:
    """A credential provider on the node."""
    return fake_provider.install(node.directory / "provider.d")


@pytest.fixture(scope="module")
def shared_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One node for all tests of a module that examine the same run."""
    node = Node(tmp_path_factory.mktemp("node"), "ash")
    yield node
    node.close()
