"""The lab as one object: start, query and remove it."""

from __future__ import annotations

import os
import secrets
import shutil
from functools import cached_property
from typing import TYPE_CHECKING

import bcrypt

from lab import versions
from lab.checkout import Checkout
from lab.cluster import credential_provider
from lab.cluster.cluster import Cluster
from lab.cluster.nodes import Nodes
from lab.cluster.registries import LAB_LABEL, Registries, RunningRegistry
from lab.console import Console
from lab.docker import provide as engine
from lab.docker.contents import PublicImages
from lab.docker.engine import Engine
from lab.docker.own import OwnEngine
from lab.docker.upstream import Upstream
from lab.environ import lab_environ, shell_lines
from lab.errors import LabError
from lab.images import node_image, registry_image
from lab.images.catalogue import Catalogue
from lab.process import run
from lab.sources.workshop import Workshop
from lab.tools import (
    busybox,
    docker_client,
    interpreters,
    kind,
    kubectl,
    kubernetes_provider,
    language_hosts,
    monitoring,
    node,
    pulumi,
)
from lab.tools.checkers import actionlint

if TYPE_CHECKING:
    from pathlib import Path

    from lab.images.registry_client import Credentials
    from lab.sources.cache import Cache
    from lab.versions import System

REGISTRY_IMAGE_FILE = "registry-image"


