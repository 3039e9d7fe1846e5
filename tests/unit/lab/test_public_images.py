"""What the lab's images get out of public images, which a docker client in shell lays out here."""

import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.console import Console
from lab.docker.contents import PublicImages
from lab.docker.engine import Engine
from lab.docker.upstream import Upstream
from lab.images import clients, python
from lab.images.catalogue import Catalogue
from lab.images.oci import Entry, File, Link
from lab.sources.cache import Cache
from lab.sources.download import Releases
from lab.sources.source import UnavailableError
from lab.sources.workshop import Workshop
from lab.tools import monitoring
from lab.versions import chosen

from .sources.toolchains import Builder

SYSTEM = chosen({})
# The image of a container is the one directory under $IMAGES that is named like the last part of its reference.
DOCKER = r"""#!/bin/sh
set -eu
image() { cat "$CONTAINERS/$1"; }
case $1 in
ps) ;;
create) mkdir -p "$CONTAINERS"; name=${6##*/}; echo "$IMAGES/${name%%:*}" >"$CONTAINERS/$3" ;;
cp) cp -P "$(image "${2%%:*}")${2#*:}" "$3" ;;
export) tar -c -C "$(image "$4")" -f "$3" . ;;
rm) shift 3; rm -f "$CONTAINERS/$1" ;;
*) echo "docker $*: not here" >&2; exit 1 ;;
esac
"""


class Hub(Upstream):
    """Docker Hub, whether it can be reached or not."""

    reached = True

    def pull(self, reference: str) -> None:
        if not self.reached:
            raise UnavailableError(f"docker.io cannot be reached, so {reference} cannot be pulled")


class Lab:
    """An engine, its images and a workshop."""

    def __init__(self, directory: Path) -> None:
        self.images = directory / "images"
        self.containers = directory / "containers"
        client = directory / "docker"
        client.write_text(DOCKER)
        client.chmod(0o755)
        environ = {"PATH": os.defpath, "IMAGES": str(self.images), "CONTAINERS": str(self.containers)}
        engine = Engine(client, environ)
        cache, console = Cache(directory / "cache"), Console()
        self.builder = Builder(cache, console)
        self.workshop = Workshop(cache, console, Releases(), self.builder)
        self.engine = engine
        self.hub = Hub(engine, self.workshop.releases)
        self.public = PublicImages(engine, self.hub)

    def put(self, image: str, files: Mapping[str, str], links: Mapping[str, str] | None = None) -> None:
        for path, content in files.items():
            file = self.images / image / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        for path, target in (links or {}).items():
            (self.images / image / path).parent.mkdir(parents=True, exist_ok=True)
            (self.images / image / path).symlink_to(target)


def with_clients(lab: Lab) -> Lab:
    lab.put("docker", {"usr/local/bin/docker": "pulled"})
    lab.put("k3s", {"bin/k3s": "pulled"}, {f"bin/{name}": "k3s" for name in ("crictl", "ctr", "kubectl")})
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return with_clients(Lab(tmp_path))


def shown(entries: Mapping[str, Entry]) -> dict[str, str]:
    """Each file's content, and each link's target."""
    return {
        path: f"-> {entry.target}" if isinstance(entry, Link) else entry.read().decode()
        for path, entry in entries.items()
        if isinstance(entry, (File, Link))
    }


