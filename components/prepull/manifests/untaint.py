"""What the account that removes the startup taint may do: rights, and an admission policy that narrows them."""

from __future__ import annotations

from typing import Any

RULES: list[dict[str, Any]] = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}]
"""The rights to remove a taint. RBAC cannot restrict a pod to its own node, or to a field; the policy does."""

# The API server writes it into the tokens of pods since Kubernetes 1.30 (ServiceAccountTokenPodNodeInfo).
# https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims
_NODE_CLAIM = "authentication.kubernetes.io/node-name"
_OTHER_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def policy(account: str, namespace: str, taint: str) -> dict[str, Any]:
    """The spec of a ValidatingAdmissionPolicy: the account may change nothing but the taint on its own node.

    The pattern of Kubernetes' own test of pods that act on their node:
    https://github.com/kubernetes/kubernetes/blob/v1.34.0/test/e2e/auth/e2edata/per_node_validatingadmissionpolicy.yaml

    Args:
        account: the name of the ServiceAccount.
        namespace: its namespace.
        taint: the key of the taint. None of the three can end a text in CEL: each has letters, digits, "-._/".
    """
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["nodes"]}
            ]
        },
        "matchConditions": [
            {
                "name": "account",
                "expression": f'request.userInfo.username == "system:serviceaccount:{namespace}:{account}"',
            }
        ],
        # As dynamic values: a node's type has no fields that could be listed, and a later Kubernetes may add some.
        "variables": [
            {"name": "old", "expression": "dyn(oldObject)"},
            {"name": "new", "expression": "dyn(object)"},
        ],
        "validations": [
            _validation(
                f'request.userInfo.?extra[?"{_NODE_CLAIM}"].orValue([]).exists(node, node == object.metadata.name)',
                "a pod of this account may change only its own node, which its token names",
            ),
            _validation(
                f"{list(_OTHER_METADATA)}.all(field, variables.new.metadata[?field] == variables.old.metadata[?field])",
                f"this account may change only the taints of a node, not its {', '.join(_OTHER_METADATA)}",
            ),
            _validation(
                "[variables.new, variables.old].all(node, node.spec.all(field, "
                'field == "taints" || variables.new.spec[?field] == variables.old.spec[?field]))',
                "this account may change only the taints of a node, not the rest of its spec",
            ),
            _validation(
                "variables.new.spec[?'taints'].orValue([]) == "
                f"variables.old.spec[?'taints'].orValue([]).filter(taint, taint.key != \"{taint}\")",
                f"this account may only remove the taint {taint}, and must leave all others as they are",
            ),
        ],
    }


def _validation(expression: str, message: str) -> dict[str, Any]:
    return {"expression": expression, "message": f"prepull: {message}", "reason": "Forbidden"}


def policy_binding(policy_name: str) -> dict[str, Any]:
    """The spec of the binding, without which a policy is not enforced.

    Args:
        policy_name: the name of the policy.
    """
    return {"policyName": policy_name, "validationActions": ["Deny"]}
