"""The arguments of PrePullDaemonSet.

Pulumi derives the schema for every other language from these classes. Its analyser reads plain annotations only:
no unions except Optional, no Literal, no postponed evaluation. All arguments are in one class, so that the schema has
the description of each.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, TypedDict

from pulumi import Input

from ..choices import OnFailure, OnPinFailure, PullPolicy, Runtime, TaintEffect, TolerationOperator, WaitFor

if TYPE_CHECKING:
    from pulumi_kubernetes.core import v1

    from .. import choices

# ruff: noqa: UP045 - Optional is what Pulumi's schema analyser understands

# Only type checkers see these unions: the analyser reads the types at run time, and rejects unions. Editors complete
# the texts; `str` lets a value of the stack's configuration pass.
if TYPE_CHECKING:
    AnyRuntime = Runtime | choices.RuntimeText | str
    AnyPullPolicy = PullPolicy | choices.PullPolicyText | str
    AnyOnFailure = OnFailure | choices.OnFailureText | str
    AnyOnPinFailure = OnPinFailure | choices.OnPinFailureText | str
    AnyWaitFor = WaitFor | choices.WaitForText | str
    AnyOperator = TolerationOperator | choices.TolerationOperatorText | str
    AnyEffect = TaintEffect | choices.TaintEffectText | str
else:
    AnyRuntime, AnyPullPolicy, AnyOnFailure, AnyOnPinFailure = Runtime, PullPolicy, OnFailure, OnPinFailure
    AnyWaitFor, AnyOperator, AnyEffect = WaitFor, TolerationOperator, TaintEffect


class Toleration(TypedDict, total=False):
    """A toleration, as in a pod spec."""

    key: Optional[Input[str]]
    """Key of the taint. Without a key, and with the operator Exists, the toleration matches every taint."""
    operator: Optional[Input[AnyOperator]]
    """How the taint is compared: Equal (default) compares key and value, Exists only the key."""
    value: Optional[Input[str]]
    """Value of the taint, for the operator Equal."""
    effect: Optional[Input[AnyEffect]]
    """Effect of the taint: NoSchedule, PreferNoSchedule or NoExecute. Default: every effect."""
    toleration_seconds: Optional[Input[int]]
    """Seconds that the pod stays on a node with a NoExecute taint. Default: no limit."""


class CredentialProvider(TypedDict, total=False):
    """A program of the node that gives credentials for images, as in a kubelet's CredentialProviderConfig."""

    command: Input[str]
    """Absolute path of the program on the node, such as `/etc/eks/image-credential-provider/ecr-credential-provider`.
    Its directory is mounted into the puller's container, read-only and at the same path."""
    args: Optional[Input[Sequence[Input[str]]]]
    """Arguments of the program. Default: none."""
    env: Optional[Input[Mapping[str, Input[str]]]]
    """Environment variables of the program. They are in the pod spec, so do not write secrets here. Default: none."""
    match_images: Input[Sequence[Input[str]]]
    """Images for which the program is asked, at least one pattern: a host, in which a `*` stands for a part of the name
    or for some of its letters, with or without a port and the beginning of a path, such as
    `*.dkr.ecr.*.amazonaws.com`."""


# Pulumi's own argument classes are accepted too.
if TYPE_CHECKING:
    AnyToleration = Toleration | v1.TolerationArgs | v1.TolerationArgsDict
    AnyAffinity = Mapping[str, Input[Any]] | v1.AffinityArgs | v1.AffinityArgsDict
    AnyResources = Mapping[str, Input[Any]] | v1.ResourceRequirementsArgs | v1.ResourceRequirementsArgsDict
else:
    AnyToleration = Toleration
    AnyAffinity = AnyResources = Mapping[str, Input[Any]]


