"""Pods and logs with any texts can be read, and no image is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from prepull.status import observe, reasons, report
from prepull.status.progress import Progress, with_log

from ..cluster.objects import LIST, NAMES, pod
from ..cluster.reading import read_pod
from ..strategies import TEXTS

RUNTIMES: list[dict[str, Any]] = [{}, {"runtime": "kubelet"}, {"runtime": "kubelet", "hold": True}]
RUNTIMES += [{"runtime": "image-volume"}, {"hold": True}]
MOMENTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.none()
QUOTED = TEXTS.map(lambda text: f'Back-off pulling image "{text}"')
BACKOFFS = st.builds("back-off {}m{}s restarting failed container".format, st.integers(0), st.integers(0))
REPORTS = st.builds(
    lambda header, lines: "\n".join([header, *lines]),
    st.sampled_from(["prepull 1 images=2 present=1 failed=1 seconds=3.250", "prepull 2 x", "prepull 1 error why"]),
    st.lists(st.sampled_from(["0 present sha256:a 1 0.1 1", "1 failed 5 1.0 why", "0-1 present", "more..."]) | TEXTS),
)
MESSAGES = TEXTS | QUOTED | BACKOFFS | REPORTS | st.none()
REASONS = st.sampled_from([*sorted(reasons.PULL_FAILURES), *sorted(reasons.START_FAILURES), "PodInitializing"]) | TEXTS
NAMES_OF_CONTAINERS = st.sampled_from(
    [report.PULLER, "pause", "hold-0", "hold-1", "hold-99", "hold-", "hold-²", "untaint", "programs"]
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


STATES = some(
    waiting=some(reason=REASONS, message=MESSAGES),
    running=some(startedAt=MOMENTS),
    terminated=some(exitCode=st.integers(0, 255), reason=REASONS, message=MESSAGES, finishedAt=MOMENTS),
)
CONTAINERS = st.fixed_dictionaries(
    {"name": NAMES_OF_CONTAINERS},
    optional={
        "state": STATES | st.none(),
        "lastState": STATES,
        "image": TEXTS,
        "imageID": TEXTS | st.just(f"docker.io/library/nginx@sha256:{'a' * 64}"),
    },
)
CONDITIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["Ready", "PodScheduled", "Initialized"]), "status": st.sampled_from(["True", "False"])},
    optional={"message": MESSAGES},
)
STATUSES = some(
    phase=st.sampled_from(["Pending", "Running", "Failed"]),
    reason=TEXTS,
    message=MESSAGES,
    startTime=MOMENTS,
    conditions=st.lists(CONDITIONS, max_size=3) | st.none(),
    initContainerStatuses=st.lists(CONTAINERS, max_size=4) | st.none(),
    containerStatuses=st.lists(CONTAINERS, max_size=4) | st.none(),
)


def backing_off(message: str) -> dict[str, Any]:
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:00Z"}}
    return {"initContainerStatuses": [{"name": "pull", "state": {"waiting": {"message": message}}, "lastState": ended}]}


@given(runtime=st.sampled_from(RUNTIMES), status=STATUSES)
@example(runtime={"runtime": "kubelet"}, status={"containerStatuses": [{"name": "hold-²"}]})
@example(runtime={}, status=backing_off(f"back-off {'9' * 5000}s restarting failed container"))
def test_whatever_a_pod_says_each_image_has_a_state(runtime: dict[str, Any], status: dict[str, Any]) -> None:
    read = read_pod(pod("node", {**LIST, **runtime}, **status))

    assert read.names == tuple(NAMES)
    assert len(read.images) == len(NAMES)
    assert {image.state for image in read.images} <= set(observe.STATES)
    for image in read.images:
        assert image.reason is None or "\n" not in image.reason


NAME = NAMES[0]
NUMBERS = st.integers(0).map(str) | st.sampled_from(["9" * 5000, "٣", "0.5", "99999999999.0"])
LINES = (
    TEXTS
    | st.builds(f"pulling {NAME} (attempt {{}} of {{}})".format, NUMBERS, NUMBERS)
    | st.builds(f"pulled {NAME} in {{}} s".format, NUMBERS)
    | st.builds(f"failed {NAME} (attempt {{}} of 5): {{}}; next attempt in {{}} s".format, NUMBERS, TEXTS, NUMBERS)
    | st.builds(f"failed {NAME} after {{}} attempts in {{}} s: {{}}".format, NUMBERS, NUMBERS, TEXTS)
)


@given(st.lists(LINES, max_size=5))
@example([f"failed {NAME} (attempt 1 of 5): why; next attempt in 99999999999.0 s"])
@example([f"pulling {NAME} (attempt {'9' * 5000} of 5)"])
def test_whatever_a_log_says_it_is_read(lines: list[str]) -> None:
    progress = Progress()
    for line in lines:
        progress.read(line, 0.0)

    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    running = pod("node", initContainerStatuses=[{"name": "pull", "state": state}])
    read = with_log(read_pod(running), progress.steps)
    assert {image.state for image in read.images} <= set(observe.STATES)
