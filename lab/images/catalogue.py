"""The images in the lab's registry, under the names of the public images.

Each is the public image if that can be pulled. If not, a stand-in replaces it, with the same programs at the same
paths and of the same size (lab/images/sizes.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lab.docker.contents import PublicImages
from lab.images import clients, control_plane, python
from lab.images.oci import Directory, Entry, File, Image, Link, layer, program
from lab.images.sizes import SIZES, sized
from lab.package import BUSYBOX_IMAGE, DOCKER_IMAGE, K3S_IMAGE, PAUSE_IMAGE, PYTHON_IMAGE, parse
from lab.platforms import Platform
from lab.process import run
from lab.sources.source import UnavailableError, brief
from lab.tools import busybox, programs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.console import Step
    from lab.docker.engine import Engine
    from lab.docker.upstream import Upstream
    from lab.images.registry_client import RegistryClient
    from lab.sources.workshop import Workshop
    from lab.versions import System

# Applets that the public image lacks: a puller that needs one must fail in the lab too.
_NOT_IN_K3S = frozenset({"base64", "timeout"})
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_HELLO_WORLD_IMAGE = "docker.io/library/hello-world:latest"
_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True)
class Offer:
    """An image of the registry: its name there, its public name, and its stand-in."""

    repository: str
    tag: str
    upstream: str | None
    stand_in: Callable[[], Image]


def _public(image: str, stand_in: Callable[[], Image]) -> Offer:
    """A public image, with its name in canonical form. A mirror has it without the name of its registry."""
    reference = parse(image)
    return Offer(reference.repository, str(reference.tag), image, stand_in)


class Catalogue:
    """Provides the images and pushes them to a registry."""

    def __init__(self, engine: Engine, upstream: Upstream, workshop: Workshop, system: System) -> None:
        self._engine = engine
        self._upstream = upstream
        self._images = PublicImages(engine, upstream)
        self._workshop = workshop
        self._system = system
        self._layers: dict[str, bytes] = {}

    def offers(self) -> list[Offer]:
        """The images of the registry."""
        return [
            _public(_HELLO_WORLD_IMAGE, self._hello_world),
            _public(DOCKER_IMAGE, self._docker_cli),
            _public(BUSYBOX_IMAGE, self._busybox),
            _public(K3S_IMAGE, self._k3s),
            _public(PYTHON_IMAGE, self._python),
            _public(PAUSE_IMAGE, self._pause),
            Offer("prepull/puller", "dev", None, self._puller),
        ]

    def stock(self, registry: RegistryClient) -> None:
        """Push the images that the registry lacks."""
        missing = [offer for offer in self.offers() if registry.digest(offer.repository, offer.tag) is None]
        with self._workshop.console.step("images in the registry") as step:
            pulled = 0
            for offer in missing:
                step.now(f"{offer.repository}:{offer.tag}")
                pulled += self._put(registry, offer, step)
            step.ended(f"{len(missing)} put there, {pulled} of them pulled from upstream" if missing else "there")

    def _put(self, registry: RegistryClient, offer: Offer, step: Step) -> bool:
        """Push an image, and return whether it is the public one."""
        if offer.upstream is not None:
            try:
                self._upstream.pull(offer.upstream)
            except UnavailableError as reason:
                step.note(f"official image: {brief(reason)}")
            else:
                reference = f"{registry.address}/{offer.repository}:{offer.tag}"
                self._engine.docker("tag", offer.upstream, reference)
                self._engine.docker("push", "--quiet", reference)
                self._engine.docker("image", "rm", reference)
                return True
        image = offer.stand_in()
        size = SIZES.get(offer.upstream or "")
        registry.push(offer.repository, offer.tag, sized(image, size, self._workshop.cache) if size else image)
        return False

    def _hello_world(self) -> Image:
        built = self._workshop.go.build(programs.HELLO_WORLD, Platform.nodes())
        return Image((layer({"/hello": program(built / "hello-world")}),), command=("/hello",), environ=_PATH)

    def _docker_cli(self) -> Image:
        return Image((self._shell(), self._certificates(), self._docker()), command=("sh",), environ=_PATH)

    def _busybox(self) -> Image:
        return Image((self._shell(),), command=("sh",), environ=_PATH)

    def _k3s(self) -> Image:
        # One layer, as in the public image. Its entrypoint too: a puller that relies on another one must fail here.
        entries = {
            **self._shell_entries(without=_NOT_IN_K3S),
            **_certificates(),
            **self._client_entries(clients.kubernetes(self._system)),
        }
        return Image(
            (layer(entries),),
            entrypoint=("/bin/k3s",),
            command=("agent",),
            environ={
                "PATH": "/var/lib/rancher/k3s/data/cni:/bin:/bin/aux",
                "CRI_CONFIG_FILE": "/var/lib/rancher/k3s/agent/etc/crictl.yaml",
            },
        )

    def _python(self) -> Image:
        return Image((self._shell(), self._python_layer()), command=("python3",), environ=_PATH)

    def _pause(self) -> Image:
        return control_plane.pause_image(
            self._workshop.go.build(programs.PAUSE, Platform.nodes()) / "pause", "registry"
        )

    def _puller(self) -> Image:
        layers = (self._shell(), self._certificates(), self._python_layer(), self._kubernetes(), self._docker())
        return Image(layers, command=("sh",), environ=_PATH)

    @cached_property
    def _shell_program(self) -> Path:
        return busybox.provide(self._workshop, self._images)

    def _shell_entries(self, without: frozenset[str] = frozenset()) -> dict[str, Entry]:
        binary = self._shell_program
        applets = sorted({*run(binary, "--list").split()} - without)
        links: dict[str, Entry] = {f"/bin/{applet}": Link("busybox") for applet in applets}
        return {
            **links,
            "/bin/busybox": program(binary),
            "/tmp": Directory(0o1777),  # noqa: S108
            "/etc/passwd": File(b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
            "/etc/group": File(b"root:x:0:\nnobody:x:65534:\n"),
        }

    def _shell(self) -> bytes:
        return self._layer("shell", self._shell_entries)

    def _certificates(self) -> bytes:
        return self._layer("certificates", _certificates)

    def _kubernetes(self) -> bytes:
        return self._clients(clients.kubernetes(self._system))

    def _docker(self) -> bytes:
        return self._clients(clients.DOCKER)

    def _clients(self, wanted: clients.Clients) -> bytes:
        return self._layer(wanted.title, lambda: self._client_entries(wanted))

    def _client_entries(self, wanted: clients.Clients) -> dict[str, Entry]:
        return clients.entries(wanted, self._images, self._workshop)

    def _python_layer(self) -> bytes:
        return self._layer("python", lambda: python.entries(self._images, self._workshop))

    def _layer(self, name: str, make: Callable[[], dict[str, Entry]]) -> bytes:
        if name not in self._layers:
            self._layers[name] = layer(make())
        return self._layers[name]


def _certificates() -> dict[str, Entry]:
    return {str(_CERTIFICATES): File(_CERTIFICATES)} if _CERTIFICATES.exists() else {}
