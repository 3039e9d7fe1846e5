"""untaint.sh, with a fake kubectl: what it asks for, when it tries again, and when it gives up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prepull.node.scripts import script

from ... import programs

TAINT = "example.com/new"
GONE, THERE = "n has lost the taint example.com/new\n", "0 example.com/new"
NOT_THERE = "n has no taint example.com/new; only a node that registers with it waits for its images\n"
NO_MORE_LOOKS = "no more looks: if the taint example.com/new comes later, it stays\n"
NOTHING = "0 other"
PATCHED = "node/n patched"

# Each call has an answer of its own, in a file with its number: the exit code, and then what it prints.
KUBECTL = """#!/bin/sh
count=0
[ ! -e "$DIRECTORY/count" ] || read -r count <"$DIRECTORY/count"
count=$((count + 1))
echo "$count" >"$DIRECTORY/count"
for argument; do printf '%s\\n' "$argument"; done >"$DIRECTORY/call-$count"
{
    read -r code
    cat
} <"$DIRECTORY/answer-$count"
exit "$code"
"""
# Only dash starts it; busybox's shell has a sleep of its own.
SLEEP = """#!/bin/sh
echo "$1" >>"$DIRECTORY/slept"
[ -z "${LATE:-}" ] || : >"$LATE"
"""


@dataclass
class Outcome:
    """What the program did."""

    code: int
    output: str
    complaint: str
    message: str
    calls: list[list[str]]
    slept: list[str]

    @property
    def patches(self) -> list[Any]:
        return [json.loads(call[-1]) for call in self.calls if call[0] == "patch"]


def run(directory: Path, shell: str, answers: Sequence[str], **environment: str | None) -> Outcome:
    """Run the script with a short patience; each answer is what kubectl prints, with "!" before an error."""
    for name, text in (("kubectl", KUBECTL), ("sleep", SLEEP)):
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    for name in ("sh", "cat", "tee"):
        (directory / name).symlink_to(programs.path("busybox"))
    (directory / "untaint.sh").write_text(script("untaint.sh"))
    for number, answer in enumerate(answers, start=1):
        failed = answer.startswith("!")
        (directory / f"answer-{number}").write_text(f"{int(failed)}\n{answer.removeprefix('!')}\n")
    message = directory / "message"
    short = {"PREPULL_PAUSES": "0 0 0 0 0", "PREPULL_REST": "0"}
    given = {"PREPULL_NODE": "n", "PREPULL_TAINT": TAINT, "PREPULL_MESSAGE": str(message), **short, **environment}
    ran = subprocess.run(
        [*programs.shell(shell), directory / "untaint.sh"],
        env={
            "PATH": str(directory),
            "DIRECTORY": str(directory),
            **{name: value for name, value in given.items() if value is not None},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    calls = sorted(directory.glob("call-*"), key=lambda path: int(path.name.removeprefix("call-")))
    slept = directory / "slept"
    return Outcome(
        ran.returncode,
        ran.stdout,
        ran.stderr,
        message.read_text() if message.exists() else "",
        [path.read_text().splitlines() for path in calls],
        slept.read_text().split() if slept.exists() else [],
    )


def removal(*indexes: int) -> list[dict[str, str]]:
    """The patch that removes these elements: of each, that it is what it was, and then the removal."""
    operations: list[dict[str, str]] = []
    for index in indexes:
        place = f"/spec/taints/{index}"
        operations += [{"op": "test", "path": f"{place}/key", "value": TAINT}, {"op": "remove", "path": place}]
    return operations


in_every_shell = pytest.mark.parametrize("shell", programs.SHELLS)


@in_every_shell
@pytest.mark.parametrize(
    ("taints", "indexes"),
    [
        ("0 example.com/new", [0]),
        ("0 a\n1 example.com/new\n2 b", [1]),
        # Once for each effect; the later one first, since a removal moves what follows.
        ("0 example.com/new\n1 a\n2 example.com/new", [2, 0]),
        ("0 example.com/newer\n1 example.com/ne\n2 new\n3 example.com/new", [3]),
        # kubectl complains of an API group that does not answer, and goes on.
        ("E0101 10:00:00 1 memcache.go:265] couldn't get example.com/new\n0 a\n1 example.com/new", [1]),
    ],
)
def test_exactly_that_taint_is_removed_from_exactly_that_node(
    tmp_path: Path, shell: str, taints: str, indexes: list[int]
) -> None:
    outcome = run(tmp_path, shell, [taints, PATCHED])
    assert (outcome.code, outcome.output, outcome.complaint) == (0, GONE, "")
    assert [call[:3] for call in outcome.calls] == [["get", "node", "n"], ["patch", "node", "n"]]
    assert outcome.calls[1][3:5] == ["--type", "json"]
    assert outcome.patches == [removal(*indexes)]


@in_every_shell
@pytest.mark.parametrize("taints", ["", NOTHING, "0 example.com/newer\n1 a/example.com/new"])
def test_a_node_without_the_taint_costs_a_look_and_the_log_says_so(tmp_path: Path, shell: str, taints: str) -> None:
    outcome = run(tmp_path, shell, [taints])
    assert (outcome.code, outcome.output, outcome.complaint) == (0, NOT_THERE, "")
    assert len(outcome.calls) == 1


@in_every_shell
@pytest.mark.parametrize(
    "refusal",
    [
        "!The request is invalid: testing value /spec/taints/0/key failed: test failed",
        '!Error from server (Conflict): Operation cannot be fulfilled on nodes "n"',
        "!Unable to connect to the server: dial tcp 10.96.0.1:443: i/o timeout",
    ],
)
def test_the_list_is_read_again_after_a_patch_that_failed(tmp_path: Path, shell: str, refusal: str) -> None:
    outcome = run(tmp_path, shell, [THERE, refusal, "0 a\n1 example.com/new", refusal, "0 example.com/new", PATCHED])
    assert (outcome.code, outcome.output) == (0, GONE)
    assert outcome.patches == [removal(0), removal(1), removal(0)]
    assert outcome.complaint.splitlines() == [f"{refusal[1:]}; next attempt in 0 s"] * 2


@in_every_shell
def test_one_that_somebody_else_removes_meanwhile_is_gone(tmp_path: Path, shell: str) -> None:
    outcome = run(tmp_path, shell, [THERE, "!test failed", NOTHING])
    assert (outcome.code, outcome.output) == (0, NOT_THERE)


@in_every_shell
@pytest.mark.parametrize("answer", ["!Error from server (Forbidden): no", "!a\\nb %s $(c)"])
def test_it_gives_up_with_the_reason_and_the_kubelet_starts_it_again(tmp_path: Path, shell: str, answer: str) -> None:
    outcome = run(tmp_path, shell, [answer] * 9)
    assert outcome.code == 1
    assert outcome.message == f"{answer[1:]}\n"
    assert len(outcome.calls) == 6


def test_the_waits_between_attempts_grow_and_the_last_sleep_has_no_end(tmp_path: Path) -> None:
    unset = {"PREPULL_PAUSES": None, "PREPULL_REST": None}
    outcome = run(tmp_path, "dash", ["!unreachable"] * 9, PREPULL_LOOKS="5", **unset)
    assert outcome.slept == ["5", "1", "2", "4", "8", "16", "2147483647"]


@in_every_shell
def test_it_looks_again_and_removes_what_came_late_or_came_back(tmp_path: Path, shell: str) -> None:
    answers = [NOTHING, THERE, PATCHED, NOTHING, THERE, "!test failed", "0 a\n1 example.com/new", PATCHED]
    outcome = run(tmp_path, shell, answers, PREPULL_LOOKS="0 0 0 0")
    assert outcome.patches == [removal(0), removal(0), removal(1)]
    assert outcome.output == f"{NOT_THERE}{GONE}{NOT_THERE}{GONE}{NO_MORE_LOOKS}"


@in_every_shell
def test_a_taint_that_no_node_ever_gets_costs_one_question_a_look_and_the_log_says_so(
    tmp_path: Path, shell: str
) -> None:
    outcome = run(tmp_path, shell, [NOTHING] * 7, PREPULL_LOOKS="0 0 0 0 0 0 0")
    assert (outcome.code, outcome.complaint, outcome.message) == (0, "", "")
    assert [call[0] for call in outcome.calls] == ["get"] * 7
    assert outcome.output == NOT_THERE * 7 + NO_MORE_LOOKS


@in_every_shell
def test_the_looks_end_in_sleep_whatever_the_server_says(tmp_path: Path, shell: str) -> None:
    outcome = run(tmp_path, shell, ["!unreachable"] * 4, PREPULL_LOOKS="0 0", PREPULL_PAUSES="0")
    assert outcome.code == 0
    assert outcome.message == ""
    assert outcome.complaint.count("unreachable") == 4
    assert outcome.output == NO_MORE_LOOKS


def marked(directory: Path, *indexes: int) -> Path:
    """A directory with the marks of these images."""
    marks = directory / "marks"
    marks.mkdir()
    for index in indexes:
        (marks / str(index)).touch()
    return marks


@in_every_shell
def test_it_waits_for_the_mark_of_each_image(tmp_path: Path, shell: str) -> None:
    awaited = {"PREPULL_MARKS": str(marked(tmp_path, 0, 1)), "PREPULL_AWAIT": "2", "PREPULL_LOOKS": "0 0"}
    outcome = run(tmp_path, shell, [THERE, PATCHED, NOTHING, NOTHING], **awaited)
    assert (outcome.code, outcome.output) == (0, f"{GONE}{NOT_THERE}{NOT_THERE}{NO_MORE_LOOKS}")


def test_it_asks_for_nothing_before_the_last_mark(tmp_path: Path) -> None:
    marks = marked(tmp_path, 0, 2)
    awaited = {"PREPULL_MARKS": str(marks), "PREPULL_AWAIT": "3", "LATE": str(marks / "1")}
    outcome = run(tmp_path, "dash", [THERE, PATCHED], **awaited)
    assert (outcome.code, outcome.output) == (0, GONE)
    assert outcome.slept == ["1"]


@in_every_shell
def test_what_waited_for_the_images_gives_up_as_well(tmp_path: Path, shell: str) -> None:
    awaited = {"PREPULL_MARKS": str(marked(tmp_path, 0)), "PREPULL_AWAIT": "1", "PREPULL_LOOKS": "0"}
    outcome = run(tmp_path, shell, ["!Error from server (Forbidden): no"] * 9, **awaited)
    assert (outcome.code, outcome.message) == (1, "Error from server (Forbidden): no\n")
    assert len(outcome.calls) == 6