def test_clients_come_out_of_the_public_images_and_a_large_program_comes_once(lab: Lab) -> None:
    assert shown(clients.entries(clients.DOCKER, lab.public, lab.workshop)) == {"/usr/local/bin/docker": "pulled"}
    assert shown(clients.entries(clients.kubernetes(SYSTEM), lab.public, lab.workshop)) == {
        "/bin/k3s": "pulled",
        "/bin/crictl": "-> k3s",
        "/bin/ctr": "-> k3s",
        "/bin/kubectl": "-> k3s",
    }
    assert list(lab.containers.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "links", "expected"),
    [
        (
            {"bin/crictl": "one", "bin/ctr": "two", "bin/kubectl": "three"},
            {},
            {"/bin/crictl": "one", "/bin/ctr": "two", "/bin/kubectl": "three"},
        ),
        (
            {"opt/k3s": "one"},
            {"bin/crictl": "/opt/k3s", "bin/ctr": "crictl", "bin/kubectl": "../opt/kubectl", "opt/kubectl": "k3s"},
            {"/bin/k3s": "one", "/bin/crictl": "-> k3s", "/bin/ctr": "-> crictl", "/bin/kubectl": "-> k3s"},
        ),
    ],
)
def test_links_are_followed_wherever_they_lead(
    files: dict[str, str], links: dict[str, str], expected: dict[str, str], tmp_path: Path
) -> None:
    lab = Lab(tmp_path)
    lab.put("k3s", files, links)
    got = clients.entries(clients.kubernetes(SYSTEM), lab.public, lab.workshop)
    assert shown(got) | expected == shown(got)


def test_clients_are_built_where_the_image_cannot_be_pulled(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.hub.reached = False
    assert shown(clients.entries(clients.kubernetes(SYSTEM), lab.public, lab.workshop)) == dict.fromkeys(
        ("/bin/crictl", "/bin/ctr", "/bin/kubectl"), "built"
    )
    assert "official image: docker.io cannot be reached" in capsys.readouterr().out


def test_the_official_python_comes_with_the_libraries_that_its_modules_need(lab: Lab) -> None:
    libraries = {"lib/ld-musl-x86_64.so.1": "loader", "usr/lib/libssl.so.3": "TLS", "usr/lib/libz.so.1.3.1": "zlib"}
    programs = {"usr/local/bin/python3.13": "python", "usr/local/lib/python3.13/json/__init__.py": "json"}
    links = {
        "usr/local/bin/python3": "python3.13",
        "lib/libc.musl-x86_64.so.1": "ld-musl-x86_64.so.1",
        "usr/lib/libz.so.1": "libz.so.1.3.1",
        "etc/mtab": "/proc/mounts",
    }
    lab.put("python", {**libraries, **programs, "etc/passwd": "root", "usr/share/doc/README": "text"}, links)
    got = shown(python.entries(lab.public, lab.workshop))
    assert got.items() >= {f"/{path}": content for path, content in {**libraries, **programs}.items()}.items()
    assert got["/usr/lib/libz.so.1"] == "-> libz.so.1.3.1"
    assert got["/bin/python3"] == "-> /usr/local/bin/python3"
    assert not {path for path in got if path.startswith(("/etc", "/usr/share"))}


def test_the_pullers_image_is_put_together_from_public_images_and_nothing_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = with_clients(Lab(tmp_path))
    lab.put("busybox", {"bin/busybox": "#!/bin/sh\necho sh\necho cat\n"})
    (lab.images / "busybox/bin/busybox").chmod(0o755)
    lab.put("python", {"usr/local/bin/python3": "python"})
    commands = tmp_path / "bin"
    commands.mkdir()
    # What unpacks archives where Python cannot, and no busybox.
    (commands / "tar").symlink_to(shutil.which("tar") or "/missing")
    monkeypatch.setenv("PATH", str(commands))

    [puller] = [
        it for it in Catalogue(lab.engine, lab.hub, lab.workshop, SYSTEM).offers() if it.repository == "prepull/puller"
    ]

    names: set[str] = set()
    for content in puller.stand_in().layers:
        assert isinstance(content, bytes)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            names.update(archive.getnames())
    programs = {"busybox", "sh", "cat", "python3", "k3s", "crictl", "ctr", "kubectl"}
    assert lab.builder.built == []
    assert names >= {f"bin/{name}" for name in programs} | {"usr/local/bin/docker", "usr/local/bin/python3"}


def test_kube_state_metrics_comes_out_of_its_image(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.put("kube-state-metrics", {"kube-state-metrics": "pulled"})

    assert monitoring.kube_state_metrics(lab.workshop, lab.public).read_text() == "pulled"

    assert lab.builder.built == []
    assert capsys.readouterr().out.startswith("✓ kube-state-metrics: official image (")
