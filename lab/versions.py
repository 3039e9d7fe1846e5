"""Every version that the lab pins, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

GO = "1.26.6"
GO_MINIMUM = (1, 26, 6)

KIND = "v0.33.0"


@dataclass(frozen=True)
class System:
    """What the nodes of a cluster run.

    Kubernetes, etcd, `pause`, containerd, crictl and Debian are for the nodes that the lab builds. Kubernetes is also
    the version of kubectl. `etcd` and `sandbox_image` are those of kubeadm in this version. `node_image` is kind's,
    which may have other patch versions.
    """

    kubernetes: str
    etcd: str
    sandbox_image: str
    containerd: str
    crictl: str
    debian: str
    node_image: str
    feature_gates: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Kubernetes' minor version, by which users choose: `1.37`."""
        return minor(self.kubernetes)


def minor(version: str) -> str:
    """The minor version of a version: `1.37` of `v1.37.2`."""
    return ".".join(version.removeprefix("v").split(".")[:2])


# The node images are from kind's release notes for this release, by digest. The first one is kind's default.
_SYSTEMS = (
    System(
        kubernetes="v1.37.2",
        etcd="3.7.0-0",
        sandbox_image="registry.k8s.io/pause:3.10.2",
        containerd="v2.3.4",
        crictl="v1.37.0",
        debian="trixie",
        node_image="kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5",
    ),
    System(
        kubernetes="v1.34.2",
        etcd="3.6.5-0",
        sandbox_image="registry.k8s.io/pause:3.10.1",
        containerd="v2.1.4",
        crictl="v1.36.0",
        debian="bookworm",
        node_image="kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d",
        # On by default since 1.35.
        feature_gates=("ImageVolume",),
    ),
)
SYSTEMS = {system.name: system for system in _SYSTEMS}
"""The systems that a cluster can have. The first is the default."""

SETTING = "KUBERNETES"
"""The environment variable that chooses one of them."""


def chosen(environ: Mapping[str, str]) -> System:
    """The system that the environment asks for.

    Raises:
        LabError: there is none of that name.
    """
    default = next(iter(SYSTEMS))
    wanted = environ.get(SETTING) or default
    if wanted not in SYSTEMS:
        raise LabError(
            f"{SETTING}={wanted}: the lab has Kubernetes {' and '.join(SYSTEMS)}. Write one of them, or leave "
            f"{SETTING} out for {default}."
        )
    return SYSTEMS[wanted]


# The engine. Programs use the SDK that uv.lock names.
PULUMI = "3.274.1"
PULUMI_YAML = "1.28.0"
PULUMI_JAVA = "1.22.0"
PULUMI_MINIMUM = (3, 190, 0)
# The provider that the SDK of uv.lock requires, and the newest provider that is available as a Go module.
PULUMI_KUBERNETES = "4.34.2"
PULUMI_KUBERNETES_BUILT = "4.28.0"
# The version of the SDK in Java, whose packages are fewer.
PULUMI_KUBERNETES_JAVA = "4.0.0"

NODE = "24.19.0"
# The Node.js version that @pulumi/pulumi requires.
NODE_MINIMUM = (20, 0, 0)

ACTIONLINT = "1.7.12"

REGISTRY_IMAGE = "registry:3"
DOCKER_CLI = "29.9.3"

KUBE_STATE_METRICS = "2.19.1"
# As a Go module, 3.15.1 is v0.315.1. Later ones require a later Go than GO.
PROMETHEUS = "3.15.1"
