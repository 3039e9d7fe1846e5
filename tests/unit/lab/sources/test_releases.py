"""The tools from their releases, which a local server lays out as their projects do."""

import hashlib
import io
import re
import shutil
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lab import versions
from lab.console import Console
from lab.platforms import Platform
from lab.sources import pypi
from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.workshop import Workshop
from lab.tools import kind, kubectl, kubernetes_provider, language_hosts, monitoring, node, pulumi

from .site import Fault, HangUp, Refuse, Rerouted, Site
from .toolchains import Builder

SYSTEM = versions.chosen({})
ARCHITECTURES = {"amd64": "x64", "arm64": "arm64"}
HOSTS = tuple(f"pulumi-language-{language}" for language in ("python", "nodejs", "go", "java", "yaml"))
GITHUB = "/github.com"
ASSETS = "/release-assets.githubusercontent.com"

Provide = Callable[[Workshop], Path | list[Path]]
TOOLS: dict[str, Provide] = {
    "kind": kind.provide,
    "kubectl": lambda workshop: kubectl.provide(workshop, SYSTEM),
    "pulumi": pulumi.provide,
    kubernetes_provider.NAME: kubernetes_provider.provide,
    "node": node.provide,
    "promtool": monitoring.promtool,
    "language hosts": lambda workshop: language_hosts.provide(workshop, Path("/nowhere/pulumi")),
}


