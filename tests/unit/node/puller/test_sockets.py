from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Node, Step, hub, in_every_shell


@in_every_shell
@pytest.mark.parametrize("first", [{"hang": True}, {"error": "connect: connection refused"}], ids=["hangs", "refuses"])
def test_where_the_first_socket_does_not_answer_the_second_is_used(node: Node, first: Step) -> None:
    node.plan({"first.sock": [first]})
    outcome = node.run(hub("a:1"), sockets=["docker first.sock", "crictl second.sock"], call_timeout_ms=3000)
    assert outcome.code == 0
    pull = outcome.of("pull")[0]
    assert pull.client == "crictl"
    assert pull.environment["CONTAINER_RUNTIME_ENDPOINT"].endswith("second.sock")
    assert pull.environment["IMAGE_SERVICE_ENDPOINT"].startswith("unix:///")


def test_a_socket_that_is_not_there_is_passed_over(node: Node) -> None:
    outcome = node.run(hub("a:1"), sockets=["crictl absent.sock", "docker second.sock"])
    assert outcome.of("pull")[0].environment["DOCKER_HOST"].endswith("second.sock")
    assert outcome.report.present == 1


@pytest.mark.parametrize("on_failure", ["retry", "continue"])
def test_no_socket_is_an_error(node: Node, on_failure: str) -> None:
    outcome = node.run(hub("a:1"), sockets=["crictl absent.sock"], on_failure=on_failure)
    assert outcome.code == 1
    assert outcome.text == "prepull 1 error no container runtime socket found\n"
    assert outcome.calls == []


def test_the_error_says_why_a_socket_does_not_answer(node: Node) -> None:
    node.plan({"images": [{"hang": True}]})
    outcome = node.run(hub("a:1"), call_timeout_ms=500)
    assert outcome.code == 1
    assert (outcome.report.error or "").endswith("runtime.sock does not answer: timed out after 0.500 s")


def replaced(node: Node, name: str = "runtime.sock") -> Path:
    """The mounts of a container whose socket file was replaced, as when a runtime restarts."""
    mounts = node.directory / "mounts"
    mounts.write_text(f"36 35 0:32 /containerd/{name}//deleted /run/{name} rw,relatime - tmpfs tmpfs rw\n")
    return mounts


REFUSED: Step = {"error": "connect: connection refused"}


@in_every_shell
@pytest.mark.parametrize("on_failure", ["retry", "continue"])
@pytest.mark.parametrize("plan", [{"images": [REFUSED]}, {hub("a:1"): [REFUSED]}, {"images": [{}, REFUSED]}])
def test_a_runtime_that_was_started_anew_is_left_to_another_container(
    node: Node, plan: dict[str, list[Step]], on_failure: str
) -> None:
    node.plan({**plan, hub("b:1"): [{"seconds": 1}]})
    outcome = node.run(
        hub("a:1"), hub("b:1"), attempts=1000, backoff_ms=1000, on_failure=on_failure, mounts=replaced(node)
    )
    assert outcome.code == 75
    # A report would mean that no image will come.
    assert outcome.text == ""
    assert outcome.problems == "the runtime has restarted; this container restarts too, to get the new socket\n"


def test_a_failure_that_has_another_reason_is_one(node: Node) -> None:
    node.plan({hub("a:1"): [REFUSED]})
    outcome = node.run(hub("a:1"), attempts=2, mounts=replaced(node, "other.sock"))
    assert outcome.code == 1
    assert outcome.reasons == {0: "connection refused"}


@in_every_shell
def test_a_refresh_leaves_as_well(node: Node) -> None:
    node.plan({"images": [{}, {}, REFUSED]})
    run = node.start(hub("a:1"), refresh_ms=50, mounts=replaced(node))
    outcome = run.finish()
    assert outcome.code == 75
    assert "failed=0" in outcome.text
