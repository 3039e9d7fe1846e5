"""Runtimes with a socket on the node: one init container runs puller.sh, which pulls through the socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import PurePosixPath
from typing import Any

from ..labels import INSTANCE_LABEL
from ..node.scripts import SCRIPTS_DIRECTORY, SCRIPTS_VOLUME
from ..plan import CredentialProvider, Plan
from ..quantities import Resources, amount, completed
from ..status.report import IMAGES_VARIABLE, PULLER
from .base import Pod, refused
from .containers import confined, idle, listed, mount, pullable

WORK_DIRECTORY = "/run/prepull"
SECRETS_DIRECTORY = "/etc/prepull/secrets"
TERMINATION_MESSAGE_PATH = "/dev/termination-log"
_PROVIDER_VOLUME = "credential-provider"

# A client process uses 30 to 60 MB while it waits for a pull. The image itself is in the runtime's memory.
_MEMORY_BASE_MI = 128
_MEMORY_PER_PULL_MI = 64
# What a pull takes on the disk, in sizes of the compressed image: an estimate that others use as well
# (https://github.com/openshift/enhancements/blob/master/enhancements/machine-config/pin-and-pre-load-images.md).
_UNPACKED = 2
# For eight images, the clients use 0.3 s of processor time (docs/performance.md): the limit does not slow them. The
# runtime unpacks the images, and is not within the pod's limit.
_CPU_LIMIT = "1"
# Where SELinux enforces, a container must not connect to the runtime's socket, unless it has this type. Elsewhere the
# runtimes ignore it. docs/openshift-bottlerocket.md has the sources.
_SELINUX = {"type": "spc_t"}

# The label of `prune`, one for each component. Only the cluster knows the namespace: the kubelet completes it. The API
# server has checked both names, and the first dot ends the namespace.
_IDENTITY = (
    {"name": "PREPULL_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
    {"name": "PREPULL_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{INSTANCE_LABEL}']"}}},
)
_MARK = "prepull.dev/$(PREPULL_NAMESPACE).$(PREPULL_INSTANCE)"

WITHOUT_LABELS = {
    "prune": "only containerd can remember which images a component has pulled; "
    "leave it out, and list in remove what is to go"
}
"""What a runtime cannot whose images have no labels."""


@dataclass(frozen=True)
class SocketRuntime:
    """One runtime with one socket. `client` is the name of its client in puller.sh."""

    name: str
    client: str
    socket_path: str
    puller_image: str
    reports: bool = True
    nameless: str = ""
    """What the client cannot do through the socket with names of images, in puller.sh's word. Default: nothing."""
    cannot: Mapping[str, str] = field(default_factory=dict)

    def refusals(self, given: Iterable[str]) -> dict[str, str]:
        """The arguments that the runtime's client has no command for."""
        return refused(self.cannot, given)

    def pod(self, plan: Plan) -> Pod:
        """The puller as an init container, with the socket file and nothing else of the host."""
        socket = plan.socket_path or self.socket_path
        volume = {"name": "socket", "hostPath": {"path": socket, "type": "Socket"}}
        return pulling_pod(plan, [self.line(socket)], volume, mount("socket", socket))

    def line(self, socket: str) -> str:
        """The line that describes a socket to puller.sh."""
        return f"{self.client} {socket} {self.nameless}".rstrip()


def pulling_pod(plan: Plan, sockets: list[str], host_volume: dict[str, Any], host_mount: dict[str, Any]) -> Pod:
    """The pod that runs puller.sh.

    Args:
        plan: what to pull and how.
        sockets: the lines that describe the sockets, in the order in which to try them.
        host_volume: the volume with the sockets.
        host_mount: the mount of that volume.
    """
    init_containers = [_puller(PULLER, plan, sockets, host_mount)]
    volumes = [host_volume, *_puller_volumes(plan)]
    containers = []
    if plan.refresh:
        refresher = _puller("refresh", plan, sockets, host_mount)
        refresher["env"].append({"name": "PREPULL_REFRESH_MS", "value": str(plan.refresh)})
        containers.append(refresher)
    if plan.hold:
        held = idle(plan)
        containers.extend(held.containers)
        volumes.extend(held.volumes)
    # Whoever holds the runtime's socket holds the node anyway; and a node that joins pulls before its network is up.
    return Pod(init_containers, containers, volumes, host_network=True)