def archive(*names: str, links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name in names:
            info = tarfile.TarInfo(name)
            info.mode, info.size = 0o755, len(name)
            file.addfile(info, io.BytesIO(name.encode()))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            file.addfile(info)
    return buffer.getvalue()


class Projects:
    """Publishes releases for one platform."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.host = Platform("linux", "amd64")

    def publish(self) -> None:
        self._kind()
        self._kubectl()
        self._pulumi()
        self._provider()
        self._node()
        self._prometheus()

    def _github(self, repository: str, tag: str, files: Mapping[str, bytes]) -> None:
        """Assets of a release, to each of which GitHub leads by way of another host."""
        for name, content in files.items():
            path = f"{GITHUB}/{repository}/releases/download/{tag}/{name}"
            asset = f"{ASSETS}/{hashlib.sha256(path.encode()).hexdigest()}?sp=r&sig=a%2Fb"
            self.site.add(asset, content)
            self.site.redirects[path] = f"{self.site.other_base}{asset}"

    def _kind(self) -> None:
        name = f"kind-{self.host.os}-{self.host.arch}"
        content = b"kind"
        listing = f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
        self._github("kubernetes-sigs/kind", versions.KIND, {name: content, f"{name}.sha256sum": listing})

    def _kubectl(self) -> None:
        path = f"/dl.k8s.io/release/{SYSTEM.kubernetes}/bin/{self.host.os}/{self.host.arch}/kubectl"
        # The checksum alone, without a name and without a line's end.
        mirror = "/cdn.dl.k8s.io"
        checksum = self.site.add(f"{mirror}/kubectl", b"kubectl")
        self.site.add(f"{mirror}/kubectl.sha256", checksum.encode())
        for suffix in ("", ".sha256"):
            self.site.redirects[f"{path}{suffix}"] = f"{self.site.other_base}{mirror}/kubectl{suffix}"

    def _pulumi(self) -> None:
        name = f"pulumi-v{versions.PULUMI}-{self.host.os}-{ARCHITECTURES[self.host.arch]}.tar.gz"
        content = archive(*(f"pulumi/{program}" for program in ("pulumi", *HOSTS)))
        listing = f"{'0' * 64}  pulumi-v{versions.PULUMI}-windows-x64.zip\n{_line(content, name)}"
        files = {name: content, f"pulumi-{versions.PULUMI}-checksums.txt": listing.encode()}
        self._github("pulumi/pulumi", f"v{versions.PULUMI}", files)

    def _provider(self) -> None:
        version = versions.PULUMI_KUBERNETES
        name = f"pulumi-resource-kubernetes-v{version}-{self.host.os}-{self.host.arch}.tar.gz"
        content = archive("LICENSE", "README.md", "pulumi-resource-kubernetes")
        files = {name: content, f"pulumi-kubernetes_{version}_checksums.txt": _line(content, name).encode()}
        self._github("pulumi/pulumi-kubernetes", f"v{version}", files)

    def _node(self) -> None:
        directory = f"node-v{versions.NODE}-{self.host.os}-{ARCHITECTURES[self.host.arch]}"
        modules = f"{directory}/lib/node_modules/npm/bin"
        content = archive(
            f"{directory}/bin/node",
            f"{modules}/npm-cli.js",
            f"{modules}/npx-cli.js",
            links={
                f"{directory}/bin/npm": "../lib/node_modules/npm/bin/npm-cli.js",
                f"{directory}/bin/npx": "../lib/node_modules/npm/bin/npx-cli.js",
            },
        )
        releases = f"/nodejs.org/dist/v{versions.NODE}"
        self.site.add(f"{releases}/{directory}.tar.gz", content)
        listing = f"{'0' * 64}  {directory}.tar.xz\n{_line(content, f'{directory}.tar.gz')}"
        self.site.add(f"{releases}/SHASUMS256.txt", listing.encode())

    def _prometheus(self) -> None:
        directory = f"prometheus-{versions.PROMETHEUS}.{self.host.os}-{self.host.arch}"
        content = archive(*(f"{directory}/{name}" for name in ("LICENSE", "prometheus", "promtool")))
        name = f"{directory}.tar.gz"
        listing = f"{'0' * 64}  {name.replace('.linux-', '.darwin-')}\n{_line(content, name)}"
        files = {name: content, "sha256sums.txt": listing.encode()}
        self._github("prometheus/prometheus", f"v{versions.PROMETHEUS}", files)


def _line(content: bytes, name: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n"


class Machine:
    """A machine without any of the tools."""

    def __init__(self, site: Site, cache: Cache) -> None:
        console = Console()
        self.go = Builder(cache, console)
        releases = Releases(Rerouted(site), sleep=lambda _: None)
        self.workshop = Workshop(cache, console, releases, self.go)


@pytest.fixture
def machine(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    def install(requirement: str, _: Path) -> None:
        raise AssertionError(f"{requirement} from PyPI")

    # What unpacks archives where Python cannot, and nothing else.
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("tar", "gzip"):
        (commands / name).symlink_to(shutil.which(name) or "/missing")
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setattr(pypi, "install", install)
    monkeypatch.setattr(Platform, "host", lambda: Platform("linux", "amd64"))
    return Machine(site, Cache(tmp_path / "cache"))


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_each_tool_comes_from_its_release(
    arch: str,
    tool: str,
    machine: Machine,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    platform = Platform("linux", arch)
    monkeypatch.setattr(Platform, "host", lambda: platform)
    projects = Projects(site)
    projects.host = platform
    projects.publish()

    provided = TOOLS[tool](machine.workshop)

    for path in provided if isinstance(provided, list) else [provided]:
        assert path.is_file()
    assert machine.go.built == []
    shown = capsys.readouterr().out.splitlines()
    assert all(": official release (" in line for line in shown), shown


def test_the_release_of_pulumi_is_downloaded_once(machine: Machine, site: Site) -> None:
    Projects(site).publish()
    engine = pulumi.provide(machine.workshop)
    assert [path.name for path in language_hosts.provide(machine.workshop, engine)] == [*HOSTS[1:]]
    assert sum(ASSETS in path for path, _ in site.asked) == 2


def test_a_bare_program_can_be_run(machine: Machine, site: Site) -> None:
    Projects(site).publish()
    assert {
        kind.provide(machine.workshop).stat().st_mode & 0o111,
        kubectl.provide(machine.workshop, SYSTEM).stat().st_mode & 0o111,
    } == {0o111}


@pytest.mark.parametrize(
    ("arch", "faults", "reason"),
    [
        ("riscv64", [], r"has no kind-linux-riscv64\.sha256sum \(404\)"),
        ("amd64", [Refuse(503)] * 3, r"answers 503 for kind-linux-amd64\.sha256sum"),
        ("amd64", [HangUp()] * 3, r"it closed the connection without an answer"),
    ],
)
def test_what_has_no_release_here_is_built_and_the_screen_says_why(
    arch: str,
    faults: list[Fault],
    reason: str,
    machine: Machine,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Projects(site).publish()
    path = f"{GITHUB}/kubernetes-sigs/kind/releases/download/{versions.KIND}/kind-linux-{arch}.sha256sum"
    site.faults[path] = list(faults)
    platform = Platform("linux", arch)
    monkeypatch.setattr(Platform, "host", lambda: platform)

    assert kind.provide(machine.workshop).is_file()

    assert machine.go.built == ["kind"]
    outcome, *reasons = capsys.readouterr().out.splitlines()
    assert outcome.startswith("✓ kind: built from its Go module (")
    [told] = reasons
    assert told.strip().startswith("official release: ")
    assert re.search(reason, told)
