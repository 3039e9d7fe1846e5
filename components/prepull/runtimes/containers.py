"""Parts of containers that several runtimes share."""

from __future__ import annotations

from typing import Any

from ..images.references import Reference
from ..plan import Plan

NOBODY = 65534
PROGRAMS_DIRECTORY = "/.prepull"
_IDLE_RESOURCES = {"requests": {"cpu": "1m", "memory": "4Mi"}, "limits": {"memory": "16Mi"}}
# Seconds: 68 years, the longest sleep that fits 32 bits.
FOR_EVER = "2147483647"


def unprivileged() -> dict[str, Any]:
    """The security context of Pod Security "restricted", whoever the image would run as."""
    return {**confined(), "runAsNonRoot": True, "runAsUser": NOBODY, "runAsGroup": NOBODY}


def confined() -> dict[str, Any]:
    """No privilege beyond that of the user that the container runs as."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def mount(name: str, path: str, *, read_only: bool = False) -> dict[str, Any]:
    """A volume mount."""
    return {"name": name, "mountPath": path, **({"readOnly": True} if read_only else {})}


def pullable(image: Reference) -> str:
    """An image as runtimes name it: where it has both a tag and a digest, they go by the digest."""
    return f"{image.name}@{image.digest}" if image.digest else str(image)


def listed(plan: Plan, image: Reference) -> str:
    """An image as scripts and people are told of it.

    One with both a tag and a digest is pulled by the digest and is to be there under both: that is said of those
    whose digest was resolved from the tag. What stands before a digest that the user wrote is a remark.
    """
    return str(image) if image in plan.pinned else pullable(image)


def programs_volume() -> dict[str, Any]:
    """Where the program that runs within the listed images lies."""
    return {"name": "programs", "emptyDir": {"sizeLimit": "16Mi"}}


def provide_programs(plan: Plan) -> dict[str, Any]:
    """An init container that copies the statically linked busybox out of its image."""
    return {
        "name": "programs",
        "image": plan.busybox_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "sh", "-c", _COPY],
        "env": [{"name": "PREPULL_STAGGER_S", "value": str(plan.stagger // 1000)}],
        "resources": _IDLE_RESOURCES,
        "securityContext": unprivileged(),
        "volumeMounts": [mount("programs", PROGRAMS_DIRECTORY)],
    }


_COPY = """\
busybox=/bin/busybox
if [ "$PREPULL_STAGGER_S" -gt 0 ]; then
    share=$($busybox od -A n -N 4 -t u4 /dev/urandom)
    $busybox sleep $((share % PREPULL_STAGGER_S))
fi
for applet in sleep true; do
    $busybox cp $busybox /.prepull/$applet
done
"""


def run_within(name: str, image: Reference, pull_policy: str, *command: str) -> dict[str, Any]:
    """A container of a listed image that runs our program in it, whatever the image itself holds."""
    return {
        "name": name,
        "image": pullable(image),
        "imagePullPolicy": pull_policy,
        "command": [f"{PROGRAMS_DIRECTORY}/{command[0]}", *command[1:]],
        "workingDir": "/",
        "resources": _IDLE_RESOURCES,
        "securityContext": unprivileged(),
        "volumeMounts": [mount("programs", PROGRAMS_DIRECTORY, read_only=True)],
    }


def hold(plan: Plan, pull_policy: str = "IfNotPresent") -> list[dict[str, Any]]:
    """One idle container for each image: images in use are not collected."""
    return [
        run_within(f"hold-{index}", image, pull_policy, "sleep", FOR_EVER) for index, image in enumerate(plan.images)
    ]


def pause(plan: Plan, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The container that keeps the pod alive and does nothing."""
    return {
        "name": "pause",
        "image": plan.pause_image,
        "imagePullPolicy": "IfNotPresent",
        "resources": _IDLE_RESOURCES,
        "securityContext": unprivileged(),
        **({"volumeMounts": mounts} if mounts else {}),
    }
