"""Everything that is known of the components in one namespace, from the API server, as statuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx2
from lightkube import AsyncClient

from ...labels import INSTANCE_LABEL, PLAN_LABEL, label_value
from ...status import observe
from ...status.nodes import Status, status
from ...status.progress import with_log
from ..errors import CommandError
from . import gates
from .client import DAEMON_SET, EVENT, JOB, POD, code_of
from .logs import Logs
from .mirror import Mirror

_read_set = partial(observe.daemon_set, plan_label=PLAN_LABEL, component_label=INSTANCE_LABEL)
_read_pod = partial(observe.pod, plan_label=PLAN_LABEL)
# The one label that tools leave alone. Those of the DaemonSet itself may be another's, for example Argo CD's.
_PLANNED: dict[str, str | None] = {PLAN_LABEL: None}


class View:
    """A namespace's components. `changed` is set whenever something may have changed."""

    def __init__(self, client: AsyncClient, namespace: str, name: str | None) -> None:
        self.changed = asyncio.Event()
        self._namespace = namespace
        self._name = name
        note = self.changed.set
        self._sets = Mirror(client, DAEMON_SET, namespace, _read_set, changed=note)
        self._pods = Mirror(client, POD, namespace, _read_pod, labels=_PLANNED, changed=note)
        self._gates = [Mirror(client, JOB, namespace, gates.job, labels=_PLANNED, changed=note)]
        self._events = [Mirror(client, EVENT, namespace, observe.event, fields=observe.EVENTS, changed=note)]
        self._logs = Logs(client, namespace, changed=note)
        self._following = False

    async def load(self) -> None:
        """Ask for everything once.

        Raises:
            CommandError: there is no such component.
            httpx2.HTTPError: the cluster does not answer, or refuses to.
        """
        await self._sets.load()
        if not self._chosen():
            raise CommandError(self._nothing())
        await self._pods.load()
        self._events = [events for events in self._events if await _permitted(events)]
        self._gates = [jobs for jobs in self._gates if await _permitted(jobs)]

    async def read_logs(self) -> None:
        """Read what running pullers have said so far."""
        await self._logs.read(self._chosen_pods())

    @asynccontextmanager
    async def following(self) -> AsyncIterator[asyncio.Future[Any]]:
        """Keep it up to date within the block; the future that is handed over ends only with an error."""
        self._following = True
        mirrors: list[Mirror[Any]] = [self._sets, self._pods, *self._events, *self._gates]
        tasks = [asyncio.ensure_future(mirror.follow()) for mirror in mirrors]
        together = asyncio.gather(*tasks)
        try:
            yield together
        finally:
            self._following = False
            # One that has failed leaves the others running.
            for task in tasks:
                task.cancel()
            await asyncio.gather(together, *tasks, return_exceptions=True)
            await self._logs.close()

    async def next_change(self, task: asyncio.Future[Any], timeout: float) -> None:
        """Wait until something has changed, or for so many seconds.

        Args:
            task: what `following` handed over.
            timeout: the longest wait.

        Raises:
            httpx2.HTTPError: the cluster may no longer be asked.
        """
        waiter = asyncio.ensure_future(self.changed.wait())
        done, _ = await asyncio.wait({waiter, task}, timeout=max(0.0, timeout), return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        if task in done:
            task.result()
        self.changed.clear()

    @property
    def lost(self) -> str | None:
        """Why the cluster cannot be reached at the moment."""
        return self._sets.lost or self._pods.lost

    def statuses(self) -> list[Status]:
        """Where each component stands, by name."""
        if self._following:
            self._logs.follow(self._chosen_pods())
        events = self._all_events()
        steps = self._logs.steps
        pods = [with_log(pod, steps.get(pod.name, {})) for pod in self._pods.items.values()]
        return [status(component, pods, events) for component in self._chosen()]

    def obstacles(self) -> dict[str, str]:
        """Why gates do not run, by component; those that do are missing."""
        jobs = [job for mirror in self._gates for job in mirror.items.values()]
        pods, events = list(self._pods.items.values()), self._all_events()
        found = {each.component: gates.obstacle(each, jobs, pods, events) for each in self._chosen()}
        return {component: why for component, why in found.items() if why}

    def _all_events(self) -> list[observe.Event]:
        return [event for mirror in self._events for event in mirror.items.values()]

    def _chosen_pods(self) -> list[observe.Pod]:
        owners = {each.uid for each in self._chosen()}
        return [pod for pod in self._pods.items.values() if pod.owner in owners]

    def _chosen(self) -> list[observe.DaemonSet]:
        found = sorted(_components(self._sets), key=lambda each: (each.component, each.name))
        if self._name is None:
            return found
        by_component = [each for each in found if each.component == label_value(self._name)]
        return by_component or [each for each in found if each.name == self._name]

    def _nothing(self) -> str:
        names = sorted({each.component for each in _components(self._sets)})
        if self._name is None or not names:
            return f"there is no PrePullDaemonSet in the namespace '{self._namespace}'"
        return (
            f"there is no PrePullDaemonSet '{self._name}' in the namespace '{self._namespace}' "
            f"(there are: {', '.join(names)})"
        )


def _components(sets: Mirror[observe.DaemonSet]) -> list[observe.DaemonSet]:
    return [each for each in sets.items.values() if each.plan]


async def _permitted(mirror: Mirror[Any]) -> bool:
    """Load what only adds to what is known: without the right to read it the rest is there."""
    try:
        await mirror.load()
    except httpx2.HTTPStatusError as error:
        if code_of(error) != 403:
            raise
        return False
    return True


async def component_names(client: AsyncClient, namespace: str) -> list[str]:
    """The names of a namespace's components, for completion."""
    sets = Mirror(client, DAEMON_SET, namespace, _read_set)
    await sets.load()
    return sorted({each.component for each in _components(sets)})
