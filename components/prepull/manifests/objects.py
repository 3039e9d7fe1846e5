"""The list of a component's objects: their order, and the references between them.

Pulumi names objects itself; `prepull render` uses a fixed rule. Both use the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from ..node.scripts import script
from ..plan import Plan
from ..runtimes import RUNTIMES
from . import daemon_set as manifest
from . import gate_job as gate
from . import gate_program, node_scripts, untaint


@dataclass(frozen=True)
class Made:
    """The identity of an object that exists already, for objects that refer to it."""

    name: str
    namespace: str


Others = Mapping[str, Made]
Build = Callable[[str, Plan, Others], dict[str, Any]]


@dataclass(frozen=True)
class Object:
    """One object. After the objects in `needs` exist, `build` returns its fields except apiVersion, kind and name."""

    key: str
    kind: str
    suffix: str
    build: Build
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Programs:
    """What runs on the cluster: the scripts of the nodes by their names, and the gate's modules by their paths."""

    script: Callable[[str], str] = script
    gate: Callable[[], Mapping[str, str]] = gate_program.modules


class Deciding(Protocol):
    """The part of a plan that decides which objects the component has."""

    @property
    def runtime(self) -> str: ...  # noqa: D102 - as in Plan

    @property
    def startup_taint(self) -> str | None: ...  # noqa: D102 - as in Plan

    @property
    def wait_for(self) -> str: ...  # noqa: D102 - as in Plan

    @property
    def own_accounts(self) -> bool: ...  # noqa: D102 - as in Plan


def objects_of(plan: Deciding, programs: Programs | None = None) -> list[Object]:
    """The objects, each after the objects that it refers to.

    Args:
        plan: the part of the plan that decides which objects the component has.
        programs: the programs that run on the cluster. Default: the programs of this package.
    """
    programs = programs or Programs()
    on_nodes = RUNTIMES[plan.runtime].reports or plan.startup_taint
    objects = []
    if on_nodes:
        objects.append(_config_map("scripts", lambda plan: {"data": node_scripts.files(plan, programs.script)}))
    if plan.startup_taint:
        objects.extend(_UNTAINT)
    needs = (*(("scripts",) if on_nodes else ()), *(("untaint", "untaint-binding") if plan.startup_taint else ()))
    objects.append(Object("daemon-set", "DaemonSet", "", _daemon_set, needs))
    if plan.wait_for == "images":
        objects.extend([_config_map("gate-program", lambda _: gate_program.content(programs.gate())), *_GATE])
    return objects if plan.own_accounts else _without_accounts(objects)


def _without_accounts(objects: Sequence[Object]) -> list[Object]:
    """The objects where the user names the ServiceAccount of all pods."""
    kept = [item for item in objects if item.kind != "ServiceAccount"]
    keys = {item.key for item in kept}
    return [replace(item, needs=_needs_without_accounts(item, keys)) for item in kept]


def _needs_without_accounts(item: Object, keys: Container[str]) -> tuple[str, ...]:
    needs = dict.fromkeys(_BESIDE.get(key, key) for key in item.needs)
    return tuple(key for key in needs if key in keys)


def _config_map(key: str, content: Callable[[Plan], Mapping[str, Any]]) -> Object:
    def build(name: str, plan: Plan, others: Others) -> dict[str, Any]:
        del others
        # Nobody may change what runs as root on the nodes, or what lets through, under the running pods.
        return {**_plain(name, plan), **content(plan), "immutable": True}

    return Object(key, "ConfigMap", f"-{key}", build)


def _daemon_set(name: str, plan: Plan, others: Others) -> dict[str, Any]:
    return manifest.daemon_set(
        name, plan, scripts_name=_name(others, "scripts"), service_account=_name(others, "untaint")
    )


def _gate_job(name: str, plan: Plan, others: Others) -> dict[str, Any]:
    return gate.job(
        name,
        plan,
        daemon_set=others["daemon-set"].name,
        program_name=others["gate-program"].name,
        service_account=_account(plan, others, "gate"),
    )


def _name(others: Others, key: str) -> str | None:
    return others[key].name if key in others else None


def _account(plan: Plan, others: Others, key: str) -> str:
    """The ServiceAccount that a right is given to: the component's own, else the user's."""
    return _name(others, key) or plan.service_account_name or "default"


def _namespace(others: Others, key: str) -> str:
    """The namespace of that ServiceAccount."""
    return (others.get(key) or others[_BESIDE[key]]).namespace


def _plain(name: str, plan: Plan, others: Others | None = None) -> dict[str, Any]:
    del others
    return {"metadata": manifest.metadata(plan, manifest.labels(name, plan))}


def _cluster_wide(name: str, plan: Plan) -> dict[str, Any]:
    metadata = _plain(name, plan)["metadata"]
    return {"metadata": {key: value for key, value in metadata.items() if key != "namespace"}}


def _binding(name: str, plan: Plan, others: Others, *, kind: str, role: str, account: str) -> dict[str, Any]:
    head = _cluster_wide(name, plan) if kind == "ClusterRole" else _plain(name, plan)
    subject = {
        "kind": "ServiceAccount",
        "name": _account(plan, others, account),
        "namespace": _namespace(others, account),
    }
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": others[role].name}
    return {**head, "roleRef": reference, "subjects": [subject]}


_BESIDE = {"untaint": "scripts", "gate": "gate-role"}
"""For each account of the component, an object in the same namespace, which says where the user's account is."""


def _policy(name: str, plan: Plan, others: Others) -> dict[str, Any]:
    account, namespace = _account(plan, others, "untaint"), _namespace(others, "untaint")
    return {**_cluster_wide(name, plan), "spec": untaint.policy(account, namespace, str(plan.startup_taint))}


def _policy_binding(name: str, plan: Plan, others: Others) -> dict[str, Any]:
    return {**_cluster_wide(name, plan), "spec": untaint.policy_binding(others["untaint-policy"].name)}


_UNTAINT = (
    Object("untaint", "ServiceAccount", "-untaint", _plain),
    Object("untaint-policy", "ValidatingAdmissionPolicy", "-untaint", _policy, ("untaint",)),
    Object(
        "untaint-policy-binding", "ValidatingAdmissionPolicyBinding", "-untaint", _policy_binding, ("untaint-policy",)
    ),
    Object(
        "untaint-role",
        "ClusterRole",
        "-untaint",
        lambda name, plan, _: {**_cluster_wide(name, plan), "rules": untaint.RULES},
    ),
    Object(
        "untaint-binding",
        "ClusterRoleBinding",
        "-untaint",
        partial(_binding, kind="ClusterRole", role="untaint-role", account="untaint"),
        # The account never has the rights without the policy: it comes before them, and goes after them.
        ("untaint", "untaint-role", "untaint-policy-binding"),
    ),
)

_GATE = (
    Object("gate", "ServiceAccount", "-gate", _plain),
    Object("gate-role", "Role", "-gate", lambda name, plan, _: {**_plain(name, plan), "rules": gate.ROLE_RULES}),
    Object(
        "gate-binding",
        "RoleBinding",
        "-gate",
        partial(_binding, kind="Role", role="gate-role", account="gate"),
        ("gate", "gate-role"),
    ),
    Object("gate-job", "Job", "-gate", _gate_job, ("daemon-set", "gate-program", "gate", "gate-binding")),
)
