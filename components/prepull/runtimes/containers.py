"""Parts of containers that several runtimes share."""

from __future__ import annotations

from typing import Any

from ..images.references import Reference
from ..plan import Plan
from ..quantities import Resources, completed

NOBODY = 65534
PROGRAMS_DIRECTORY = "/.prepull"
# A limit of less CPU delays the start of a container, which counts against it.
_IDLE_RESOURCES: Resources = {
    "requests": {"cpu": "1m", "memory": "4Mi"},
    "limits": {"cpu": "200m", "memory": "16Mi"},
}
# Seconds: 68 years, the longest sleep that fits 32 bits.
FOR_EVER = "2147483647"


def unprivileged() -> dict[str, Any]:
    """The security context for Pod Security "restricted", whatever user the image names."""
    return {**confined(), "runAsNonRoot": True, "runAsUser": NOBODY, "runAsGroup": NOBODY}


def confined() -> dict[str, Any]:
    """No privileges beyond those of the container's user."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def helper_resources(plan: Plan, defaults: Resources = _IDLE_RESOURCES) -> dict[str, Any]:
    """The resources of a container that is not the puller.

    Args:
        plan: the plan, with the user's `helper_resources`.
        defaults: those of the container. Default: of a container that does nothing for most of the time.
    """
    return completed(plan.helper_resources, defaults)


def mount(name: str, path: str, *, read_only: bool = False) -> dict[str, Any]:
    """A volume mount."""
    return {"name": name, "mountPath": path, **({"readOnly": True} if read_only else {})}


def pullable(image: Reference) -> str:
    """An image in the form that runtimes accept: of a tag and a digest, only the digest."""
    return f"{image.name}@{image.digest}" if image.digest else str(image)


def listed(plan: Plan, image: Reference) -> str:
    """An image in the form for scripts and people.

    A name with both a tag and a digest means: pull by the digest, then give the image both names. This is the form of
    images whose digest was resolved from the tag. If users write a digest themselves, their tag has no effect.
    """
    return str(image) if image in plan.pinned else pullable(image)


def programs_volume() -> dict[str, Any]:
    """The volume with the programs that run within the listed images."""
    return {"name": "programs", "emptyDir": {"sizeLimit": "16Mi"}}


def provide_programs(plan: Plan) -> dict[str, Any]:
    """An init container that copies the statically linked busybox from its image to the volume."""
    return {
        "name": "programs",
        "image": plan.busybox_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "sh", "-c", _COPY],
        "env": [{"name": "PREPULL_STAGGER_S", "value": str(plan.stagger // 1000)}],
        "resources": helper_resources(plan),
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


def run_within(plan: Plan, name: str, image: Reference, pull_policy: str, *command: str) -> dict[str, Any]:
    """A container of a listed image that runs our program, whatever the image itself contains."""
    return {
        "name": name,
        "image": pullable(image),
        "imagePullPolicy": pull_policy,
        "command": [f"{PROGRAMS_DIRECTORY}/{command[0]}", *command[1:]],
        "workingDir": "/",
        "resources": helper_resources(plan),
        "securityContext": unprivileged(),
        "volumeMounts": [mount("programs", PROGRAMS_DIRECTORY, read_only=True)],
    }


def hold(plan: Plan, pull_policy: str = "IfNotPresent") -> list[dict[str, Any]]:
    """One idle container for each image: the kubelet does not collect images in use."""
    return [
        run_within(plan, f"hold-{index}", image, pull_policy, "sleep", FOR_EVER)
        for index, image in enumerate(plan.images)
    ]


def pause(plan: Plan, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The container that keeps the pod alive and does nothing."""
    return {
        "name": "pause",
        "image": plan.pause_image,
        "imagePullPolicy": "IfNotPresent",
        "resources": helper_resources(plan),
        "securityContext": unprivileged(),
        **({"volumeMounts": mounts} if mounts else {}),
    }
