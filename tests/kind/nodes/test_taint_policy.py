"""What the token of the account that removes the startup taint is good for: the taint, on the token's own node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

from ..conftest import PULLER_IMAGE, Images, Stack
from ..eventually import eventually
from .taints import Node

pytestmark = pytest.mark.alone

TAINT = "prepull.dev/not-ready"
OTHER_TAINT = "example.com/dedicated"
INSTANCE = "--selector=app.kubernetes.io/instance=images"

OWN_NODE = "a pod of this account may change only its own node"
METADATA = "this account may change only the taints of a node, not its labels, annotations, finalizers"
SPEC = "this account may change only the taints of a node, not the rest of its spec"
TAINTS = f"this account may only remove the taint {TAINT}, and must leave all others as they are"


@pytest.fixture
def nodes(lab: Lab) -> Iterator[tuple[Node, Node, Node]]:
    """Each with both taints: the control plane's, a worker that has the component, and a worker that has a pod."""
    found = [Node(lab, name) for name in lab.cluster.base_nodes]
    control_plane, served, own = found
    for node in (control_plane, own):
        node.add(OTHER_TAINT, "PreferNoSchedule")
        node.add(TAINT, "PreferNoSchedule")
    yield control_plane, served, own
    for node in found:
        node.remove(TAINT, OTHER_TAINT, "example.com/new")
        lab.cluster.kubectl("uncordon", node.name)
        lab.cluster.kubectl("label", "node", node.name, "example.com/new-")
        lab.cluster.kubectl("annotate", "node", node.name, "example.com/new-")
        lab.cluster.kubectl("patch", "node", node.name, "--patch", '{"metadata": {"finalizers": null}}')


def account_of(lab: Lab, stack: Stack) -> str:
    """The account of the component's pods."""
    [pod] = json.loads(
        lab.cluster.kubectl(
            "get", "pods", "--namespace", stack.namespace, INSTANCE + ",app.kubernetes.io/name=prepull", "--output=json"
        )
    )["items"]
    return str(pod["spec"]["serviceAccountName"])


def token(lab: Lab, namespace: str, account: str, *binding: str) -> str:
    """A token of an account, as a pod would get it."""
    return lab.cluster.kubectl("create", "token", account, "--namespace", namespace, *binding).strip()


def token_of_pod(lab: Lab, namespace: str, account: str, node: Node) -> str:
    """A token that is bound to a pod on a node, where the component has none that would remove the taint meanwhile."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "own", "namespace": namespace},
        "spec": {
            "nodeName": node.name,
            "serviceAccountName": account,
            "tolerations": [{"operator": "Exists"}],
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "app", "image": PULLER_IMAGE, "command": ["sleep", "3600"]}],
        },
    }
    lab.cluster.kubectl("create", "--filename=-", stdin=json.dumps(pod).encode())
    return token(lab, namespace, account, "--bound-object-kind=Pod", "--bound-object-name=own")


def status_of_policy(lab: Lab) -> dict[str, Any]:
    """What the API server says of the component's policy."""
    found = json.loads(lab.cluster.kubectl("get", "validatingadmissionpolicies", INSTANCE, "--output=json"))
    [policy] = found["items"]
    return dict(policy.get("status", {}))


def added(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def index_of(node: Node, key: str) -> int:
    return next(index for index, taint in enumerate(node.read()["spec"]["taints"]) if taint["key"] == key)


@pytest.mark.parametrize("whose", ["the component's", "the user's"])
def test_the_account_may_remove_one_taint_from_its_own_node_and_nothing_else(
    lab: Lab, images: Images, stack: Stack, nodes: tuple[Node, Node, Node], whose: str
) -> None:
    control_plane, served, own = nodes
    args: dict[str, Any] = {"node_selector": {"kubernetes.io/hostname": served.name}, "timeout": "3m"}
    if whose == "the user's":
        lab.cluster.kubectl("create", "serviceaccount", "ours", "--namespace", stack.namespace)
        args["service_account_name"] = "ours"
    stack.up({"images": [images.push()], "startup_taint": TAINT, **args})
    account = account_of(lab, stack)
    assert (account == "ours") == (whose == "the user's")

    secret = token_of_pod(lab, stack.namespace, account, own)
    here, elsewhere = Node(lab, own.name, token=secret), Node(lab, control_plane.name, token=secret)
    unbound = Node(lab, own.name, token=token(lab, stack.namespace, account))
    other = f"/spec/taints/{index_of(own, OTHER_TAINT)}"
    # The API server finds a new policy within a second or two.
    nothing = [{"op": "test", "path": "/metadata/name", "value": own.name}]
    eventually("the policy is in force", lambda: OWN_NODE in unbound.refusal(nothing))

    # The API server compares each expression with the types that it has.
    eventually("its types are checked", lambda: "typeChecking" in status_of_policy(lab))
    assert status_of_policy(lab)["typeChecking"].get("expressionWarnings", []) == []

    label = "/metadata/labels/example.com~1new"
    refused = {
        "another node": (elsewhere.refusal(elsewhere.removal(TAINT)), OWN_NODE),
        "a token of no pod": (unbound.refusal(own.removal(TAINT)), OWN_NODE),
        "a label": (here.refusal([added(label, "a")]), METADATA),
        "an annotation": (
            here.refusal([added("/metadata/annotations/example.com~1new", "a"), *own.removal(TAINT)]),
            METADATA,
        ),
        "a finalizer": (here.refusal([added("/metadata/finalizers", ["example.com/new"])]), METADATA),
        "unschedulable": (here.refusal([added("/spec/unschedulable", True), *own.removal(TAINT)]), SPEC),
        "another taint removed": (here.refusal(own.removal(OTHER_TAINT)), TAINTS),
        "another taint removed as well": (here.refusal(own.removal(TAINT, OTHER_TAINT)), TAINTS),
        "another taint changed": (here.refusal([added(f"{other}/value", "a"), *own.removal(TAINT)]), TAINTS),
        "a taint added": (
            here.refusal([added("/spec/taints/-", {"key": "example.com/new", "effect": "NoSchedule"})]),
            TAINTS,
        ),
        "all taints replaced": (here.refusal([added("/spec/taints", [])]), TAINTS),
    }
    wrong = {what: said for what, (said, expected) in refused.items() if f"prepull: {expected}" not in said}
    assert wrong == {}
    assert own.taint_keys() == control_plane.taint_keys() == [OTHER_TAINT, TAINT]

    assert here.refusal(here.removal(TAINT)) == ""
    assert own.taint_keys() == [OTHER_TAINT]
