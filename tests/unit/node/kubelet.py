"""The kubelet's expansion of a container's command and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand $(NAME) in a command, argument or variable (k8s.io/kubernetes/third_party/forked/golang/expansion)."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replace, text)


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    """The container's variables. Each may refer to earlier ones."""
    variables = {"HOSTNAME": "the-pod", "PATH": "/bin"}
    for item in container.get("env", []):
        variables[item["name"]] = expand(item["value"], variables) if "value" in item else "from the API server"
    return variables


def command(container: Mapping[str, Any]) -> list[str]:
    """The command that runs."""
    variables = environment(container)
    return [expand(word, variables) for word in [*container.get("command", []), *container.get("args", [])]]
