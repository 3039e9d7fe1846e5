"""What running pullers say in their logs, where reading them is permitted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable

import httpx2
from lightkube import AsyncClient

from ...status import report
from ...status.observe import Pod
from ...status.progress import Progress, Step
from ...status.times import seconds_of
from .client import code_of

MOST = 64
"""So many logs are read at a time: what the others say is not worth a connection each."""


class Logs:
    """The progress of each puller that runs, by the name of its pod.

    Without the right to read logs, nothing is known but that the puller is running.
    """

    def __init__(self, client: AsyncClient, namespace: str, changed: Callable[[], None] = lambda: None) -> None:
        self._permitted = True
        self._client = client
        self._namespace = namespace
        self._changed = changed
        self._progress: dict[str, Progress] = {}
        self._started: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def steps(self) -> dict[str, dict[str, Step]]:
        """What the logs say, by pod and image."""
        return {pod: dict(progress.steps) for pod, progress in self._progress.items()}

    async def read(self, pods: Iterable[Pod]) -> None:
        """Read the logs that there are so far.

        Args:
            pods: all pods; those whose puller is running are chosen from them.
        """
        self.follow(pods, follow=False)
        await asyncio.gather(*self._tasks.values())

    def follow(self, pods: Iterable[Pod], *, follow: bool = True) -> None:
        """Go on reading the logs of pullers that run, begin with those that are new, and leave those that have ended.

        Args:
            pods: all pods, as they are now.
            follow: go on until the log ends.
        """
        running = {pod.name: pod.started for pod in pods if pod.started is not None}
        for name in [name for name in self._tasks if self._started[name] != running.get(name)]:
            self._tasks.pop(name).cancel()
            self._progress.pop(name, None)
        for name, started in running.items():
            if not self._permitted or len(self._tasks) >= MOST:
                return
            if name not in self._tasks and started is not None:
                self._started[name] = started
                self._tasks[name] = asyncio.create_task(self._read(name, follow=follow))

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _read(self, pod: str, *, follow: bool) -> None:
        progress = self._progress.setdefault(pod, Progress())
        lines = self._client.log(
            pod, namespace=self._namespace, container=report.PULLER, follow=follow, timestamps=True, newlines=False
        )
        try:
            async for line in lines:
                moment, _, text = line.partition(" ")
                if progress.read(text, _time(moment)):
                    self._changed()
        except httpx2.HTTPStatusError as error:
            if code_of(error) in (401, 403):
                self._permitted = False
        except (httpx2.HTTPError, RuntimeError):
            # The pod says the rest. (lightkube stumbles over a refusal while it follows: RuntimeError.)
            pass


def _time(text: str) -> float:
    with contextlib.suppress(ValueError):
        return seconds_of(text) or time.time()
    return time.time()