def _puller(name: str, plan: Plan, sockets: list[str], host_mount: dict[str, Any]) -> dict[str, Any]:
    """The container that runs puller.sh. User input is in its environment only, never in its command."""
    settings = {
        "PREPULL_SOCKETS": "\n".join(sockets),
        IMAGES_VARIABLE: "\n".join(_line(plan, index) for index in range(len(plan.images))),
        "PREPULL_PULL_POLICY": plan.pull_policy,
        "PREPULL_ON_FAILURE": plan.on_failure,
        "PREPULL_PARALLELISM": plan.parallelism,
        "PREPULL_ATTEMPTS": plan.attempts,
        "PREPULL_BACKOFF_MS": plan.backoff,
        "PREPULL_IMAGE_TIMEOUT_MS": plan.image_timeout,
        "PREPULL_STAGGER_MS": plan.stagger,
        "PREPULL_WORK": WORK_DIRECTORY,
        "PREPULL_REPORT": TERMINATION_MESSAGE_PATH,
    }
    mounts = [
        host_mount,
        mount("work", WORK_DIRECTORY),
        mount(SCRIPTS_VOLUME, SCRIPTS_DIRECTORY, read_only=True),
    ]
    settings |= _guard(plan)
    if plan.remove:
        settings["PREPULL_REMOVE"] = "\n".join(pullable(image) for image in plan.remove)
    if plan.prune:
        settings["PREPULL_PRUNE"] = _MARK
    if plan.image_pull_secrets:
        settings["PREPULL_SECRETS"] = SECRETS_DIRECTORY
        mounts.extend(
            mount(_secret_volume(index), f"{SECRETS_DIRECTORY}/{index:03d}-{name}", read_only=True)
            for index, name in enumerate(plan.image_pull_secrets)
        )
    if provider := plan.credential_provider:
        settings |= _provider_settings(provider)
        mounts.append(mount(_PROVIDER_VOLUME, str(PurePosixPath(provider.command).parent), read_only=True))
    return {
        "name": name,
        "image": plan.puller_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", f"{SCRIPTS_DIRECTORY}/puller.sh"],
        "env": [
            *(_IDENTITY if plan.prune else ()),
            *({"name": key, "value": str(value)} for key, value in settings.items()),
        ],
        "resources": completed(plan.resources, _resources(plan.parallelism)),
        # The sockets belong to root.
        "securityContext": {**confined(), "runAsNonRoot": False, "runAsUser": 0, "seLinuxOptions": _SELINUX},
        "terminationMessagePath": TERMINATION_MESSAGE_PATH,
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts,
    }


def _provider_settings(provider: CredentialProvider) -> dict[str, str]:
    lists = {
        "IMAGES": provider.match_images,
        "ARGS": provider.args,
        "ENV": [f"{name}={value}" for name, value in provider.env.items()],
    }
    # The kubelet reads "$$" as "$"; it would expand $(NAME).
    lines = {f"PREPULL_PROVIDER_{key}": "\n".join(each).replace("$", "$$") for key, each in lists.items() if each}
    return {"PREPULL_PROVIDER": provider.command, **lines}


def _line(plan: Plan, index: int) -> str:
    image = plan.images[index]
    source = plan.source(image)
    return listed(plan, image) if source == image else f"{listed(plan, image)} {pullable(source)}"


def _guard(plan: Plan) -> dict[str, str]:
    """What puller.sh needs to guard the image disk: what must stay free, and what each image takes, as far as known.

    The images' sizes are a variable of their own and not a word of `PREPULL_IMAGES`: only this part of the puller reads
    them, and a plan without a guard has none.
    """
    if not plan.guards_disk:
        return {}
    keep = plan.min_free_disk
    settings = {"PREPULL_MIN_FREE": keep if keep.endswith("%") else str(_kib(amount(keep)))}
    if any(plan.sizes):
        settings["PREPULL_NEEDED_KIB"] = " ".join(str(_kib(_UNPACKED * size)) for size in plan.sizes)
    return settings


def _kib(size: Fraction | int) -> int:
    return ceil(size / 1024)


def _puller_volumes(plan: Plan) -> list[dict[str, Any]]:
    """The scratch volume, in memory because it contains credentials; the pull secrets; and the credential provider.

    Each Secret has a volume of its own, with all its keys. A Secret of type `kubernetes.io/dockercfg` has other keys
    than one of type `kubernetes.io/dockerconfigjson`, and a volume that names a missing key cannot be mounted.
    """
    work = {"name": "work", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    secrets = [
        {"name": _secret_volume(index), "secret": {"secretName": name, "defaultMode": 0o400}}
        for index, name in enumerate(plan.image_pull_secrets)
    ]
    if not plan.credential_provider:
        return [work, *secrets]
    directory = str(PurePosixPath(plan.credential_provider.command).parent)
    return [work, *secrets, {"name": _PROVIDER_VOLUME, "hostPath": {"path": directory, "type": "Directory"}}]


def _secret_volume(index: int) -> str:
    return f"secret-{index:03d}"


def _resources(parallelism: int) -> Resources:
    memory = _MEMORY_BASE_MI + parallelism * _MEMORY_PER_PULL_MI
    return {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": _CPU_LIMIT, "memory": f"{memory}Mi"}}
