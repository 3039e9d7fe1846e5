"""Programs for Pulumi in which a workload waits for images, each in another form.

JupyterHub's form is that of its Helm chart: a DaemonSet, and a Job that asks every two seconds whether the DaemonSet's
pods are ready (https://github.com/jupyterhub/zero-to-jupyterhub-k8s, `images/image-awaiter` and
`jupyterhub/templates/image-puller`). Helm waits for the Job, as Pulumi does here, and makes both anew for each upgrade.
The chart's program is in Go; here it is a script of the same requests, in the gate's image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from prepull.defaults import PYTHON_IMAGE

from bench.compared.forms import Cluster, one_init_container_of_each_image

WORKLOAD = "workload"
"""The name of the ConfigMap that stands for the workload: its creation costs the cluster nothing."""

GATE = "PrePullDaemonSet"
PODS = 'PrePullDaemonSet with wait_for "pods": Pulumi waits until the DaemonSet is ready'
HOOK = "a DaemonSet and a Job that asks every 2 s (JupyterHub's hook)"

_WORKLOAD = """
k8s.core.v1.ConfigMap(
    "{name}",
    metadata={{"name": "{name}", "namespace": namespace}},
    data={{"images": ",".join(images)}},
    opts=pulumi.ResourceOptions(depends_on=waited_for),
)
"""
_COMPONENT = """
import pulumi
import pulumi_kubernetes as k8s

from prepull import PrePullDaemonSet

images, namespace = {images!r}, {namespace!r}
waited_for = [PrePullDaemonSet("bench", {{"images": images, "namespace": namespace, "wait_for": {wait_for!r}}})]
"""
_HOOK = """
import json

import pulumi
import pulumi_kubernetes as k8s

images, namespace = {images!r}, {namespace!r}
made = json.loads({objects!r})
metadata = {{"name": "hook", "namespace": namespace}}
account = k8s.core.v1.ServiceAccount("hook", metadata=metadata)
role = k8s.rbac.v1.Role("hook", metadata=metadata, rules=made["rules"])
binding = k8s.rbac.v1.RoleBinding(
    "hook",
    metadata=metadata,
    role_ref={{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "hook"}},
    subjects=[{{"kind": "ServiceAccount", "name": "hook", "namespace": namespace}}],
    opts=pulumi.ResourceOptions(depends_on=[account, role]),
)
pullers = k8s.apps.v1.DaemonSet(
    made["name"],
    metadata={{**metadata, "name": made["name"], "annotations": {{"pulumi.com/skipAwait": "true"}}}},
    spec=made["daemon_set"],
    opts=pulumi.ResourceOptions(depends_on=[binding]),
)
waited_for = [
    k8s.batch.v1.Job(
        made["name"],
        metadata={{**metadata, "name": made["name"]}},
        spec=made["job"],
        opts=pulumi.ResourceOptions(depends_on=[pullers]),
    )
]
"""
_AWAITER = """
import json, os, ssl, time, urllib.request
there = "/var/run/secrets/kubernetes.io/serviceaccount/"
token = open(there + "token").read()
trusted = ssl.create_default_context(cafile=there + "ca.crt")
server = "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}".format(**os.environ)
url = server + "/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/{DAEMON_SET}".format(**os.environ)
asked = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
while True:
    status = json.load(urllib.request.urlopen(asked, context=trusted))["status"]
    if status["desiredNumberScheduled"] == status["numberReady"]:
        break
    time.sleep(2)
"""


def programs(namespace: str, images: Sequence[str]) -> dict[str, str]:
    """The text of each form's program, for these images."""
    given = {"images": list(images), "namespace": namespace}
    workload = _WORKLOAD.format(name=WORKLOAD)
    return {
        GATE: _COMPONENT.format(**given, wait_for="images") + workload,
        PODS: _COMPONENT.format(**given, wait_for="pods") + workload,
        HOOK: _HOOK.format(**given, objects=json.dumps(_hook(namespace, images))) + workload,
    }


def _hook(namespace: str, images: Sequence[str]) -> dict[str, Any]:
    # Another list is another DaemonSet and another Job, as each upgrade of the chart makes them anew.
    name = f"hook-{hashlib.sha256(','.join(images).encode()).hexdigest()[:8]}"
    [daemon_set] = one_init_container_of_each_image(Cluster(namespace, images, ()))
    awaiter = {
        "name": "awaiter",
        "image": PYTHON_IMAGE,
        "command": ["python3", "-c", _AWAITER],
        "env": [
            {"name": "NAMESPACE", "value": namespace},
            {"name": "DAEMON_SET", "value": name},
        ],
    }
    return {
        "name": name,
        "rules": [{"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["get"]}],
        "daemon_set": daemon_set["spec"],
        "job": {
            "backoffLimit": 0,
            "template": {
                "spec": {"serviceAccountName": "hook", "restartPolicy": "Never", "containers": [awaiter]},
            },
        },
    }
