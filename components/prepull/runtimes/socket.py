"""Runtimes that are told to pull through their socket on the node: one init container runs puller.sh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ..plan import Plan
from .base import Pod

WORK_DIRECTORY = "/run/prepull"
SECRETS_DIRECTORY = "/etc/prepull/secrets"
TERMINATION_MESSAGE_PATH = "/dev/termination-log"

# Each client process that waits for a pull takes 30 to 60 MB; the runtime, not the client, holds what is pulled.
_MEMORY_BASE_MI = 128
_MEMORY_PER_PULL_MI = 64


@dataclass(frozen=True)
class SocketRuntime:
    """One runtime with one socket. `client` is the name that puller.sh knows its client by."""

    name: str
    client: str
    socket_path: str
    puller_image: str

    def pod(self, plan: Plan) -> Pod:
        """The puller as an init container, with the socket file and nothing else of the host."""
        socket = plan.socket_path or self.socket_path
        return Pod(
            init_containers=[puller(plan, sockets=[(self.client, socket)], mounts=[_mount("socket", socket)])],
            volumes=[
                {"name": "socket", "hostPath": {"path": socket, "type": "Socket"}},
                *puller_volumes(plan),
            ],
        )


def puller(plan: Plan, *, sockets: list[tuple[str, str]], mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The container that runs puller.sh; user input reaches it in its environment and nowhere else."""
    settings = {
        "PREPULL_SOCKETS": "\n".join(f"{client} {path}" for client, path in sockets),
        "PREPULL_IMAGES": "\n".join(_pullable(image) for image in plan.images),
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
    mounts = [*mounts, _mount("work", WORK_DIRECTORY)]
    if plan.image_pull_secrets:
        settings["PREPULL_SECRETS"] = SECRETS_DIRECTORY
        mounts.append(_mount("secrets", SECRETS_DIRECTORY, read_only=True))
    return {
        "name": "pull",
        "image": plan.puller_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", script()],
        "env": [{"name": key, "value": str(value)} for key, value in settings.items()],
        "resources": plan.resources or _resources(plan.parallelism),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            # The sockets belong to root.
            "runAsNonRoot": False,
            "runAsUser": 0,
        },
        "terminationMessagePath": TERMINATION_MESSAGE_PATH,
        "terminationMessagePolicy": "File",
        "volumeMounts": mounts,
    }


def puller_volumes(plan: Plan) -> list[dict[str, Any]]:
    """Scratch space in memory, since credentials pass through it, and the pull secrets in their order."""
    volumes: list[dict[str, Any]] = [{"name": "work", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}]
    if plan.image_pull_secrets:
        sources = [
            {"secret": {"name": name, "items": [{"key": ".dockerconfigjson", "path": f"{index:03d}.json"}]}}
            for index, name in enumerate(plan.image_pull_secrets)
        ]
        volumes.append({"name": "secrets", "projected": {"defaultMode": 0o400, "sources": sources}})
    return volumes


@cache
def script() -> str:
    """puller.sh without its comments, which the pod spec of every node need not carry."""
    text = resources.files(__package__.rpartition(".")[0]).joinpath("puller.sh").read_text("utf-8")
    lines = text.splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#")) + "\n"


def _pullable(image: Any) -> str:
    # Runtimes go by the digest where a reference has both, and name the image by it alone.
    return f"{image.name}@{image.digest}" if image.digest else str(image)


def _mount(name: str, path: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"name": name, "mountPath": path, **({"readOnly": True} if read_only else {})}


def _resources(parallelism: int) -> dict[str, Any]:
    memory = _MEMORY_BASE_MI + parallelism * _MEMORY_PER_PULL_MI
    return {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": f"{memory}Mi"}}
