"""The components of one namespace, as the API server shows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from operator import itemgetter
from typing import Any

import httpx2
from lightkube import AsyncClient

from ...labels import NAME_LABEL, label_value
from ...status import observe, reasons
from ...status.nodes import Status, status
from ..errors import CommandError
from .client import DAEMON_SET, EVENT, POD, code_of
from .logs import Logs
from .mirror import Mirror

_EVENTS = ("FailedMount", "FailedCreate")


class View:
    """The components of a namespace. The event `changed` is set when something may have changed."""

    def __init__(self, client: AsyncClient, namespace: str, name: str | None) -> None:
        self.changed = asyncio.Event()
        self._namespace = namespace
        self._name = name
        labels = {NAME_LABEL: "prepull"}
        note = self.changed.set
        self._sets = Mirror(client, DAEMON_SET, namespace, observe.daemon_set, labels=labels, changed=note)
        self._pods = Mirror(client, POD, namespace, observe.pod, labels=labels, changed=note)
        self._events = [
            Mirror(client, EVENT, namespace, _event, fields={"type": "Warning", "reason": reason}, changed=note)
            for reason in _EVENTS
        ]
        self._logs = Logs(client, namespace, changed=note)
        self._following = False

    async def load(self) -> None:
        """Read everything once.

        Raises:
            CommandError: there is no such component.
            httpx2.HTTPError: the cluster does not answer, or refuses access.
        """
        await self._sets.load()
        if not self._chosen():
            raise CommandError(self._nothing())
        await self._pods.load()
        self._events = [events for events in self._events if await _permitted(events)]

    async def read_logs(self) -> None:
        """Read the logs of running pullers up to now."""
        await self._logs.read(self._chosen_pods())

    @asynccontextmanager
    async def following(self) -> AsyncIterator[asyncio.Future[Any]]:
        """Keep the view up to date within the block. The future that it yields ends only with an error."""
        self._following = True
        mirrors: list[Mirror[Any]] = [self._sets, self._pods, *self._events]
        tasks = [asyncio.ensure_future(mirror.follow()) for mirror in mirrors]
        together = asyncio.gather(*tasks)
        try:
            yield together
        finally:
            self._following = False
            # If one task fails, gather leaves the others running.
            for task in tasks:
                task.cancel()
            await asyncio.gather(together, *tasks, return_exceptions=True)
            await self._logs.close()

    async def next_change(self, task: asyncio.Future[Any], timeout: float) -> None:
        """Wait until something has changed.

        Args:
            task: the future from `following`.
            timeout: the longest wait, in seconds.

        Raises:
            httpx2.HTTPError: the user may no longer read the objects.
        """
        waiter = asyncio.ensure_future(self.changed.wait())
        done, _ = await asyncio.wait({waiter, task}, timeout=max(0.0, timeout), return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        if task in done:
            task.result()
        self.changed.clear()

    @property
    def lost(self) -> str | None:
        """Why the cluster cannot be reached at the moment; None if it can."""
        return self._sets.lost or self._pods.lost

    @property
    def logs_permitted(self) -> bool:
        """Whether the user may read logs, as far as is known."""
        return self._logs.permitted

    def statuses(self) -> list[Status]:
        """The status of each component, in the order of their names."""
        if self._following:
            self._logs.follow(self._chosen_pods())
        events = [event for mirror in self._events for event in mirror.items.values()]
        # If a pod has several events, a permanent problem must win: it comes last.
        problems = {name: why for _, name, why in sorted(events, key=itemgetter(0), reverse=True)}
        steps = self._logs.steps
        pods = list(self._pods.items.values())
        return [status(component, pods, problems, steps) for component in self._chosen()]

    def _chosen_pods(self) -> list[observe.Pod]:
        owners = {each.name for each in self._chosen()}
        return [pod for pod in self._pods.items.values() if pod.owner in owners]

    def _chosen(self) -> list[observe.DaemonSet]:
        found = sorted(self._sets.items.values(), key=lambda each: (each.component, each.name))
        if self._name is None:
            return found
        by_component = [each for each in found if each.component == label_value(self._name)]
        return by_component or [each for each in found if each.name == self._name]

    def _nothing(self) -> str:
        names = sorted({each.component for each in self._sets.items.values()})
        if self._name is None or not names:
            return f"there is no PrePullDaemonSet in the namespace '{self._namespace}'"
        return (
            f"there is no PrePullDaemonSet '{self._name}' in the namespace '{self._namespace}' "
            f"(there are: {', '.join(names)})"
        )


def _event(item: Mapping[str, Any]) -> tuple[bool, str, str]:
    message = item.get("message") or ""
    return reasons.passing(message), item.get("involvedObject", {}).get("name", ""), reasons.of_event(message)


async def _permitted(events: Mirror[Any]) -> bool:
    """Load events. They are optional: without the right to read them, the view works without them."""
    try:
        await events.load()
    except httpx2.HTTPStatusError as error:
        if code_of(error) != 403:
            raise
        return False
    return True


async def component_names(client: AsyncClient, namespace: str) -> list[str]:
    """The names of a namespace's components, for completion."""
    sets = Mirror(client, DAEMON_SET, namespace, observe.daemon_set, labels={NAME_LABEL: "prepull"})
    await sets.load()
    return sorted({each.component for each in sets.items.values()})
