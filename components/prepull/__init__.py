"""Container images on every Kubernetes node before the workloads need them: a Pulumi component."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .choices import OnFailure, OnPinFailure, PullPolicy, Runtime, TaintEffect, TolerationOperator, WaitFor
    from .program.args import CredentialProvider, PrePullDaemonSetArgs, Toleration
    from .program.component import PrePullDaemonSet
    from .program.errors import PrePullArgumentError
    from .program.from_config import args_from_config
    from .program.images_of import images_of
    from .program.stack import PrePullStack, prepull_stack, prepull_transformation

__all__ = [
    "CredentialProvider",
    "OnFailure",
    "OnPinFailure",
    "PrePullArgumentError",
    "PrePullDaemonSet",
    "PrePullDaemonSetArgs",
    "PrePullStack",
    "PullPolicy",
    "Runtime",
    "TaintEffect",
    "Toleration",
    "TolerationOperator",
    "WaitFor",
    "__version__",
    "args_from_config",
    "images_of",
    "prepull_stack",
    "prepull_transformation",
]

_MODULES = {
    "CredentialProvider": "program.args",
    "OnFailure": "choices",
    "OnPinFailure": "choices",
    "PrePullArgumentError": "program.errors",
    "PrePullDaemonSet": "program.component",
    "PrePullDaemonSetArgs": "program.args",
    "PrePullStack": "program.stack",
    "PullPolicy": "choices",
    "Runtime": "choices",
    "TaintEffect": "choices",
    "Toleration": "program.args",
    "TolerationOperator": "choices",
    "WaitFor": "choices",
    "args_from_config": "program.from_config",
    "images_of": "program.images_of",
    "prepull_stack": "program.stack",
    "prepull_transformation": "program.stack",
}


# Pulumi's SDK takes a second to import, and the command `prepull` does without it.
def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
