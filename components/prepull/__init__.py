"""Container images on every Kubernetes node before the workloads need them: a Pulumi component."""

from .args import PrePullDaemonSetArgs, Toleration
from .component import PrePullArgumentError, PrePullDaemonSet
from .config import args_from_config
from .version import __version__

__all__ = [
    "PrePullArgumentError",
    "PrePullDaemonSet",
    "PrePullDaemonSetArgs",
    "Toleration",
    "__version__",
    "args_from_config",
]
