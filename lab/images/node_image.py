"""The image of the nodes: kind's own, or else a build in the way of kind; with a Docker Engine added."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab import versions
from lab.docker import oci_runtime
from lab.environ import proxies
from lab.errors import LabError
from lab.images import control_plane, debian, node_files
from lab.images.oci import Directory, Entry, File, Image, Link, layer, write_archive
from lab.platforms import Platform, has_cgroup_v2
from lab.process import run
from lab.sources.cache import fingerprint
from lab.sources.source import Source, UnavailableError, first_of
from lab.tools import programs

if TYPE_CHECKING:
    from lab.console import Step
    from lab.docker.engine import Engine
    from lab.docker.upstream import Upstream
    from lab.sources.golang import Program
    from lab.sources.workshop import Workshop
    from lab.versions import System

REPOSITORY = "prepull-lab/node"
_ENTRYPOINT = ("/usr/local/bin/entrypoint", "/sbin/init")
# systemd 256 and later refuses version 1 of control groups without this word on the kernel's command line. In a
# container, systemd reads its own command line instead.
# https://github.com/systemd/systemd/pull/31442
_CGROUP_V1 = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
# Kind's images of one release have one base, whatever Kubernetes is on it.
# https://github.com/kubernetes-sigs/kind/blob/v0.33.0/images/base/Dockerfile
_DEBIAN_OF_KIND = "trixie"
# One bridge on each node, and masquerading with the node's address: enough to reach Services from pods.
_NETWORK = {
    "cniVersion": "0.4.0",
    "name": "lab",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "lab0",
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": [[{"subnet": "10.244.0.0/16"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}


@dataclass(frozen=True)
class NodeImage:
    """An image of the engine, and whether it contains kind's default network and DNS."""

    reference: str
    complete: bool


def provide(engine: Engine, upstream: Upstream, workshop: Workshop, system: System) -> NodeImage:
    """The image with that system, from the first source that has it."""
    go, cache = workshop.go, workshop.cache
    recipe = fingerprint(
        *(Path(module.__file__ or "") for module in (control_plane, debian, node_files)),
        Path(__file__),
        repr(system),
        versions.KIND,
        *(go.modules / program.module / "go.mod" for program in _programs(system)),
        str(oci_runtime.bounding_set()),
        str(has_cgroup_v2()),
    )
    official = NodeImage(f"{REPOSITORY}:{system.name}-official-{recipe}", complete=True)
    built = NodeImage(f"{REPOSITORY}:{system.name}-built-{recipe}", complete=False)

    with workshop.console.step("node image") as step:

        def present(image: NodeImage) -> NodeImage | None:
            return image if engine.has_image(image.reference) else None

        def pull() -> NodeImage:
            try:
                upstream.pull(system.node_image)
            except UnavailableError as reason:
                step.say(f"kind's own node image cannot be pulled ({reason}). To build one takes up to half an hour.")
                raise
            _extend(engine, system.node_image, official.reference, step)
            return official

        def build() -> NodeImage:
            debian.require()
            with cache.lock("node-image"):
                if not engine.has_image(built.reference):
                    _build(engine, built.reference, workshop, system, step)
            return built

        return first_of(
            "a node image",
            [
                Source("kind's own image", lambda: present(official), pull),
                Source("built from Debian and Go modules", lambda: present(built), build),
            ],
            step,
        )


def system_of(reference: str) -> str:
    """The name of the system of a node image: `1.37`. Of a node of an older lab, it is none of the lab's systems."""
    return reference.rpartition(":")[2].partition("-")[0]


def _programs(system: System) -> list[Program]:
    of_system = (programs.kubernetes, programs.containerd, programs.crictl, programs.etcd)
    return [*(program(system) for program in of_system), programs.PAUSE]


