"""The gate's program: what was found out before it began, and an API server that is lost, slow, or refuses.

What it makes of what it finds: cli/test_verdicts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from ..cluster.fake_api import FakeApi
from ..cluster.objects import KUBELET, NAMES, Data, daemon_set, event, pod, waiting
from ..cluster.pods import reported, run_of, running, there
from .gates import FLAGS, START, Gate, own_pod

BEFORE, SINCE, AFTER = "2025-12-31T23:59:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
THERE = "2 of 2 nodes have all 2 images\n"
FAILED = ("1 failed 2 9.000 manifest unknown", "0 present")
BLAMED = f"image {NAMES[1]}: manifest unknown (1 of 1 nodes: a)\n"
Meanwhile = Callable[..., None]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A cluster with two nodes, one of which has every image."""
    with FakeApi().running() as running_api:
        running_api.items["daemonsets"] = [daemon_set(desired=2)]
        running_api.items["pods"] = [there("a"), running("b"), own_pod()]
        yield running_api


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate.made(tmp_path / "gate")


def watched(api: FakeApi, times: int = 1) -> Callable[[], bool]:
    return lambda: api.times("/pods?labelSelector", "watch") >= times


# ---------------------------------------------------------------- what was found out before it began


def again(at: str) -> Data:
    """A pod whose puller has failed and runs again."""
    last = run_of(reported("a", *FAILED, code=1))
    last["terminated"]["finishedAt"] = at
    return running("a", lastState=last)


def failed(at: str) -> Data:
    item = reported("a", *FAILED, code=1)
    run_of(item)["terminated"]["finishedAt"] = at
    return item


def waits(reason: str, made: str) -> Data:
    item = pod("a", KUBELET, containerStatuses=[waiting("hold-1", reason, "x: not found", NAMES[1])])
    item["metadata"]["creationTimestamp"] = made
    return item


NO_SOCKET = "hostPath type check failed: /run/x.sock is not a socket file"
NO_SOCKET_TOLD = "the pod cannot start: socket missing: /run/x.sock is not a socket file (1 of 1 nodes: a)\n"


@pytest.mark.parametrize(
    ("item", "events", "counts"),
    [
        (failed(AFTER), [], BLAMED),
        (failed(BEFORE), [], None),
        (again(AFTER), [], BLAMED),
        (again(BEFORE), [], None),
        (waits("ErrImagePull", BEFORE), [], BLAMED),
        (waits("ImagePullBackOff", AFTER), [], BLAMED),
        (waits("ImagePullBackOff", BEFORE), [], None),
        (pod("a"), [event(NO_SOCKET, at=AFTER)], NO_SOCKET_TOLD),
        (pod("a"), [event(NO_SOCKET, at=BEFORE)], None),
    ],
)
def test_what_was_found_out_earlier_counts_only_when_the_time_is_up(
    gate: Gate, api: FakeApi, item: Data, events: list[Data], counts: str | None
) -> None:
    args = KUBELET if "hold-1" in str(item) else None
    api.items["daemonsets"] = [daemon_set(args, desired=1)]
    api.items["pods"] = [item, own_pod(SINCE)]
    api.items["events"] = events
    plan = api.items["daemonsets"][0]["spec"]["template"]["metadata"]["labels"]["prepull.dev/plan"]

    code, message = gate.end(api, timeout_s=60 if counts else 1, PREPULL_PLAN=f"prepull.dev/plan={plan}")

    summary = "0 of 1 nodes have all images, and 1 are needed\n"
    if counts:
        assert (code, message) == (1, summary + counts)
    else:
        told = NO_SOCKET_TOLD if events else BLAMED
        assert (code, message) == (1, f"timed out after 1 s: {summary}{told}")


def test_images_that_were_there_before_it_began_are_there(gate: Gate, api: FakeApi) -> None:
    api.items["pods"] = [there("a"), there("b"), own_pod(AFTER)]
    assert gate.end(api) == (0, THERE)


# ---------------------------------------------------------------- which DaemonSet


OTHER = {"app.kubernetes.io/instance": "of-the-tool", "app.kubernetes.io/name": "of-the-tool"}


def renamed(item: Data) -> None:
    """As namePrefix of kustomize does; the variable of the gate keeps the name."""
    item["metadata"]["name"] = f"prefix-{item['metadata']['name']}"


