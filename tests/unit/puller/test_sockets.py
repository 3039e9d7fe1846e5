from __future__ import annotations

import pytest

from .conftest import Node, Step, hub, in_every_shell


@in_every_shell
@pytest.mark.parametrize("first", [{"hang": True}, {"error": "connect: connection refused"}], ids=["hangs", "refuses"])
def test_where_the_first_socket_does_not_answer_the_second_is_used(node: Node, first: Step) -> None:
    node.constants["CALL_TIMEOUT_MS"] = 500
    node.plan({"first.sock": [first]})
    outcome = node.run(hub("a:1"), sockets=["docker first.sock", "crictl second.sock"])
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
    node.constants["CALL_TIMEOUT_MS"] = 500
    node.plan({"images": [{"hang": True}]})
    outcome = node.run(hub("a:1"))
    assert outcome.code == 1
    assert (outcome.report.error or "").endswith("runtime.sock does not answer: timed out after 0.500 s")
