"""The Go programs that the lab builds if their releases are not available, and how to build them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from lab import versions
from lab.sources.golang import Program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.sources.golang import Go
    from lab.versions import System

KIND = Program("kind", ("sigs.k8s.io/kind",))


def kubernetes(system: System) -> Program:
    """All programs of Kubernetes."""
    names = (
        "kubelet",
        "kubeadm",
        "kubectl",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
    )
    major, minor = system.name.split(".")
    version = {"gitVersion": system.kubernetes, "gitMajor": major, "gitMinor": minor}
    return Program(
        _module("kubernetes", system.kubernetes),
        tuple(f"k8s.io/kubernetes/cmd/{name}" for name in names),
        variables={
            f"{package}.{name}": value
            for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
            for name, value in version.items()
        },
    )


def etcd(system: System) -> Program:
    """The server of etcd."""
    return Program(_module("etcd", system.etcd))


def containerd(system: System) -> Program:
    """The runtime containerd with its shim, and `ctr`."""
    names = ("containerd", "containerd-shim-runc-v2", "ctr")
    return Program(
        _module("containerd", system.containerd),
        tuple(f"github.com/containerd/containerd/v2/cmd/{name}" for name in names),
        variables={"github.com/containerd/containerd/v2/version.Version": system.containerd},
        tags=("no_aufs", "no_zfs", "no_btrfs", "no_devmapper"),
    )


def crictl(system: System) -> Program:
    """The client of the kubelet's runtimes."""
    return Program(
        _module("cri-tools", system.crictl),
        ("sigs.k8s.io/cri-tools/cmd/crictl",),
        variables={"sigs.k8s.io/cri-tools/pkg/version.Version": system.crictl},
    )


def _module(name: str, version: str) -> str:
    """The module of a program that has one for each minor version."""
    return f"{name}-{versions.minor(version)}"


ACTIONLINT = Program(
    "actionlint",
    ("github.com/rhysd/actionlint/cmd/actionlint",),
    variables={"github.com/rhysd/actionlint.version": versions.ACTIONLINT},
)

KWOK = Program("kwok", ("sigs.k8s.io/kwok/cmd/kwok", "sigs.k8s.io/kwok/cmd/kwokctl"))

KUBE_STATE_METRICS = Program(
    "kube-state-metrics",
    ("k8s.io/kube-state-metrics/v2",),
    variables={"github.com/prometheus/common/version.Version": f"v{versions.KUBE_STATE_METRICS}"},
)
PROMTOOL = Program(
    "prometheus",
    ("github.com/prometheus/prometheus/cmd/promtool",),
    variables={"github.com/prometheus/common/version.Version": versions.PROMETHEUS},
    # It needs none of the ways to find targets, which bring the SDKs of all clouds.
    tags=("remove_all_sd",),
)

REGISTRY = Program("distribution", ("github.com/distribution/distribution/v3/cmd/registry",))
DOCKER_CLI = Program(
    "docker-cli",
    ("github.com/docker/cli/cmd/docker",),
    variables={"github.com/docker/cli/cli/version.Version": versions.DOCKER_CLI},
    # As its vendor.mod says.
    language=("github.com/docker/cli", "go1.26"),
)
PAUSE = Program("pause")
HELLO_WORLD = Program("hello-world")
CREDENTIAL_PROVIDER = Program("credential-provider")

_PULUMI_VERSION = {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{versions.PULUMI}"}

PULUMI = Program(
    "pulumi",
    ("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    variables=_PULUMI_VERSION,
)

PULUMI_LANGUAGE_PYTHON = Program(
    "pulumi-language-python",
    ("github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",),
    variables=_PULUMI_VERSION,
    private="github.com/pulumi/*",
)

_NODEJS_HOST = "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3"
_GO_HOST = "github.com/pulumi/pulumi/sdk/go/pulumi-language-go/v3"
# Its request has another form now. Ours, beside it, has the form of today.
_LINK = "func (host *goLanguageHost) Link("


def _copied(host: str, without: str = "") -> Callable[[Path, Go], None]:
    """Copy a host's sources beside ours: the available version lacks a part of the engine's protocol.

    Args:
        host: the host's module.
        without: the beginning of a function that is left out.
    """

    def copy(workspace: Path, go: Go) -> None:
        for source in go.module_directory(workspace, host).glob("*.go"):
            if not source.name.endswith("_test.go"):
                text = source.read_text(encoding="utf-8")
                if without and without in text:
                    before, _, after = text.partition(without)
                    text = before + after.partition("\n}\n")[2]
                (workspace / source.name).write_text(text, encoding="utf-8")

    return copy


PULUMI_LANGUAGE_NODEJS = Program(
    "pulumi-language-nodejs",
    variables=_PULUMI_VERSION,
    private="github.com/pulumi/*",
    prepare=_copied(_NODEJS_HOST),
)

PULUMI_LANGUAGE_GO = Program(
    "pulumi-language-go",
    variables=_PULUMI_VERSION,
    private="github.com/pulumi/*",
    prepare=_copied(_GO_HOST, without=_LINK),
)

PULUMI_LANGUAGE_JAVA = Program(
    "pulumi-language-java",
    ("github.com/pulumi/pulumi-java/pkg/cmd/pulumi-language-java",),
    variables={"github.com/pulumi/pulumi-java/pkg/version.Version": f"v{versions.PULUMI_JAVA}"},
)

# There is no way to build the host for C#, and so no way to run a program.
CSHARP_SDK = Program("csharp-sdk")

PULUMI_LANGUAGE_YAML = Program(
    "pulumi-language-yaml",
    ("github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",),
    variables={"github.com/pulumi/pulumi-yaml/pkg/version.Version": f"v{versions.PULUMI_YAML}"},
)

_KUBERNETES_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"


def _embed_schema(workspace: Path, go: Go) -> None:
    """Add the schema that the provider's main embeds, with the version that the module's schema lacks."""
    published = go.module_directory(workspace, _KUBERNETES_PROVIDER) / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((published / "schema.json").read_text(encoding="utf-8"))
    schema["version"] = versions.PULUMI_KUBERNETES_BUILT
    (workspace / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    shutil.copyfile(published / "terraform-mapping.json", workspace / "terraform-mapping.json")


PULUMI_KUBERNETES = Program(
    "pulumi-resource-kubernetes",
    variables={f"{_KUBERNETES_PROVIDER}/pkg/version.Version": versions.PULUMI_KUBERNETES_BUILT},
    private="github.com/pulumi/*",
    prepare=_embed_schema,
)
