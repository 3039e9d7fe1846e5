from __future__ import annotations

from .conftest import Node, hub, in_every_shell


@in_every_shell
def test_a_refresh_pulls_what_is_there_and_goes_on_after_a_failure(node: Node) -> None:
    node.have(hub("a:1"))
    node.plan({"pull": [{}, {"error": "something odd"}, {}]})
    run = node.start(hub("a:1"), refresh_ms=200)
    run.until(lambda: len(node.calls()) > 10)
    run.terminate()
    pulls = [call for call in node.calls() if call.verb == "pull"]
    assert len(pulls) >= 3


@in_every_shell
def test_a_refresh_asks_the_runtime_nothing_before_its_interval_is_over(node: Node) -> None:
    run = node.start(hub("a:1"), refresh_ms=600_000)
    run.until(lambda: any("sleep 600.000" in command for command in run.leftovers()))
    assert node.calls() == []
    run.terminate()


def test_a_refresh_says_what_it_found(node: Node) -> None:
    node.plan({"pull": [{"error": "something odd"}]})
    run = node.start(hub("a:1"), refresh_ms=50)
    run.until(lambda: "failed=1" in node.report_text())
    run.terminate()


def test_a_refresh_uses_credentials_that_were_renewed(node: Node) -> None:
    node.secret({"auths": {"docker.io": {"auth": "b2xkOnA="}}})
    run = node.start(hub("a:1"), refresh_ms=50)
    run.until(lambda: "old:p" in seen(node))
    node.secret({"auths": {"docker.io": {"auth": "bmV3OnA="}}})
    run.until(lambda: "new:p" in seen(node))
    run.terminate()


def seen(node: Node) -> set[str]:
    return {call.environment.get("CRICTL_CREDS", "") for call in node.calls()}


def test_a_refresh_outlives_a_runtime_that_does_not_answer(node: Node) -> None:
    node.plan({"images": [{"error": "connect: connection refused"}, {}]})
    run = node.start(hub("a:1"), refresh_ms=50)
    run.until(lambda: "present=1" in node.report_text())
    run.terminate()
