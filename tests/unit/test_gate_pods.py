"""How the gate reads pods: page by page, from JSON of any size, without holding it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prepull.node.scripts import script

from .. import programs
from .cli.objects import DIGEST, FINISHED, pod, reported, running, there, waiting
from .gates import Gate

in_every_awk = pytest.mark.parametrize("awk", programs.AWKS, indirect=True)
CREATED = "2026-01-01T00:00:07Z"
THERE = "prepull 1 images=2 present=2 failed=0 seconds=3.250"


def reader() -> str:
    found = re.search(r"^PODS='(.*?)'$", script("gate.sh"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def awk(request: pytest.FixtureRequest) -> list[str]:
    return programs.awk(request.param)


def facts(awk: list[str], *pods: dict[str, Any], token: str | None = None, more: str = "/dev/null") -> list[list[str]]:
    metadata = {"resourceVersion": "7", **({"continue": token} if token else {})}
    listed = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": list(pods)}
    # As Go writes it.
    text = json.dumps(listed, separators=(",", ":"), ensure_ascii=False)
    for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escaped)
    done = subprocess.run(
        [*awk, "-v", f"more={more}", reader()], input=text + "\n", capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return [line.split("\t") for line in done.stdout.splitlines()]


def made(item: dict[str, Any]) -> dict[str, Any]:
    item["metadata"]["creationTimestamp"] = CREATED
    return item


@in_every_awk
def test_a_pod_is_told_by_its_name_node_readiness_age_and_owner(awk: list[str]) -> None:
    ready = {"type": "Ready", "status": "True", "message": 'not "this"'}

    assert facts(awk, made(pod("node-1", conditions=[ready, {"type": "Initialized", "status": "False"}]))) == [
        ["pod", "images-node-1", "node-1", "True", CREATED, "u", "False"]
    ]


@in_every_awk
def test_a_pod_without_a_node_is_told_by_the_node_that_it_is_for(awk: list[str]) -> None:
    item = made(pod("", conditions=[{"type": "PodScheduled", "status": "False", "message": "0/1 <nodes> & more"}]))
    del item["spec"]["nodeName"]
    terms = item["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    field = {"key": "metadata.name", "operator": "In", "values": ["node-7"]}
    terms["nodeSelectorTerms"][0]["matchFields"] = [field]

    assert facts(awk, item) == [
        ["pod", "images-", "node-7", "False", CREATED, "u", "False"],
        ["unscheduled", '"0/1 <nodes> & more"'],
    ]


@in_every_awk
@pytest.mark.parametrize(
    ("item", "mounted"),
    [
        (pod("a", conditions=[{"type": "PodReadyToStartContainers", "status": "True"}]), "True"),
        (pod("a", conditions=[{"type": "PodReadyToStartContainers", "status": "False"}]), "False"),
        (pod("a", initContainerStatuses=[waiting("pull", "PodInitializing")]), "False"),
        (running("a"), "True"),
        (there("a"), "True"),
    ],
)
def test_volumes_are_mounted_once_the_sandbox_is_there_or_a_container(
    awk: list[str], item: dict[str, Any], mounted: str
) -> None:
    other = made(pod("b"))

    assert [fact[6] for fact in facts(awk, made(item), other) if fact[0] == "pod"] == [mounted, "False"]


@in_every_awk
def test_of_a_node_that_has_all_images_only_that_is_told(awk: list[str]) -> None:
    item = made(reported("node-1", f"0 present {DIGEST} 1 0.840 1", f"1 present {DIGEST} 1 2.110 2"))

    assert facts(awk, item)[1:] == [["report", FINISHED, f'"{THERE}"']]


@in_every_awk
def test_a_report_of_failures_is_told_whole(awk: list[str]) -> None:
    lines = ['1 failed 5 30.412 it\'s "odd": \\n', f"0 present {DIGEST} 1 0.840 1"]
    [_, [kind, at, text]] = facts(awk, made(reported("node-1", *lines)))

    assert (kind, at) == ("report", FINISHED)
    assert json.loads(text).split("\n")[1:] == lines


@in_every_awk
def test_while_a_puller_runs_its_last_report_counts(awk: list[str]) -> None:
    last = {"terminated": {"exitCode": 1, "finishedAt": FINISHED, "message": f"{THERE}\n"}}

    assert facts(awk, made(running("node-1", lastState=last)))[1:] == [["report", FINISHED, f'"{THERE}"']]


@in_every_awk
def test_a_container_that_waits_says_why(awk: list[str]) -> None:
    statuses = [
        waiting("pull-0", "ErrImagePull", 'pull "a:1": <nil>\n\tnot found', "a:1"),
        waiting("b", "PodInitializing"),
    ]
    item = made(pod("node-1", initContainerStatuses=statuses[:1], containerStatuses=statuses[1:]))

    assert facts(awk, item)[1:] == [
        ["waiting", "pull-0", "a:1", "ErrImagePull", '"pull \\"a:1\\": <nil>\\n\\tnot found"'],
        ["waiting", "b", "", "PodInitializing", ""],
    ]


@in_every_awk
def test_pods_are_told_apart(awk: list[str]) -> None:
    found = facts(awk, made(pod("node-1")), made(reported("node-2", "0 present")), made(pod("node-3")))

    assert [fact[:3] for fact in found if fact[0] == "pod"] == [
        ["pod", f"images-node-{number}", f"node-{number}"] for number in (1, 2, 3)
    ]
    assert [fact[0] for fact in found] == ["pod", "pod", "report", "pod"]


@in_every_awk
def test_no_pods_are_no_facts(awk: list[str]) -> None:
    assert facts(awk) == []


@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), label=st.text('"\\{}[]:, a', max_size=20))
def test_whatever_a_message_says_it_is_one_field_and_nothing_else(text: str, label: str) -> None:
    item = made(pod("node-1", containerStatuses=[waiting("a", "ErrImagePull", text), waiting("b", "Waiting", "last")]))
    item["metadata"]["annotations"] = {label: label, "continue": '"continue":"no"'}
    listed = {"kind": "PodList", "metadata": {}, "items": [item]}

    done = subprocess.run(
        [*programs.awk("busybox"), "-v", "more=/dev/stderr", reader()],
        input=json.dumps(listed, separators=(",", ":")),
        capture_output=True,
        text=True,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert [line.split("\t")[0] for line in lines] == ["pod", "waiting", "waiting"]
    said = lines[1].split("\t")[4]
    assert json.loads(said or '""') == text
    assert lines[2] == 'waiting\tb\t\tWaiting\t"last"'


def test_pages_are_read_until_there_are_no_more(tmp_path: Path) -> None:
    more = tmp_path / "more"

    facts(programs.awk("busybox"), made(pod("node-1")), token="eyJ2IjoibWV0YS5rOHMuaW8", more=str(more))
    assert more.read_text() == "eyJ2IjoibWV0YS5rOHMuaW8\n"


KUBECTL = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/calls"
case "$*" in
*metadata.name=*) printf 2026-01-01T00:00:00Z ;;
*daemonset*) printf 'u 1 1 3 3 here' ;;
*continue=second*) cat "$HOME/second" ; exit "$FAKE_CODE" ;;
*--raw*) cat "$HOME/first" ;;
esac
"""


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose cluster has three nodes, on two pages."""
    pods = [made(reported(f"node-{number}", "0 present", "1 present")) for number in (1, 2, 3)]
    for page, items, metadata in (("first", pods[:2], {"continue": "second"}), ("second", pods[2:], {})):
        (tmp_path / page).write_text(json.dumps({"metadata": metadata, "items": items}, separators=(",", ":")))
    return Gate.made(tmp_path, KUBECTL)


def test_the_nodes_of_all_pages_count(gate: Gate) -> None:
    assert gate.end(more={"FAKE_CODE": "0"}) == (0, "3 of 3 nodes have all 2 images\n")
    pages = [call for call in (gate.directory / "calls").read_text().splitlines() if "--raw" in call]
    assert pages == [
        "get --raw /api/v1/namespaces/here/pods?labelSelector=a=b,c=d&limit=500",
        "get --raw /api/v1/namespaces/here/pods?labelSelector=a=b,c=d&limit=500&continue=second",
    ]


def test_a_page_that_cannot_be_read_is_no_smaller_cluster(gate: Gate) -> None:
    code, message = gate.end(more={"FAKE_CODE": "1"})

    assert code == 1
    assert message.startswith("timed out after 0 s")
