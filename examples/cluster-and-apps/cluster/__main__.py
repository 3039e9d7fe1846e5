"""What the stacks upon a cluster need of it: a namespace, and the kubeconfig of an account that may deploy there.

The cluster is there already: the current context of the kubeconfig. Where a program makes one, `server` and `authority`
are its outputs (EKS: `cluster.endpoint`, `cluster.certificate_authorities[0].data`).
"""

import base64
import json
import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import yaml


def current_cluster() -> tuple[str, str]:
    """The server and the certificate authority of the kubeconfig's current context."""
    path = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    config = yaml.safe_load(path.read_text("utf-8"))
    [context] = [each["context"] for each in config["contexts"] if each["name"] == config["current-context"]]
    [cluster] = [each["cluster"] for each in config["clusters"] if each["name"] == context["cluster"]]
    return cluster["server"], cluster["certificate-authority-data"]


def kubeconfig(namespace: str, token: str) -> str:
    """A kubeconfig with one cluster, one user and one namespace."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": "deployer", "user": {"token": base64.b64decode(token).decode()}}],
            "contexts": [
                {"name": "apps", "context": {"cluster": "cluster", "user": "deployer", "namespace": namespace}}
            ],
            "current-context": "apps",
        }
    )


server, authority = current_cluster()
apps = k8s.core.v1.Namespace("apps", metadata={"name": pulumi.Config().require("apps_namespace")})
namespace = apps.metadata["name"]

deployer = k8s.core.v1.ServiceAccount("deployer", metadata={"namespace": namespace})
k8s.rbac.v1.RoleBinding(
    "deployer",
    metadata={"namespace": namespace},
    role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
    subjects=[{"kind": "ServiceAccount", "name": deployer.metadata["name"], "namespace": namespace}],
)
token = k8s.core.v1.Secret(
    "deployer-token",
    type="kubernetes.io/service-account-token",
    metadata={
        "namespace": namespace,
        "annotations": {"kubernetes.io/service-account.name": deployer.metadata["name"]},
    },
)

pulumi.export("namespace", namespace)
# Whoever has it may deploy: encrypted in the state, and in whatever is made from it.
pulumi.export(
    "kubeconfig",
    pulumi.Output.secret(pulumi.Output.all(namespace, token.data["token"]).apply(lambda known: kubeconfig(*known))),
)