def _extend(engine: Engine, image: str, reference: str, step: Step) -> None:
    """Extend kind's image with a Docker Engine and the files of the lab's nodes.

    The engine is Debian's, as in the image that the lab builds: the tests meet one engine, whichever the image is. It
    brings its units and its runtime, which Docker's image `docker` lacks.
    """
    install = (
        "apt-get update --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes "
        "--no-install-recommends -o Dpkg::Options::=--force-confold "
        f"{' '.join(debian.DOCKER[_DEBIAN_OF_KIND])} && rm -rf /var/lib/apt/lists "
        "&& rm -f /etc/systemd/system/multi-user.target.wants/docker.service "
        f"&& cat >>/etc/containerd/config.toml <<'EOF'\n{node_files.CONTAINERD_REGISTRIES}EOF\n"
    )
    step.now("adding a Docker Engine to kind's image")
    settings = proxies(engine.environ)
    # For apt-get alone: what `docker run` sets would stay in the image.
    names = [f"--env={name}" for name in settings]
    # The machine's own network: a proxy may listen on the machine alone, and the lab's engine has no default network.
    options = ("--detach", "--userns", "host", "--entrypoint", "sleep")
    with engine.scratch("run", *options, image, "86400", network="host") as container:
        engine.docker("exec", *names, container, "bash", "-ec", install, environ=settings)
        engine.docker("cp", "-", f"{container}:/", stdin=layer(node_files.node_files()))
        _commit(engine, container, reference)


def _build(engine: Engine, reference: str, workshop: Workshop, system: System, step: Step) -> None:
    """Build the image as kind does, from the distribution and from Go modules."""
    go, platform = workshop.go, Platform.nodes()
    step.now("Kubernetes from its Go module")
    kubernetes = go.build(programs.kubernetes(system), platform)
    step.now("etcd, containerd and crictl from their Go modules")
    binaries = {
        **{f"/usr/bin/{name}": kubernetes / name for name in ("kubelet", "kubeadm", "kubectl")},
        "/usr/local/bin/crictl": go.build(programs.crictl(system), platform) / "crictl",
    }
    containerd = go.build(programs.containerd(system), platform)
    binaries |= {f"/usr/local/bin/{path.name}": path for path in sorted(containerd.iterdir())}
    etcd = go.build(programs.etcd(system), platform) / "etcd"
    pause = go.build(programs.PAUSE, platform) / "pause"
    archive = debian.provide(workshop.cache, step, system.debian, debian.packages_of_nodes(system.debian))
    step.now("putting the root file system together")
    with tempfile.TemporaryDirectory(prefix="node-", dir=workshop.cache.root) as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        run("tar", "--extract", "--numeric-owner", "--file", archive, "--directory", root)
        images = Path(scratch) / "images.tar"
        with images.open("wb") as file:
            write_archive(file, control_plane.images(system, kubernetes, etcd, pause, root))
        _furnish(root, go.source_of("kind", "sigs.k8s.io/kind") / "images" / "base", binaries, system)
        base = f"{REPOSITORY}:base-{os.getpid()}"
        step.now("loading it into the engine")
        _load(engine, root, base)
        step.now("importing the control plane's images into it")
        try:
            _preload(engine, base, images, reference)
        finally:
            engine.docker("image", "rm", "--force", base)