def marked(item: Data) -> None:
    """As Argo CD marks the objects of an application, but not their pods."""
    item["metadata"]["labels"] |= OTHER


def relabelled(item: Data) -> None:
    """As commonLabels of kustomize does: the selector and the labels of the pods change together."""
    marked(item)
    item["spec"]["selector"]["matchLabels"] |= OTHER
    item["spec"]["template"]["metadata"]["labels"] |= OTHER


CHANGES: list[tuple[Callable[[Data], None], ...]] = [
    (renamed,),
    (marked,),
    (relabelled,),
    (renamed, marked),
    (renamed, relabelled),
]


@pytest.mark.parametrize("changes", CHANGES)
def test_a_daemon_set_is_found_whatever_tools_call_it(
    gate: Gate, api: FakeApi, changes: tuple[Callable[[Data], None], ...]
) -> None:
    [item] = api.items["daemonsets"]
    pods = [there("a"), there("b")]
    for change in changes:
        change(item)
        if change is relabelled:
            for each in pods:
                each["metadata"]["labels"] |= OTHER
    api.items["pods"] = [*pods, own_pod()]
    assert gate.end(api) == (0, THERE)


def another(name: str, **labels: str) -> Data:
    """A DaemonSet with the same plan, of which no node has anything yet."""
    item = daemon_set(desired=2)
    item["metadata"] |= {"name": name, "uid": f"of-{name}"}
    item["spec"]["template"]["metadata"]["labels"] |= labels
    return item


@pytest.mark.parametrize(
    "other", [another("another"), another("images-2", **{"app.kubernetes.io/instance": "second"}), another("z")]
)
@pytest.mark.parametrize("first", [True, False])
def test_of_several_with_the_same_plan_it_is_its_own_that_counts(
    gate: Gate, api: FakeApi, other: Data, first: bool
) -> None:
    api.items["daemonsets"].insert(0 if first else 1, other)
    api.items["pods"] = [there("a"), there("b"), own_pod()]
    assert gate.end(api) == (0, THERE)


def test_of_several_with_the_same_plan_its_own_counts_under_another_name_too(gate: Gate, api: FakeApi) -> None:
    renamed(api.items["daemonsets"][0])
    api.items["daemonsets"].insert(0, another("second", **{"app.kubernetes.io/instance": "second"}))
    api.items["pods"] = [there("a"), there("b"), own_pod()]
    assert gate.end(api) == (0, THERE)


def test_one_of_another_plan_is_not_what_is_waited_for(gate: Gate, api: FakeApi) -> None:
    code, message = gate.end(api, timeout_s=1, PREPULL_PLAN="prepull.dev/plan=other")
    assert code == 1
    assert message == (
        "timed out after 1 s: there is no DaemonSet with the labels "
        "app.kubernetes.io/name=prepull,app.kubernetes.io/instance=images and the plan other\n"
    )


# ---------------------------------------------------------------- the API server


def test_nodes_are_listed_in_pages(gate: Gate, api: FakeApi) -> None:
    api.items["daemonsets"] = [daemon_set(desired=600)]
    api.items["pods"] = [*(there(f"n{number}") for number in range(600)), own_pod()]
    assert gate.end(api) == (0, "600 of 600 nodes have all 2 images\n")
    assert api.times("/pods?labelSelector", "limit=250") == 3


def test_it_ends_when_the_last_node_has_them(gate: Gate, api: FakeApi, meanwhile: Meanwhile) -> None:
    meanwhile(watched(api), lambda: api.send("pods", "MODIFIED", there("b")))
    assert gate.end(api) == (0, THERE)


def test_after_a_lost_connection_it_goes_on_where_it_was(gate: Gate, api: FakeApi, meanwhile: Meanwhile) -> None:
    meanwhile(watched(api), lambda: api.bookmark("pods"), lambda: api.cut("pods"))
    meanwhile(watched(api, 2), lambda: api.send("pods", "MODIFIED", there("b")))
    assert gate.end(api) == (0, THERE)
    assert api.times("/pods?labelSelector", "limit=") == 1
    assert api.times("/pods?labelSelector", "watch", "resourceVersion=100") == 1
    assert api.times("/pods?labelSelector", "watch", "resourceVersion=101") == 1