class PrePullDaemonSetArgs(TypedDict, total=False):
    """The arguments of PrePullDaemonSet. Only `images` is required."""

    images: Input[Sequence[Input[str]]]
    """Image references to pull, by tag or by digest; at least one. Short names are completed as Docker does:
    `nginx` means `docker.io/library/nginx:latest`."""
    runtime: Optional[AnyRuntime]
    """How a node pulls images: `containerd` (default), `docker`, `cri-o`, `cri-dockerd` or `k3s` (through the socket of
    that runtime), `auto` (through the CRI socket that the node has), `kubelet` (without access to the host) or
    `image-volume` (without access to the host, and without running anything from the image). Name the runtime that the
    kubelet uses: pods cannot use images in the store of another runtime. A plain value, not an output: it decides which
    resources there are."""
    socket_path: Optional[Input[str]]
    """Absolute path of the runtime's socket on the node. Default: where the runtime puts it."""
    namespace: Optional[Input[str]]
    """Namespace of all objects that the component creates. Default: the provider's."""
    pull_policy: Optional[Input[AnyPullPolicy]]
    """When to ask the registry. `IfNotPresent` (default): only for images that the node lacks. `Always`: for every
    image whenever the pod starts, to find tags that have moved."""
    parallelism: Optional[Input[int]]
    """Number of images that one node pulls at the same time, 1 to 1000. Default: 4."""
    attempts: Optional[Input[int]]
    """Number of attempts to pull an image before it counts as failed, 1 to 1000. Default: 5."""
    backoff: Optional[Input[str]]
    """Wait before the second attempt to pull an image. The wait doubles with each further attempt, up to five minutes.
    A random part, at most half of it, is subtracted. Default: `2s`."""
    image_timeout: Optional[Input[str]]
    """Time limit for one attempt to pull one image. An attempt that exceeds it is ended and counts as failed.
    Default: `15m`."""
    on_failure: Optional[Input[AnyOnFailure]]
    """What the pod does if an image cannot be pulled. `retry` (default): it stays in Init, and the kubelet restarts the
    puller until every image is present. `continue`: it becomes ready, and its report lists the failures."""
    refresh: Optional[Input[str]]
    """Interval after which all images are pulled again, at least `10s`: for tags that move, and for images that the
    kubelet has collected. Default: never. Requires a runtime with a socket."""
    hold: Optional[Input[bool]]
    """Run one idle container for each image, so that the image stays in use and the kubelet's image garbage collection
    keeps it. With the runtimes `kubelet` and `image-volume`, images are in use in any case, and it changes nothing.
    Default: false."""
    stagger: Optional[Input[str]]
    """Longest delay before a node starts to pull, to spread the load on the registry. Each node that lacks an image
    waits for a random part of it. Default: `0s`."""
    image_pull_secrets: Optional[Input[Sequence[Input[str]]]]
    """Names of Secrets of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg` in the component's
    namespace. The credentials are used for the listed images and for the component's own images: each that matches, in
    the kubelet's order."""
    credential_provider: Optional[Input[CredentialProvider]]
    """The kubelet's own way to short-lived credentials, for images in Amazon's ECR, Google's Artifact Registry or
    Azure's ACR: the puller asks this program of the node, after `image_pull_secrets`, as the kubelet does. Who writes
    it chooses a program that runs as root in the puller's container. Default: none. Requires a runtime with a socket;
    the runtimes `kubelet` and `image-volume` use the providers that the kubelet has."""
    puller_image: Optional[Input[str]]
    """Image of the container that pulls. It must contain a shell and the client of the runtime; with `hold` or the
    runtime `kubelet`, also a statically linked `/bin/busybox`. Default: a public image, pinned by tag."""
    gate_image: Optional[Input[str]]
    """Image of the gate's pod. It must contain Python 3.10 or later (`python3` with its standard library). If
    `startup_taint` is set as well, this image also removes the taint, and must contain a shell and kubectl too.
    Default: a public image, pinned by tag; and a second one with kubectl for `startup_taint`."""
    pause_image: Optional[Input[str]]
    """Image of the container that keeps the pod alive after the pull. Default: `registry.k8s.io/pause:3.10`."""
    node_selector: Optional[Input[Mapping[str, Input[str]]]]
    """Labels that a node must have. Only Linux nodes are selected, whatever the labels."""
    tolerations: Optional[Input[Sequence[Input[AnyToleration]]]]
    """Tolerations of the pod: the taints that do not keep it off a node. Default: all of them."""
    affinity: Optional[Input[AnyAffinity]]
    """Affinity as in a pod spec, with the field names of the API or of Pulumi. Virtual nodes and Fargate nodes are
    always excluded."""
    priority_class_name: Optional[Input[str]]
    """PriorityClass of the pod. Default: the cluster's default."""
    resources: Optional[Input[AnyResources]]
    """`requests` and `limits` of the container that pulls. An amount that is not given has its default; if a given
    request and a default limit contradict each other, or the reverse, the default follows. Default: small requests, a
    limit of 1 CPU, and a memory limit that grows with `parallelism`. They do not slow the pull, which the runtime does
    outside of the container."""
    helper_resources: Optional[Input[AnyResources]]
    """`requests` and `limits` of every container that does not pull: `pause`, the gate, and those that `hold`,
    `startup_taint` and the runtime `kubelet` add. Write them for a namespace whose ResourceQuota or LimitRange refuses
    the defaults. An amount that is not given has its default, as in `resources`. Default: 1m of CPU and 4Mi of memory,
    with limits of 200m and 16Mi; for the gate and `untaint` 10m and 16Mi, with limits of 500m and 192Mi."""
    service_account_name: Optional[Input[str]]
    """ServiceAccount of all pods, which you create in the component's namespace: for an OpenShift SCC, for example, or
    for credential providers that use service account tokens. The rights of the gate, and with `startup_taint` the right
    to patch nodes, are bound to this account; with that taint it can change nothing else of nodes. Default: the
    namespace's own, `default`; the gate, and pods with `startup_taint`, then have accounts that the component
    creates."""
    labels: Optional[Input[Mapping[str, Input[str]]]]
    """Labels for the DaemonSet and its pods, in addition to the component's own labels."""
    annotations: Optional[Input[Mapping[str, Input[str]]]]
    """Annotations for the DaemonSet and its pods."""
    startup_taint: Optional[str]
    """Key of the taint that new nodes register with; not one of Kubernetes itself (`kubernetes.io`, `k8s.io`). The pod
    removes the taint from its node when the images are present, and looks again for ten minutes; until then, pods that
    do not tolerate the taint cannot start on the node. The ServiceAccount of the pod gets the right to patch nodes, and
    a ValidatingAdmissionPolicy narrows it to this taint on the pod's own node. Default: none. A plain value, not an
    output: whether there is one decides which resources there are."""
    pin_digests: Optional[Input[bool]]
    """Resolve tags to digests whenever the program runs, with the credentials of your Docker configuration. A tag that
    has moved then shows in the preview and reaches the nodes. The output `images` contains the digests. Default: false.
    Requires the extra `digests`. The runtimes `docker`, `containerd` and `k3s` also store the image under its tag; with
    other runtimes, workloads must use the output `images`."""
    on_pin_failure: Optional[Input[AnyOnPinFailure]]
    """What to do if a tag cannot be resolved. `fail` (default): end the program before anything is changed, with a
    message that gives the reason. `warn`: print a warning and keep the tag."""
    wait_for: Optional[AnyWaitFor]
    """What `depends_on` waits for: `images` (default; a Job waits for the images, and reports which image failed on
    which node, and why), `pods` (Pulumi's own wait for the DaemonSet) or `nothing`. A plain value, not an output: it
    decides which resources there are."""
    timeout: Optional[str]
    """Time limit for the wait; `pulumi up` fails when it is exceeded. Default: `30m`. A plain value, not an output:
    Pulumi takes the time limits of its resources only so."""
    min_ready: Optional[Input[str]]
    """Number (`3`) or share (`90%`) of the nodes that must have every image before the wait ends. With `0`, none is
    needed, and the wait succeeds where no node matches, as in a pool that is at zero; it ends within seconds, and
    failures that are known by then are warnings in the gate's log. Default: `100%`."""
    mirrors: Optional[Input[Mapping[str, Input[str]]]]
    """Registries, or prefixes of image names, and where to pull from instead:
    `{"docker.io": "mirror.example.com/hub"}`. The node stores the image under its original name. Requires the runtime
    `docker`, `containerd` or `k3s`."""
    remove: Optional[Input[Sequence[Input[str]]]]
    """Images to remove from every node; an image that a container uses stays. Default: none. Requires a runtime with a
    socket."""
    min_free_disk: Optional[Input[str]]
    """What must stay free of the disk with a node's images: a size (`20Gi`) or a share of the disk (`15%`). An image
    that would leave less is not pulled on that node, and counts as failed until there is room; what the node has
    already stays. How much an image takes is known only with `pin_digests`: twice its compressed size; otherwise only
    what is free before the pull decides. Default: `0`, no guard. Requires a runtime with a CRI socket."""
    prune: Optional[Input[bool]]
    """Remove from every node what this component has pulled and no longer lists, once all listed images are there. What
    a container uses stays until the puller runs again. What the node had before, and what others have pulled, pinned or
    named, is left alone. Set it in every component whose list may have the same images. Default: false. Requires the
    runtime `containerd` or `k3s`."""
