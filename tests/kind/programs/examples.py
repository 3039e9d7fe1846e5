"""Runs an example as it stands: what it names is made to be there, on the lab's nodes and in its registries.

The images that an example's configuration names are put where its nodes look for them, in docker.io for example, or in
a private mirror. An example that is added needs no code, unless it is about pools of nodes: POOLS has them.
"""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prepull.arguments import check as validation
from prepull.arguments import stackfile
from prepull.cli import documents
from prepull.images.references import Reference, parse
from pulumi import automation as auto

from lab import Lab
from lab.cluster.nodes import Nodes
from lab.cluster.registries import RunningRegistry
from lab.images.node_files import MIRRORED, certs_path, hosts_toml
from lab.images.oci import Entry, Image, Link, layer, noise, program
from lab.images.registry_client import Credentials

from ..conftest import changed_by
from .pools import Pool, key_of, untainted

EXAMPLES = Path(__file__).parents[3] / "examples"
# What stands for the component's own images, where an example takes them from elsewhere.
OWN = {
    "puller_image": ("prepull/puller", "dev"),
    "gate_image": ("prepull/puller", "dev"),
    "pause_image": ("pause", "3.10"),
}
POOLS: Mapping[str, Sequence[tuple[Pool, Sequence[str]]]] = {
    "gpu": [
        (
            # For two pods at once, while one takes the place of the other.
            Pool(
                {"nvidia.com/gpu.present": "true"},
                ("nvidia.com/gpu=:NoSchedule", "example.com/images-missing=:NoSchedule"),
                {"nvidia.com/gpu": "2"},
            ),
            ("gpu:server_image", "gpu:job_image"),
        )
    ],
    "jupyterhub": [
        (
            Pool({"hub.jupyter.org/node-purpose": "user"}, ("hub.jupyter.org/dedicated=user:NoSchedule",)),
            ("jupyterhub:profiles", "jupyterhub:network_tools_image"),
        ),
        (Pool({"hub.jupyter.org/node-purpose": "core"}), ("jupyterhub:hub_image", "jupyterhub:proxy_image")),
    ],
}
"""The pools of nodes that an example's README speaks of, and what its configuration names for each. The rest of its
images is for the nodes without taints; without pools, all images are for every node."""
_STAYS = ("/bin/busybox", "sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait")


@dataclass
class Project:
    """A Pulumi project of an example, copied to where it may be changed."""

    directory: Path
    backend: Path
    _stack: auto.Stack | None = None
    _begun: bool = False

    @property
    def project(self) -> dict[str, Any]:
        """What its Pulumi.yaml says."""
        return dict(documents.load((self.directory / "Pulumi.yaml").read_text("utf-8")))

    @property
    def stack_name(self) -> str:
        """Its one stack."""
        [path] = self.directory.glob("Pulumi.*.yaml")
        return path.stem.partition(".")[2]

    @property
    def values(self) -> dict[str, Any]:
        """What its stack's file configures."""
        path = self.directory / f"Pulumi.{self.stack_name}.yaml"
        return dict((documents.load(path.read_text("utf-8")) or {}).get("config") or {})

    @property
    def args(self) -> dict[str, Any]:
        """The components' arguments among them, of all components together."""
        others = {self.project["name"], "kubernetes"}
        namespaces = sorted({key.partition(":")[0] for key in self.values} - others)
        made: dict[str, Any] = {}
        for namespace in namespaces:
            made |= stackfile.arguments({"config": self.values}, self.project, namespace)
        return made

    @property
    def secrets(self) -> list[str]:
        """The keys whose values have to be encrypted."""
        own = self.project["name"]
        declared: dict[str, Any] = self.project.get("config") or {}
        return [f"{own}:{key}" for key, value in declared.items() if isinstance(value, dict) and value.get("secret")]

    @property
    def images(self) -> list[Reference]:
        """The images that it names, but for the component's own."""
        return self.images_under(*(key for key in self.values if key.rpartition(":")[2] not in OWN))

    def images_under(self, *keys: str) -> list[Reference]:
        """The images that some keys of its configuration name."""
        return [parse(image) for image in dict.fromkeys(_images({key: self.values[key] for key in keys}))]

    def stack(self) -> auto.Stack:
        """Its stack, in a backend of the test's own."""
        if self._stack is None:
            (self.directory / ".venv").symlink_to(sys.prefix)
            options = auto.LocalWorkspaceOptions(env_vars={"PULUMI_BACKEND_URL": f"file://{self.backend}"})
            self._stack = auto.create_or_select_stack(self.stack_name, work_dir=str(self.directory), opts=options)
        return self._stack

    def configure(self, values: Mapping[str, str], hidden: Mapping[str, str] | None = None) -> None:
        """Set values in the copy's configuration, as `pulumi config set` does."""
        for key, value in values.items():
            self.stack().set_config(key, auto.ConfigValue(value))
        for key, value in (hidden or {}).items():
            self.stack().set_config(key, auto.ConfigValue(value, secret=True))

    def up(self) -> auto.UpResult:
        """Run `pulumi up`, the preview first; what it printed is printed where it fails."""
        self.stack().preview(on_output=print, color="never")
        self._begun = True
        return self.stack().up(on_output=print, color="never")

    def unchanged(self) -> bool:
        """Whether a second `pulumi up` would change nothing."""
        return set(changed_by(self.stack().preview(color="never").change_summary)) == {"same"}

    def state(self) -> str:
        """What the backend holds; an export would have its secrets decrypted."""
        name: str = self.project["name"]
        return (self.backend / ".pulumi" / "stacks" / name / f"{self.stack_name}.json").read_text("utf-8")

    def destroy(self) -> None:
        """Remove what it made."""
        if self._begun:
            self.stack().destroy(color="never")


