"""The closed sets: arguments whose value is one of a few texts. Every language has them as enums.

A plain text means the same as the enum's member, and a member is a text. Beside each enum stands the type of the texts,
from which editors complete them in Python.
"""

from enum import Enum
from typing import Literal


class Choice(str, Enum):
    """One of a few texts. It is shown as the text that it is, in every version of Python."""

    # Of its own: Python 3.12 changed what format() gives for such an enum, and enum.StrEnum is younger than 3.10.
    __str__ = str.__str__


class Runtime(Choice):
    """How a node pulls images: `docker`, `containerd`, `cri-o`, `cri-dockerd`, `k3s`, `auto`, `kubelet` or
    `image-volume`. Name the runtime that the kubelet uses: pods cannot use images in the store of another runtime.
    """

    DOCKER = "docker"
    """Through Docker Engine's socket, for nodes whose kubelet uses Docker Engine through cri-dockerd."""
    CONTAINERD = "containerd"
    """Through containerd's socket. The default."""
    CRI_O = "cri-o"
    """Through CRI-O's socket, as on OpenShift."""
    CRI_DOCKERD = "cri-dockerd"
    """Through cri-dockerd's socket, for nodes with Docker Engine."""
    K3S = "k3s"
    """Through the socket of the containerd that is part of K3s and RKE2."""
    AUTO = "auto"
    """Through the CRI socket that each node has, for clusters whose nodes have different runtimes."""
    KUBELET = "kubelet"
    """By the kubelet, without access to the host: each image runs a program of the component that does nothing."""
    IMAGE_VOLUME = "image-volume"
    """By the kubelet, without access to the host and without running anything from the image: each image is a volume.
    Kubernetes does this by default since 1.35, and with a feature gate since 1.31."""


RuntimeText = Literal["docker", "containerd", "cri-o", "cri-dockerd", "k3s", "auto", "kubelet", "image-volume"]


class PullPolicy(Choice):
    """When to ask the registry: `IfNotPresent` or `Always`."""

    IF_NOT_PRESENT = "IfNotPresent"
    """Only for images that the node lacks. The default."""
    ALWAYS = "Always"
    """For every image whenever the pod starts, to find tags that have moved."""


PullPolicyText = Literal["IfNotPresent", "Always"]


class OnFailure(Choice):
    """What the pod does if an image cannot be pulled: `retry` or `continue`."""

    RETRY = "retry"
    """The pod stays in Init, and the kubelet restarts the puller until every image is present. The default."""
    CONTINUE = "continue"
    """The pod becomes ready, and its report lists the failures."""


OnFailureText = Literal["retry", "continue"]


class OnPinFailure(Choice):
    """What to do if a tag cannot be resolved to a digest: `fail` or `warn`."""

    FAIL = "fail"
    """End the program before anything is changed, with a message that gives the reason. The default."""
    WARN = "warn"
    """Print a warning and keep the tag."""


OnPinFailureText = Literal["fail", "warn"]


class WaitFor(Choice):
    """What `depends_on` waits for: `images`, `pods` or `nothing`."""

    IMAGES = "images"
    """A Job waits for the images, and reports which image failed on which node, and why. The default."""
    PODS = "pods"
    """Pulumi's own wait for the DaemonSet, which gives no reason if an image fails."""
    NOTHING = "nothing"
    """Nothing: dependents are created while the nodes pull."""


WaitForText = Literal["images", "pods", "nothing"]


class TolerationOperator(Choice):
    """How a toleration compares a taint: `Exists` or `Equal`."""

    EXISTS = "Exists"
    """By the key alone. Without a key, the toleration matches every taint."""
    EQUAL = "Equal"
    """By key and value. The default."""


TolerationOperatorText = Literal["Exists", "Equal"]


class TaintEffect(Choice):
    """What a taint does to pods that do not tolerate it: `NoSchedule`, `PreferNoSchedule` or `NoExecute`."""

    NO_SCHEDULE = "NoSchedule"
    """The scheduler does not place such pods on the node."""
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """The scheduler avoids the node if it can."""
    NO_EXECUTE = "NoExecute"
    """The scheduler does not place such pods on the node, and those that run there are evicted."""


TaintEffectText = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