class Lab:
    """A cluster of three nodes and a registry, on this machine, for one checkout.

    | to | use |
    |---|---|
    | bring it up, take it down | `up()`, `down()`, `is_up()` |
    | run pulumi, kubectl or docker against it | `environ` |
    | ask or change what is on a node | `nodes` |
    | push an image that its nodes can pull | `registry.client.push()`, then `registry.address` |
    | run programs in TypeScript, Go, Java and YAML | `provide_languages()`, then `environ` |
    | run another registry beside it | `registries.ensure("other.registry")` |
    """

    def __init__(self, checkout: Checkout, console: Console | None = None) -> None:
        self.checkout = checkout
        self.console = console or Console()
        self._workshop = Workshop.of(checkout, self.console)

    @classmethod
    def of_checkout(cls, console: Console | None = None) -> Lab:
        """The lab of the checkout that this code is part of."""
        return cls(Checkout.of_this_file(), console)

    @property
    def name(self) -> str:
        """The name of its cluster and network, and the prefix of its containers' names."""
        return self.checkout.name

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of its cluster."""
        return self.checkout.state / "kubeconfig"

    @cached_property
    def system(self) -> System:
        """What its nodes run, or would run: the environment variable KUBERNETES chooses it."""
        return versions.chosen(os.environ)

    @property
    def _tools(self) -> Path:
        return self.checkout.state / "bin"

    @property
    def environ(self) -> dict[str, str]:
        """The environment for programs that use the lab, without the user's settings for other clusters."""
        return lab_environ(self.checkout.state, self.engine.environ, self._passphrase)

    @property
    def shell_lines(self) -> list[str]:
        """The lines that set the lab's own variables in a shell."""
        return shell_lines(self.checkout.state, self.engine.environ, self._passphrase)

    @property
    def _passphrase(self) -> str:
        return (self.checkout.state / "passphrase").read_text()

    @cached_property
    def engine(self) -> Engine:
        """The engine that its containers run on."""
        client = self._tools / "docker"
        found = engine.find(self._workshop.cache, client) if client.exists() else None
        if found is None:
            raise LabError("The lab is not up: run `make up`.")
        return found

    @cached_property
    def cluster(self) -> Cluster:
        """Its cluster."""
        return Cluster(self.name, self.engine, self._tools / "kind", self._tools / "kubectl", self.kubeconfig)

    @cached_property
    def nodes(self) -> Nodes:
        """Its nodes."""
        return Nodes(self.cluster)

    @cached_property
    def registries(self) -> Registries:
        """Starts registries on its network."""
        image = (self.checkout.state / REGISTRY_IMAGE_FILE).read_text()
        return Registries(self.name, self.engine, image, _htpasswd)

    @property
    def registry(self) -> RunningRegistry:
        """Its own registry. Its nodes also use it as a mirror of docker.io and registry.k8s.io."""
        return self.registries.ensure()

    @property
    def busybox(self) -> Path:
        """A static busybox, for images that need a shell."""
        return busybox.provide(self._workshop, self._public_images)

    @property
    def kube_state_metrics(self) -> Path:
        """A program that serves the state of a cluster as metrics. `up` does not provide it: few tests need it."""
        return monitoring.kube_state_metrics(self._workshop, self._public_images)

    @property
    def promtool(self) -> Path:
        """Prometheus' own check of rules. `up` does not provide it either."""
        return monitoring.promtool(self._workshop)

    @property
    def _public_images(self) -> PublicImages:
        return PublicImages(self.engine, Upstream(self.engine, self._workshop.releases))

    def interpreters(self) -> dict[str, Path]:
        """The shells and awks for the tests of the nodes' programs. They require no running lab."""
        return interpreters.provide(self._workshop)

    def actionlint(self) -> Path:
        """The program that checks workflows. It requires no running lab."""
        return actionlint.provide(self._workshop)

    def gofmt(self) -> Path:
        """gofmt, for this machine."""
        return self._workshop.go.formatter()

    @property
    def cache(self) -> Cache:
        """What was downloaded and built, shared by every checkout."""
        return self._workshop.cache

    def provide_engine(self) -> Engine:
        """The engine that its containers run on, or would run on, whether it is up or not."""
        return engine.provide(self.cache, docker_client.provide(self._workshop), self.console)

    def is_up(self) -> bool:
        """Whether the whole lab runs and every node is ready."""
        try:
            cluster = self.cluster
        except LabError:
            return False
        running = cluster.containers(running=True)
        return all(node in running for node in cluster.base_nodes) and cluster.answers() and not cluster.unready()

    def up(self) -> None:
        """Start the missing parts of the lab. Running parts stay unchanged.

        If two processes call it at the same time, the second waits for the first and uses its lab.

        Raises:
            LabError: a part cannot be had; or there is a cluster of another Kubernetes, with what lies on it.
        """
        with self._workshop.cache.lock(self.name):
            self._up()

    def _up(self) -> None:
        system = self.system
        client = docker_client.provide(self._workshop)
        found = engine.provide(self._workshop.cache, client, self.console)
        upstream = Upstream(found, self._workshop.releases)
        self._refuse_another(system, found)
        self._prepare_state()
        self._link_tools(client)
        image = node_image.provide(found, upstream, self._workshop, system)
        registry = registry_image.provide(found, upstream, self._workshop)
        (self.checkout.state / REGISTRY_IMAGE_FILE).write_text(registry)
        self.__dict__["engine"] = found
        self._ensure_network()
        with self.console.step("registry") as step:
            running = self.registry
            step.ended(f"at {running.client.address}, for nodes {running.address}")
        Catalogue(found, upstream, self._workshop, system).stock(running.client)
        self._ensure_cluster(image)

    def _refuse_another(self, system: System, engine: Engine) -> None:
        """Refuse a cluster with another system. To make it anew would take what the user has on it, unasked."""
        container = engine.inspect("container", f"{self.name}-control-plane")
        if container is None:
            return
        there = node_image.system_of(container["Config"]["Image"])
        if there == system.name:
            return
        if there not in versions.SYSTEMS:
            raise LabError("The lab's cluster is from an older version of this checkout: run `make down` first.")
        raise LabError(
            f"The lab runs Kubernetes {there}, and {system.name} is asked for: run `make down` first, or keep it with "
            f"`{versions.SETTING}={there} make up`."
        )

    def provide_languages(self) -> None:
        """Add what programs in TypeScript, Go, Java and YAML need to `environ`. `up` omits it: few need it."""
        hosts = language_hosts.provide(self._workshop, self._tools / "pulumi")
        for path in (*hosts, *node.provide(self._workshop), self._workshop.go.toolchain()):
            self._link(path.name, path)

    def csharp_sdk(self, schema: Path, directory: Path) -> None:
        """Write the SDK of a package in C# into a directory.

        Args:
            schema: the package's schema, a file of JSON.
            directory: where the SDK is written.
        """
        run(language_hosts.csharp_sdk(self._workshop), schema, directory)

    def down(self) -> None:
        """Remove the nodes, registries, network and state. Builds stay in the cache."""
        found = self._engine_to_clean()
        if found is not None:
            with self.console.step("cluster and registries") as step:
                nodes = found.containers(f"io.x-k8s.kind.cluster={self.name}")
                registries = found.containers(f"{LAB_LABEL}={self.name}")
                found.remove_containers(*nodes, *registries)
                if found.inspect("network", self.name) is not None:
                    found.docker("network", "rm", self.name)
                step.ended(f"{len(nodes)} nodes and {len(registries)} registries removed")
            if found.own:
                OwnEngine(self._workshop.cache).stop(found)
        shutil.rmtree(self.checkout.state, ignore_errors=True)

    def _engine_to_clean(self) -> Engine | None:
        """The engine with the lab's containers, running or not; None if there never was one."""
        client = self._tools / "docker"
        if not client.exists():
            return None
        found = engine.find(self._workshop.cache, client)
        if found is None and OwnEngine(self._workshop.cache).directory.exists():
            # After a reboot of the machine, the engine does not run, but would restart the nodes with its next start.
            return engine.provide(self._workshop.cache, client, self.console)
        return found

    def _prepare_state(self) -> None:
        state = self.checkout.state
        for directory in (state, self._tools, state / "stacks", state / "pulumi"):
            directory.mkdir(parents=True, exist_ok=True)
        state.chmod(0o700)
        passphrase = state / "passphrase"
        if not passphrase.exists():
            passphrase.touch(mode=0o600)
            passphrase.write_text(secrets.token_urlsafe(32))

    def _link_tools(self, docker: Path) -> None:
        host = pulumi.provide(self._workshop)
        tools = {
            "docker": docker,
            "kind": kind.provide(self._workshop),
            "kubectl": kubectl.provide(self._workshop, self.system),
        }
        for path in sorted(host.resolve().parent.glob("pulumi*")):
            tools[path.name] = path
        for name, path in tools.items():
            self._link(name, path)
        provider = kubernetes_provider.provide(self._workshop)
        kubernetes_provider.install(provider, self.checkout.state / "pulumi")

    def _link(self, name: str, path: Path) -> None:
        link = self._tools / name
        # The program on PATH may be the link itself.
        if path != link:
            # By a rename: tests side by side bring the lab up, and the others' link must never be missing.
            fresh = self._tools / f".{name}.{os.getpid()}"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(path)
            fresh.replace(link)

    def _ensure_network(self) -> None:
        if self.engine.inspect("network", self.name) is None:
            self.engine.docker("network", "create", "--label", f"{LAB_LABEL}={self.name}", self.name)

    def _ensure_cluster(self, image: node_image.NodeImage) -> None:
        with self.console.step("cluster") as step:
            there = self.cluster.containers()
            # An interrupted run may leave part of a cluster, or all nodes and no kubeconfig, which kind writes last.
            # Without its state, the stacks on a cluster are unknown.
            if not set(self.cluster.base_nodes) <= set(there) or not self.kubeconfig.exists():
                self.engine.remove_containers(*there)
                step.now("credential provider")
                mounts = credential_provider.mounts(self._workshop, self.checkout.state)
                step.now("kind create cluster")
                self.cluster.create(image, self.system, mounts)
                step.ended(f"3 nodes made, with Kubernetes {self.system.name}")
            else:
                stopped = set(self.cluster.base_nodes) - set(self.cluster.containers(running=True))
                for node in sorted(stopped):
                    step.now(f"starting {node}")
                    self.engine.docker("start", node)
                step.ended("started again" if stopped else "there")
            self.cluster.wait_until_ready()


def _htpasswd(credentials: Credentials) -> str:
    """The line of a user in the registry's htpasswd file."""
    # The cheapest hash: it guards nothing but a test, and every request pays for it.
    hashed = bcrypt.hashpw(credentials.password.encode(), bcrypt.gensalt(rounds=4))
    return f"{credentials.username}:{hashed.decode()}\n"
