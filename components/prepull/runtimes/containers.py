"""Parts of containers that several runtimes share."""

from __future__ import annotations

from typing import Any

from ..images.references import Reference
from ..plan import Plan
from ..quantities import Resources, completed
from .base import Pod

NOBODY = 65534
MARKS_DIRECTORY = "/.prepull-marks"
_PROGRAMS_DIRECTORY = "/.prepull"
_PROGRAMS, _MARKS = "programs", "marks"
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


MARKS_MOUNT = mount(_MARKS, MARKS_DIRECTORY, read_only=True)
"""For a container that reads the marks."""


def pullable(image: Reference) -> str:
    """An image in the form that runtimes accept: of a tag and a digest, only the digest."""
    return f"{image.name}@{image.digest}" if image.digest else str(image)


def listed(plan: Plan, image: Reference) -> str:
    """An image in the form for scripts and people.

    A name with both a tag and a digest means: pull by the digest, then give the image both names. This is the form of
    images whose digest was resolved from the tag. If users write a digest themselves, their tag has no effect.
    """
    return str(image) if image in plan.pinned else pullable(image)


def idle(plan: Plan, pull_policy: str = "IfNotPresent", *, marks: bool = False) -> Pod:
    """One idle container for each image: the kubelet pulls the image if it is missing, and does not collect it.

    Our own program runs in them, so the images need neither a shell nor a program. The kubelet starts the containers of
    a pod one after another, whether or not the one before has failed, but it waits for a hook of the one before.
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kuberuntime/kuberuntime_container.go

    Args:
        plan: the plan.
        pull_policy: the pull policy of the images.
        marks: each container leaves a file in MARKS_DIRECTORY, named by the number of its image.
    """
    volumes: list[dict[str, Any]] = [{"name": _PROGRAMS, "emptyDir": {"sizeLimit": "16Mi"}}]
    if marks:
        volumes.append({"name": _MARKS, "emptyDir": {"sizeLimit": "1Mi"}})
    held = [_held(plan, index, image, pull_policy, marks=marks) for index, image in enumerate(plan.images)]
    return Pod(containers=[_programs(plan), *held], volumes=volumes, marks=marks)


def _programs(plan: Plan) -> dict[str, Any]:
    """A container that copies the statically linked busybox from its image to the volume.

    An init container would cost a second: the kubelet looks once a second whether it has ended.
    """
    # -f: when this container is started again, the others still run what is there.
    copy = ["/bin/busybox", "cp", "-f", "/bin/busybox", f"{_PROGRAMS_DIRECTORY}/busybox"]
    return {
        **_of_busybox(plan, "programs", "sleep", FOR_EVER),
        "lifecycle": {"postStart": {"exec": {"command": copy}}},
        "volumeMounts": [mount(_PROGRAMS, _PROGRAMS_DIRECTORY)],
    }


def stagger(plan: Plan) -> dict[str, Any]:
    """An init container that waits for a random part of the longest delay."""
    return {
        **_of_busybox(plan, "stagger", "sh", "-c", _WAIT),
        "env": [{"name": "PREPULL_STAGGER_S", "value": str(max(1, plan.stagger // 1000))}],
    }


_WAIT = "share=$(/bin/busybox od -A n -N 4 -t u4 /dev/urandom); exec /bin/busybox sleep $((share % PREPULL_STAGGER_S))"


def _of_busybox(plan: Plan, name: str, *command: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": plan.busybox_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", *command],
        "resources": helper_resources(plan),
        "securityContext": unprivileged(),
    }


def _held(plan: Plan, index: int, image: Reference, pull_policy: str, *, marks: bool) -> dict[str, Any]:
    """A container of a listed image that runs our program, whatever the image itself contains."""
    busybox = f"{_PROGRAMS_DIRECTORY}/busybox"
    command, mounts = [busybox, "sleep", FOR_EVER], [mount(_PROGRAMS, _PROGRAMS_DIRECTORY, read_only=True)]
    if marks:
        command = [busybox, "sh", "-c", f": >{MARKS_DIRECTORY}/{index}; exec {' '.join(command)}"]
        mounts.append(mount(_MARKS, MARKS_DIRECTORY))
    return {
        "name": f"hold-{index}",
        "image": pullable(image),
        "imagePullPolicy": pull_policy,
        "command": command,
        "workingDir": "/",
        "resources": helper_resources(plan),
        "securityContext": unprivileged(),
        "volumeMounts": mounts,
    }


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
