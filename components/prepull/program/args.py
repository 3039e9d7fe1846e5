"""The arguments of PrePullDaemonSet.

Pulumi derives the schema for every other language from these classes. It reads plain annotations only: no unions but
Optional, no Literal, no postponed evaluation; and one class for all arguments, for the sake of their descriptions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, TypedDict

from pulumi import Input

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands


class Toleration(TypedDict, total=False):
    """A toleration, as in a pod spec."""

    key: Optional[Input[str]]
    """The taint's key; every taint, where it is left out and the operator is Exists."""
    operator: Optional[Input[str]]
    """Exists or Equal (the default)."""
    value: Optional[Input[str]]
    """The taint's value, for the operator Equal."""
    effect: Optional[Input[str]]
    """NoSchedule, PreferNoSchedule or NoExecute; every effect, where it is left out."""
    toleration_seconds: Optional[Input[int]]
    """How long a NoExecute taint is tolerated; for ever, where it is left out."""


class PrePullDaemonSetArgs(TypedDict, total=False):
    """The arguments of PrePullDaemonSet; only `images` is required."""

    images: Input[Sequence[Input[str]]]
    """Image references to pull, by tag or by digest; at least one. Short names are completed as Docker does:
    `nginx` is `docker.io/library/nginx:latest`."""
    runtime: Optional[str]
    """How images are pulled on a node: `containerd` (default), `docker`, `cri-o`, `cri-dockerd`, `k3s`, `auto`
    (whichever of these CRI sockets the node has), `kubelet` (no access to the host) or `image-volume` (nor does
    anything run). It has to be what the kubelet uses: images in another runtime's store are of no use to pods."""
    socket_path: Optional[Input[str]]
    """Absolute path of the runtime's socket on the node. Default: where the runtime puts it."""
    namespace: Optional[Input[str]]
    """Namespace of everything that the component makes. Default: the provider's."""
    pull_policy: Optional[Input[str]]
    """`IfNotPresent` (default): an image that the node has costs no request to a registry. `Always`: tags are looked
    up again whenever the pod starts."""
    parallelism: Optional[Input[int]]
    """How many images one node pulls at once, 1 to 1000. Default: 4."""
    attempts: Optional[Input[int]]
    """How often each image is tried before it counts as failed, 1 to 1000. Default: 5."""
    backoff: Optional[Input[str]]
    """Wait before an image's second attempt; it doubles with each further one, up to five minutes, and up to half of
    it is left to chance. Default: `2s`."""
    image_timeout: Optional[Input[str]]
    """Limit for one attempt to pull one image; it is then ended and counts as failed. Default: `15m`."""
    on_failure: Optional[Input[str]]
    """`retry` (default): the pod stays in Init, and the kubelet starts the puller again, until every image is there.
    `continue`: the pod becomes ready all the same, and its report says what failed."""
    refresh: Optional[Input[str]]
    """Pull all images again at this interval, at least `10s`: for tags that move and images that the kubelet collected.
    Default: never. Runtimes with a socket only."""
    hold: Optional[Input[bool]]
    """Keep the images in use, by one idle container for each, so that the kubelet's image collection leaves them.
    Default: false."""
    stagger: Optional[Input[str]]
    """Each node with something to pull first waits a random share of this, to spare the registry. Default: `0s`."""
    image_pull_secrets: Optional[Input[Sequence[Input[str]]]]
    """Names of Secrets of type `kubernetes.io/dockerconfigjson` in the same namespace. They serve the listed images
    and the component's own."""
    puller_image: Optional[Input[str]]
    """The image that pulls: a shell and the runtime's client; with `hold`, and for the runtime `kubelet`, also a
    statically linked `/bin/busybox`. Default: a public one that is pinned by tag."""
    gate_image: Optional[Input[str]]
    """The image of the gate: Python 3.10 or later (`python3` with its standard library). With `startup_taint`, an image
    of your own also removes the taint, and needs a shell and kubectl as well. Default: a public one that is pinned by
    tag, and another one with kubectl."""
    pause_image: Optional[Input[str]]
    """The image that keeps the pod alive afterwards. Default: `registry.k8s.io/pause:3.10`."""
    node_selector: Optional[Input[Mapping[str, Input[str]]]]
    """Labels that a node must have. Linux nodes are selected in any case."""
    tolerations: Optional[Input[Sequence[Input[Toleration]]]]
    """Taints that do not keep the pod off a node. Default: all of them."""
    affinity: Optional[Input[Mapping[str, Input[Any]]]]
    """Affinity as in a pod spec, in the API's names or Pulumi's. Virtual and Fargate nodes are excluded in any case."""
    priority_class_name: Optional[Input[str]]
    """PriorityClass of the pod. Default: the cluster's default."""
    resources: Optional[Input[Mapping[str, Input[Any]]]]
    """`requests` and `limits` of the puller. Default: small requests, no CPU limit, and a memory limit that grows
    with `parallelism`."""
    labels: Optional[Input[Mapping[str, Input[str]]]]
    """Labels for the DaemonSet and its pods, beside the component's own."""
    annotations: Optional[Input[Mapping[str, Input[str]]]]
    """Annotations for the DaemonSet and its pods."""
    startup_taint: Optional[str]
    """Key of a taint that new nodes register with, and that the pod removes from its node once the images are there:
    until then no workload starts on it. Default: none. It takes the right to patch nodes."""
    pin_digests: Optional[Input[bool]]
    """Resolve tags to digests whenever the program runs, with the credentials of your Docker configuration, so that a
    tag that moved shows in the preview and reaches the nodes. The output `images` has the digests. Default: false.
    It takes the extra `digests`; the runtimes `docker`, `containerd` and `k3s` put the image under its tag as well,
    and with the others workloads have to use the output."""
    on_pin_failure: Optional[Input[str]]
    """Where a tag cannot be resolved: `fail` (default) with a message that says why, before anything is changed; or
    `warn` and keep the tag."""
    wait_for: Optional[str]
    """What `depends_on` waits for: `images` (default; a Job that also says which image failed where, and why), `pods`
    (Pulumi's own wait for the DaemonSet) or `nothing`."""
    timeout: Optional[str]
    """How long that wait lasts before `pulumi up` fails. Default: `30m`."""
    min_ready: Optional[Input[str]]
    """Number (`3`) or share (`90%`) of nodes that must have every image before dependents go on. Default: `100%`."""
    mirrors: Optional[Input[Mapping[str, Input[str]]]]
    """Registry or prefix of names, and where to pull from instead: `{"docker.io": "mirror.example.com/hub"}`. The
    image is on the node under its own name. Runtimes `docker`, `containerd` and `k3s` only."""
    remove: Optional[Input[Sequence[Input[str]]]]
    """References to remove from every node, where no container uses them. Default: none. Runtimes with a socket
    only."""
