"""The kinds of objects that a component has: the one place that knows what the API says about each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What the API says about a kind.

    Attributes:
        api_version: its group and version.
        cluster_wide: its objects have no namespace.
        immutable: its objects cannot be changed; a new object replaces the old one.
        binds: its objects give the rights of a role to an account.
    """

    api_version: str
    cluster_wide: bool = False
    immutable: bool = False
    binds: bool = False


_RBAC = "rbac.authorization.k8s.io/v1"
_ADMISSION = "admissionregistration.k8s.io/v1"

KINDS: Mapping[str, Kind] = {
    "ConfigMap": Kind("v1", immutable=True),
    "ServiceAccount": Kind("v1"),
    "Role": Kind(_RBAC),
    "RoleBinding": Kind(_RBAC, binds=True),
    "ClusterRole": Kind(_RBAC, cluster_wide=True),
    "ClusterRoleBinding": Kind(_RBAC, cluster_wide=True, binds=True),
    "ValidatingAdmissionPolicy": Kind(_ADMISSION, cluster_wide=True),
    "ValidatingAdmissionPolicyBinding": Kind(_ADMISSION, cluster_wide=True),
    "DaemonSet": Kind("apps/v1"),
    "Job": Kind("batch/v1", immutable=True),
}