def test_where_its_place_is_forgotten_it_lists_anew(gate: Gate, api: FakeApi, meanwhile: Meanwhile) -> None:
    meanwhile(
        watched(api), lambda: api.items.update(pods=[there("a"), there("b"), own_pod()]), lambda: api.expire("pods")
    )
    assert gate.end(api) == (0, THERE)
    assert api.times("/pods?labelSelector", "limit=") == 2


def test_a_pod_that_goes_away_counts_no_more(gate: Gate, api: FakeApi, meanwhile: Meanwhile) -> None:
    meanwhile(watched(api), lambda: api.send("pods", "DELETED", running("b")))
    code, message = gate.end(api, timeout_s=2)
    assert (code, message) == (1, "timed out after 2 s: 1 of 2 nodes have all images, and 2 are needed\n")


def test_a_token_that_was_replaced_is_read_anew(gate: Gate, api: FakeApi, meanwhile: Meanwhile) -> None:
    api.items["pods"] = [there("a"), there("b"), own_pod()]
    api.token = "second"
    meanwhile(lambda: len(api.asked) > 5, lambda: gate.token("second"))
    assert gate.end(api) == (0, THERE)


@pytest.mark.parametrize(
    ("refuse", "told"),
    [
        ({"pods": (403, "pods is forbidden")}, "pods is forbidden (403)"),
        ({"daemonsets": (500, "etcd is away")}, "etcd is away (500)"),
    ],
)
def test_why_it_cannot_look_is_told_when_the_time_is_up(
    gate: Gate, api: FakeApi, refuse: dict[str, tuple[int, str]], told: str
) -> None:
    api.refuse = refuse
    assert gate.end(api, timeout_s=1) == (1, f"timed out after 1 s: {told}\n")


def test_a_connection_that_is_lost_at_the_end_is_told_beside_what_is_known(gate: Gate, api: FakeApi) -> None:
    api.refuse = {"pods watch": (503, "no more")}
    code, message = gate.end(api, timeout_s=2)
    assert (code, message.splitlines()) == (
        1,
        [
            "timed out after 2 s: 1 of 2 nodes have all images, and 2 are needed",
            "no word yet from 1 nodes: b",
            "cannot look: no more (503)",
        ],
    )


def test_a_server_that_says_nothing_does_not_keep_it(gate: Gate, api: FakeApi) -> None:
    api.silent = True
    assert gate.end(api, timeout_s=1) == (1, "timed out after 1 s: the API server has not answered yet\n")


def test_a_server_that_is_not_there_does_not_keep_it(gate: Gate, api: FakeApi) -> None:
    told = gate.end(api, timeout_s=1, PREPULL_SERVER="http://127.0.0.1:1")
    assert told == (1, "timed out after 1 s: Connection refused\n")


# ---------------------------------------------------------------- the connection


def certify(authority: Path, server: Path) -> None:
    """Make an authority, and a certificate of this machine with its key that the authority has signed."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(authority))
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(server))


@pytest.fixture
def certified(gate: Gate, api: FakeApi) -> FakeApi:
    """The same over TLS, with a certificate that the gate's pod is told of."""
    server = gate.directory / "server.pem"
    certify(gate.directory / "credentials" / "ca.crt", server)
    api.encrypt(server)
    api.items["pods"] = [there("a"), there("b"), own_pod()]
    return api


def test_it_finds_the_api_server_as_every_pod_does(gate: Gate, certified: FakeApi) -> None:
    ended = gate.end(
        certified,
        command=(*FLAGS, START),
        PREPULL_SERVER="",
        KUBERNETES_SERVICE_HOST="127.0.0.1",
        KUBERNETES_SERVICE_PORT=str(certified.port),
    )
    assert ended == (0, THERE)


def test_it_talks_to_no_other_than_the_clusters_own(certified: FakeApi, tmp_path: Path) -> None:
    other = Gate.made(tmp_path / "other")
    certify(other.directory / "credentials" / "ca.crt", other.directory / "server.pem")
    code, message = other.end(certified, timeout_s=1, PREPULL_SERVER=f"https://127.0.0.1:{certified.port}")
    assert code == 1
    assert "certificate verify failed" in message
    assert certified.asked == []