def projects_of(example: Path, directory: Path) -> list[Project]:
    """Copies of an example's projects."""
    copy = directory / example.name
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    backend = directory / "backend"
    backend.mkdir()
    return [Project(path.parent, backend) for path in sorted(copy.rglob("Pulumi.yaml"))]


def _images(value: Any, name: str = "") -> Iterator[str]:
    """Every text under a key `…image`, and each of a list under `…images`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _images(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _images(item, name.removesuffix("s"))
    elif isinstance(value, str) and name.endswith("image"):
        yield value


@dataclass
class World:
    """The lab as an example wants it, and as it was before once it is closed."""

    lab: Lab
    nodes: dict[str, set[str]] = field(default_factory=dict)
    """The nodes where each image has to be, and no others."""
    opened: set[str] = field(default_factory=set)
    """The nodes that have a startup taint until their images are there."""
    hidden: dict[str, str] = field(default_factory=dict)
    """Values for what its configuration has to encrypt."""
    _undo: ExitStack = field(default_factory=ExitStack)

    def prepare(self, project: Project) -> None:
        """Make everything that a project names."""
        registry, credentials = self._registry(project)
        self.hidden = dict.fromkeys(project.secrets, credentials.password)
        self.offer({**project.args, "images": [str(image) for image in project.images]}, registry)
        self._found(project)

    def _found(self, project: Project) -> None:
        """Make the nodes of an example's pools: the last ones of the lab, as the first runs the control plane."""
        pools = POOLS.get(project.project["name"], [])
        special: dict[str, set[str]] = {}
        for node, (pool, keys) in zip(reversed(self.lab.cluster.base_nodes), pools, strict=False):
            self._undo.enter_context(pool.on(self.lab, node))
            special |= {str(image): {node} for image in project.images_under(*keys)}
            if any(project.args.get("startup_taint") == key_of(taint) for taint in pool.taints):
                self.opened.add(node)
        others = untainted(self.lab) if pools else set(self.lab.cluster.base_nodes)
        self.nodes = {**{str(image): others for image in project.images}, **special}

    def offer(self, args: Mapping[str, Any], registry: RunningRegistry | None = None) -> None:
        """Make everything that a component's arguments name."""
        registry = registry or self.lab.registry
        plan = validation.check("example", args)
        for image in plan.images:
            source = plan.source(image)
            self._reach(source.registry, registry)
            self._push(registry, source, image)
        for argument, (repository, tag) in OWN.items():
            if argument in args:
                wanted = parse(args[argument])
                self._reach(wanted.registry, registry)
                self.lab.registry.client.copy(repository, tag, registry.client, wanted.repository, str(wanted.tag))
                self._undo.callback(_unname, self.lab.nodes, str(wanted))

    def close(self) -> None:
        """Put everything back."""
        self._undo.close()

    def _registry(self, project: Project) -> tuple[RunningRegistry, Credentials]:
        """The lab's own registry; or one with a login, where the example has a password to be kept."""
        user = next((value for key, value in project.values.items() if key.endswith("registry_user")), "")
        credentials = Credentials(user, secrets.token_urlsafe(18))
        if not project.secrets:
            return self.lab.registry, credentials
        alias = "example.registry"
        self.lab.registries.remove(alias)
        self._undo.callback(self.lab.registries.remove, alias)
        return self.lab.registries.ensure(alias, credentials), credentials

    def _reach(self, host: str, registry: RunningRegistry) -> None:
        """Have the nodes take a registry of the lab's for the host."""
        if host in MIRRORED:
            return
        for node in self.lab.nodes.names():
            self.lab.nodes.write(node, {certs_path(host): hosts_toml(f"http://{registry.address}").encode()})
            self._undo.callback(self.lab.nodes.exec, node, "rm", "-rf", str(Path(certs_path(host)).parent))

    def _push(self, registry: RunningRegistry, source: Reference, image: Reference) -> None:
        """Put an image there that runs until it is told to stop."""
        content: dict[str, Entry] = {
            "/bin/busybox": program(self.lab.busybox),
            "/bin/sh": Link("busybox"),
            "/data": noise(1000, seed=str(image)),
        }
        digest = registry.client.push(source.repository, str(source.tag), Image((layer(content),), entrypoint=_STAYS))
        self._undo.callback(_forget, self.lab.nodes, str(image), str(source))
        if registry.address == self.lab.registry.address:
            self._undo.callback(registry.client.delete, source.repository, digest)


def _forget(nodes: Nodes, *references: str) -> None:
    for node in nodes.names():
        for reference in references:
            nodes.remove_image(node, reference)


def _unname(nodes: Nodes, reference: str) -> None:
    """Take a name, and no other, off an image that the nodes need."""
    for node in nodes.names():
        nodes.exec(node, "ctr", "--namespace=k8s.io", "images", "rm", reference)
