"""What the ConfigMap of the nodes' scripts has: the scripts, and for the puller the table of reasons in status/."""

from __future__ import annotations

from collections.abc import Callable

from ..node.scripts import UNTAINT_FILES, puller_files, script
from ..plan import Plan
from ..runtimes import RUNTIMES
from ..status.causes import TABLE

REASONS = "reasons.tsv"


def reasons() -> str:
    """The table of reasons as reason.awk reads it: lines of a pattern, a tab and a reason."""
    return "".join(f"{pattern}\t{reason}\n" for pattern, reason, _ in TABLE)


def files(plan: Plan, script: Callable[[str], str] = script) -> dict[str, str]:
    """The files that a plan needs, by their names.

    Args:
        plan: the plan of the pods.
        script: gives the text of a script. Default: that of this package.
    """
    found = {name: script(name) for name in UNTAINT_FILES} if plan.startup_taint else {}
    if RUNTIMES[plan.runtime].reports:
        puller = puller_files(
            secrets=bool(plan.image_pull_secrets),
            provider=plan.credential_provider is not None,
            removal=bool(plan.remove),
            guard=plan.guards_disk,
            pruning=plan.prune,
        )
        found |= {**{name: script(name) for name in puller}, REASONS: reasons()}
    return found