def _furnish(root: Path, kind_base: Path, binaries: dict[str, Path], system: System) -> None:
    """Change the root file system as the Dockerfile of kind's base image does."""
    shutil.copytree(kind_base / "files", root, dirs_exist_ok=True, copy_function=_copy_file)
    for path, source in binaries.items():
        shutil.copyfile(source, root / path.lstrip("/"))
        (root / path.lstrip("/")).chmod(0o755)
    for script in (root / "usr/local/bin/entrypoint", *(root / "kind/bin").iterdir()):
        script.chmod(0o755)

    for pattern in (
        "lib/systemd/system/multi-user.target.wants/*",
        "etc/systemd/system/*.wants/*",
        "lib/systemd/system/local-fs.target.wants/*",
        "lib/systemd/system/sockets.target.wants/*udev*",
        "lib/systemd/system/sockets.target.wants/*initctl*",
        "lib/systemd/system/basic.target.wants/*",
        "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    ):
        for unit in root.glob(pattern):
            unit.unlink()
    with (root / "etc/systemd/journald.conf").open("a") as journald:
        journald.write("ReadKMsg=no\n")
    if not (root / "sbin/init").is_symlink():
        (root / "sbin/init").symlink_to("/usr/lib/systemd/systemd")
    run(
        "chroot",
        root,
        "systemctl",
        "enable",
        "kubelet.service",
        "containerd.service",
        "undo-mount-hacks.service",
    )
    run("chroot", root, "systemctl", "mask", "systemd-binfmt.service")

    containerd = root / "etc/containerd/config.toml"
    containerd.write_text(_containerd_configuration(containerd.read_text(), system.sandbox_image))
    spec = json.loads(run("chroot", root, "/usr/local/bin/ctr", "oci", "spec"))
    spec["hooks"] = {"createContainer": [{"path": "/kind/bin/mount-product-files.sh"}]}
    del spec["process"]["rlimits"]
    if not _may_set_oom_score():
        unit = root / "etc/systemd/system/containerd.service"
        unit.write_text("".join(line for line in unit.read_text().splitlines(True) if "OOMScoreAdjust" not in line))

    files: dict[str, Entry] = {
        **node_files.node_files(),
        "/etc/containerd/cri-base.json": File(json.dumps(spec).encode()),
        "/etc/cni/net.d/10-lab.conflist": File(json.dumps(_NETWORK).encode()),
        "/etc/kubernetes/manifests": Directory(),
        "/opt/cni/bin": Link("/usr/lib/cni"),
        "/kind/version": File(system.kubernetes.encode()),
    }
    run("tar", "--extract", "--directory", root, "--keep-directory-symlink", stdin=layer(files))


def _containerd_configuration(text: str, sandbox_image: str) -> str:
    """Kind's configuration of containerd, adapted to this machine and the lab's registry."""
    changes = {'sandbox_image = "registry.k8s.io/pause:3.10"': f'sandbox_image = "{sandbox_image}"'}
    if not has_cgroup_v2():
        changes["SystemdCgroup = true"] = "SystemdCgroup = false"
    if not _may_set_oom_score():
        changes["restrict_oom_score_adj = false"] = "restrict_oom_score_adj = true"
    for old, new in changes.items():
        if old not in text:
            raise LabError(f"kind {versions.KIND}'s containerd configuration no longer has `{old}`.")
        text = text.replace(old, new)
    return text + node_files.CONTAINERD_REGISTRIES


def _entrypoint() -> tuple[str, ...]:
    return _ENTRYPOINT if has_cgroup_v2() else (*_ENTRYPOINT, _CGROUP_V1)


def _may_set_oom_score() -> bool:
    return "CAP_SYS_RESOURCE" in oci_runtime.held(oci_runtime.bounding_set())


def _copy_file(source: str, destination: str) -> None:
    # Files in the module cache are read-only, but must be writable on a node.
    shutil.copyfile(source, destination)
    Path(destination).chmod(0o644)


def _load(engine: Engine, root: Path, reference: str) -> None:
    """Import the root file system as an image of the engine. Tells systemd that it runs in a container."""
    packed = root.parent / "root.tar"
    run("tar", "--create", "--numeric-owner", "--file", packed, "--directory", root, ".")
    # Not `docker import`: it cannot set the stop signal that systemd requires.
    image = Image((packed,), entrypoint=_entrypoint(), environ={"container": "docker"}, stop_signal="SIGRTMIN+3")
    archive = root.parent / "image.tar"
    with archive.open("wb") as file:
        write_archive(file, [(reference, image)])
    packed.unlink()
    with archive.open("rb") as file:
        engine.docker("load", "--quiet", stdin=file)


def _preload(engine: Engine, base: str, images: Path, reference: str) -> None:
    """Load images into the containerd of an image, and tag the result."""
    options = ("--detach", "--privileged", "--entrypoint", "/usr/local/bin/containerd")
    with engine.scratch("run", *options, base, network="none") as container:
        _wait_for_containerd(engine, container)
        with images.open("rb") as file:
            # Not unpacked: that needs overlays, which cannot lie on this container's own. The first use
            # unpacks them.
            engine.docker("exec", "--interactive", container, "ctr", "--namespace=k8s.io", "images", "import",
                          "--label=io.cri-containerd.pinned=pinned", "--all-platforms", "--no-unpack",
                          "--digests", "-", stdin=file)  # fmt: skip
        _commit(engine, container, reference)


def _wait_for_containerd(engine: Engine, container: str) -> None:
    ready = "for i in $(seq 150); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1"
    engine.docker("exec", container, "bash", "-c", ready)


def _commit(engine: Engine, container: str, reference: str) -> None:
    engine.docker(
        "commit",
        "--change",
        f"ENTRYPOINT {json.dumps(_entrypoint())}",
        "--change",
        "CMD []",
        container,
        reference,
    )
